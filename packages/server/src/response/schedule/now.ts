import { DAY_MS } from "@bellwether/model";
import type { OnCallRoleName, Schedule } from "#catalogue";
import { layersOf } from "./compiled.ts";
import { nextChangeAt } from "./shifts.ts";
import type { OnCallCatalogue, OnCallState } from "./types.ts";
import { whoIsOnCall } from "./who.ts";

/** Who comes next is looked for so far ahead, in time and in changes that leave the same people. */
export const NEXT_WITHIN_MS = 92 * DAY_MS;
const MAX_CHANGES = 1_000;

/** A role now, and who takes over. */
export interface RoleNow {
	readonly role: OnCallRoleName;
	/** Empty: nobody has the role now. */
	readonly people: readonly string[];
	readonly by: readonly string[];
	/** When other people take over; undefined: not within NEXT_WITHIN_MS. */
	readonly until: number | undefined;
	/** Who does then; empty: nobody. */
	readonly next: readonly string[];
}

/** Every role that the schedule has layers or overrides for, with who has it at the instant and from when others do. */
export function rolesNow(
	catalogue: OnCallCatalogue,
	state: OnCallState,
	schedule: string | Schedule,
	at: number,
): RoleNow[] {
	const found = typeof schedule === "string" ? catalogue.schedules.find((each) => each.name === schedule) : schedule;
	if (!found) return [];
	const now = whoIsOnCall(catalogue, state, found, at);
	const roles = new Set<OnCallRoleName>(["primary", ...layersOf(found).map((layer) => layer.role)]);
	for (const { role } of now) roles.add(role);
	const order: readonly OnCallRoleName[] = ["primary", "secondary", "shadow"];
	return order
		.filter((role) => roles.has(role))
		.map((role) => {
			const { people, by } = now.find((each) => each.role === role) ?? { people: [], by: [] };
			return { role, people, by, ...handOver(catalogue, state, found, role, people, at) };
		});
}

function handOver(
	catalogue: OnCallCatalogue,
	state: OnCallState,
	schedule: Schedule,
	role: OnCallRoleName,
	people: readonly string[],
	at: number,
): Pick<RoleNow, "until" | "next"> {
	const names = people.join("\n");
	let until = nextChangeAt(schedule, state, at);
	for (let changes = 0; changes < MAX_CHANGES && until < at + NEXT_WITHIN_MS; changes++) {
		const next = whoIsOnCall(catalogue, state, schedule, until).find((each) => each.role === role)?.people ?? [];
		if (next.join("\n") !== names) return { until, next };
		until = nextChangeAt(schedule, state, until);
	}
	return { until: undefined, next: [] };
}
