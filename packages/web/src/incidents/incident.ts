import type { IncidentSummary } from "../api-types.ts";
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
