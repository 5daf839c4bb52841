import type { Integration } from "#catalogue";
import type { EgressReader } from "#platform";
import { notGone, recordOf, type TicketAnswer } from "./http.ts";
import type { CreateResult, FindResult, TicketContent, TicketRef, TicketResult } from "./types.ts";
import { theirSeverity, theirState } from "./words-of-systems.ts";

/** What the adapter of a ticket system is made of. */
export interface TicketSystemOptions {
	readonly integration: Integration;
	readonly reader: EgressReader;
}

/** Reads the ticket that an item of an answer names; undefined: none. */
type ReadRef = (item: Readonly<Record<string, unknown>>) => TicketRef | undefined;

/** The facts of a ticket with its severity and state in the system's words, for the fields that the catalogue maps. */
export function factsFor(integration: Integration, content: TicketContent): Readonly<Record<string, string>> {
	return {
		...content.facts,
		theirSeverity: theirSeverity(integration, content.severity),
		theirState: theirState(integration, content.state),
	};
}

/** What a look-up found among `items`. An answer without a list leaves in doubt whether the ticket is there. */
export function foundBy(answer: TicketAnswer, items: (json: unknown) => unknown, read: ReadRef): FindResult {
	if (answer.status !== "ok") return notGone(answer);
	const list = items(answer.json);
	if (!Array.isArray(list)) return { status: "uncertain", detail: `${answer.said}: the answer has no list of tickets` };
	const refs = list.flatMap((item) => read(recordOf(item)) ?? []);
	return { status: "done", proof: `${answer.said}, ${refs.length} found`, refs };
}

/** What a create made. An answer that names nothing leaves in doubt whether it did. */
export function createdBy(answer: TicketAnswer, read: (json: unknown) => TicketRef | undefined): CreateResult {
	if (answer.status !== "ok") return notGone(answer);
	const ref = read(answer.json);
	if (!ref) return { status: "uncertain", detail: `${answer.said}: the answer names no ticket` };
	return { status: "done", proof: `${answer.said}, ${ref.name}`, ref };
}

/** Whether the system let us in and read. */
export function reachedBy(answer: TicketAnswer): TicketResult {
	return answer.status === "ok" ? { status: "done", proof: answer.said } : notGone(answer);
}
