import { SEVERITY_MAPPINGS, type SeverityKey } from "@bellwether/model";
import type { Integration, IntegrationKind, TicketState } from "#catalogue";
import { textOf } from "./http.ts";
import type { InboundEvent } from "./types.ts";

type StateTable = Readonly<Record<TicketState, string>>;

/** Jira and Azure DevOps: states of the usual workflows and of the Agile process's Issue; ServiceNow: numbers of incident.state. */
const STATES: Readonly<Record<IntegrationKind, StateTable>> = {
	pagerduty: { open: "trigger", acknowledged: "acknowledge", mitigated: "acknowledge", resolved: "resolve" },
	servicenow: { open: "1", acknowledged: "2", mitigated: "2", resolved: "6" },
	jira: { open: "To Do", acknowledged: "In Progress", mitigated: "In Progress", resolved: "Done" },
	"azure-devops": { open: "Active", acknowledged: "Active", mitigated: "Active", resolved: "Closed" },
	icm: { open: "Active", acknowledged: "Acknowledged", mitigated: "Mitigated", resolved: "Resolved" },
};

type Words = Pick<Integration, "kind" | "severities" | "states">;

/** By the table of the system, unless the catalogue says otherwise. */
export function theirSeverity(integration: Words, severity: SeverityKey): string {
	return integration.severities[severity] ?? SEVERITY_MAPPINGS[integration.kind][severity].out;
}

export function theirState(integration: Words, state: TicketState): string {
	return integration.states[state] ?? STATES[integration.kind][state];
}

/** Names are compared as people write them: without regard to case. Where one of theirs stands for several of ours: the first. */
export function ourState(integration: Words, theirs: string): TicketState | undefined {
	const wanted = theirs.trim().toLowerCase();
	return (["open", "acknowledged", "mitigated", "resolved"] as const).find(
		(state) => theirState(integration, state).toLowerCase() === wanted,
	);
}

const EVENTS: readonly InboundEvent["kind"][] = ["acknowledged", "resolved", "reopened", "note", "deleted"];

/** What a message of our own form tells: the event that it names, else the move from one of their states to another. */
export function kindTold(integration: Words, event: unknown, from: unknown, to: unknown): InboundEvent["kind"] {
	const stateOf = (state: unknown) => ourState(integration, textOf(state) ?? "");
	return EVENTS.find((kind) => kind === event) ?? kindOfMove(stateOf(from), stateOf(to));
}

/** What a move from one of their states to another means here. Leaving "resolved" is reopening, wherever it leads. */
export function kindOfMove(from: TicketState | undefined, to: TicketState | undefined): InboundEvent["kind"] {
	if (to === "resolved") return "resolved";
	if (to === undefined) return "other";
	if (from === "resolved") return "reopened";
	return to === "open" ? "other" : "acknowledged";
}
