import type { EscalationTarget } from "./escalation-types.ts";
import type { Catalogue } from "./types.ts";

/** Names of everybody whom a target can come to mean by the catalogue; overrides of schedules may add others. */
export function peopleOfTarget(
	catalogue: Pick<Catalogue, "schedules" | "teams">,
	target: EscalationTarget,
): readonly string[] {
	if ("person" in target) return [target.person];
	if ("persons" in target) return target.persons;
	if ("inTurn" in target) return target.inTurn;
	if ("channel" in target) return [];
	if ("schedule" in target) return catalogue.schedules.find(({ name }) => name === target.schedule)?.people ?? [];
	const team = catalogue.teams?.find(({ name }) => name === target.team);
	if (!team) return [];
	if (team.schedule === undefined) return team.people;
	return [...team.people, ...peopleOfTarget(catalogue, { schedule: team.schedule })];
}
