import { describeDuration, MINUTE_MS } from "@bellwether/model";
import type { IntegrationState, LeftBehind } from "#incidents";
import type { PartState } from "./schemas-operations.ts";

export type IntegrationFacts = Pick<IntegrationState, "displayName" | "state" | "tickets" | "waitingSince">;

/** What to do about tickets that nobody carries. */
export const LEFT_BEHIND_REMEDY =
	"Put the integration back under its name, so that they are carried, or let go of them on the page Integrations; until then they are not kept alike.";

interface Verdict {
	readonly state: PartState;
	readonly says: string;
	readonly remedy: string;
}

/** Somebody is paged by other means; a ticket that is later than this is missed all the same. */
const LATE_MS = 5 * MINUTE_MS;

/** How the systems of record fare, in a sentence. One that nothing was sent to is unknown, not well. */
export function judgeIntegrations(
	integrations: readonly IntegrationFacts[] | undefined,
	now: number,
	leftBehind: readonly LeftBehind[] = [],
): Verdict {
	if (!integrations) {
		return { state: "unknown", says: "How the integrations fare is not known.", remedy: "Look again in a moment." };
	}
	if (integrations.length === 0 && leftBehind.length === 0)
		return { state: "well", says: "No integration is set up.", remedy: "" };
	const named = (of: readonly IntegrationFacts[], words: (each: IntegrationFacts) => string) =>
		of.map((each) => `${each.displayName}${words(each)}`).join("; ");
	const inState = (state: IntegrationState["state"]) => integrations.filter((each) => each.state === state);
	const stuck = inState("stuck");
	if (stuck.length > 0) {
		const says = `Tickets that need a person: ${named(stuck, ({ tickets }) => `, ${tickets.failed}`)}.`;
		return {
			state: "failing",
			says,
			remedy: "See the page Integrations for what the system said; then send them again.",
		};
	}
	if (leftBehind.length > 0) {
		const gone = leftBehind.map(({ integration, tickets }) => `${integration}, ${tickets}`).join("; ");
		return {
			state: "attention",
			says: `Tickets wait for integrations that the catalogue has no more: ${gone}.`,
			remedy: LEFT_BEHIND_REMEDY,
		};
	}
	const bad = integrations.filter(
		({ state, waitingSince }) => state === "failing" || (waitingSince !== undefined && now - waitingSince > LATE_MS),
	);
	if (bad.length > 0) {
		const wait = ({ waitingSince }: IntegrationFacts) =>
			waitingSince === undefined || waitingSince >= now
				? ""
				: `, the oldest for ${describeDuration(now - waitingSince)}`;
		const says = `Tickets that could not be carried yet: ${named(bad, wait)}.`;
		return { state: "attention", says, remedy: "They are tried again by themselves; see the page Integrations." };
	}
	const idle = inState("idle");
	if (idle.length > 0) {
		const says = `Nothing was ever sent to: ${named(idle, () => "")}.`;
		return { state: "unknown", says, remedy: "Test them on the page Integrations." };
	}
	const open = integrations.reduce((total, { tickets }) => total + tickets.open, 0);
	const says = `Tickets are carried to ${named(integrations, () => "")}; ${open === 1 ? "1 is" : `${open} are`} open.`;
	return { state: "well", says, remedy: "" };
}
