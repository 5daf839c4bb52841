import type { IncidentDetail, IncidentSummary } from "../api-types.ts";
import { formatDuration } from "../format.ts";
import type { Text } from "../text.ts";

export function age(incident: IncidentSummary, now: number, t: Text): string {
	const start = incident.onsetAt ?? incident.detectedAt;
	const end = incident.mitigatedAt ?? incident.resolvedAt;
	return end === null
		? t("incident.age", { duration: formatDuration(now - start) })
		: t("incident.lasted", { duration: formatDuration(end - start) });
}

export function isOpen(incident: IncidentSummary): boolean {
	return incident.state !== "resolved" && incident.state !== "reviewed";
}

/** Whom the chain pages next: somebody new, or the one who has been paged already once more. */
export function nextPage(
	escalation: Pick<IncidentDetail["escalation"], "steps" | "nextPerson" | "nextAt">,
): { readonly person: string; readonly at: number; readonly isRepeat: boolean } | undefined {
	const { steps, nextPerson, nextAt } = escalation;
	if (nextPerson === null || nextAt === null) return undefined;
	const isStep = steps.some((step) => step.state === "pending" && step.dueAt !== null && step.dueAt <= nextAt);
	return { person: nextPerson, at: nextAt, isRepeat: !isStep };
}

/** What the incident's own signal is held to: for the platform's not the objective of the tenant that claimed it first. */
export function objectiveOf(incident: Pick<IncidentDetail, "kind" | "current" | "evidence">): number {
	const own = incident.kind === "platform" ? incident.current.platform : incident.current.tenant;
	return own?.objective ?? incident.evidence.objective;
}
