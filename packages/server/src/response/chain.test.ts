import { HOUR_MS, MINUTE_MS } from "@bellwether/model";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { EscalationPolicy, EscalationStep, Person } from "#catalogue";
import {
	type ChainOutcome,
	type ChainSnapshot,
	type ChainState,
	type ChainWorld,
	moveChain,
	peopleToWarn,
	START_OF_CHAIN,
} from "./chain.ts";

/** 02:00 UTC on a Sunday. */
const NIGHT = Date.UTC(2026, 10, 22, 2);

const person = (name: string, overrides: Partial<Person> = {}): Person => ({
	name,
	displayName: name.toUpperCase(),
	timeZone: "UTC",
	contacts: [{ channel: "phone", address: name }],
	...overrides,
});
const PEOPLE = [person("ana"), person("bo"), person("cy"), person("mute", { contacts: [] })];

function chain(steps: readonly EscalationStep[], policy: Partial<EscalationPolicy> = {}): ChainSnapshot {
	return {
		policy: { name: "p", repeatEveryMs: 5 * MINUTE_MS, acknowledgeWithinMs: 15 * MINUTE_MS, steps, ...policy },
		schedules: [
			{ name: "week", displayName: "Week", timeZone: "UTC", startsAt: 0, shiftMs: 1, people: ["ana"] },
			{ name: "empty", displayName: "Empty", timeZone: "UTC", startsAt: 0, shiftMs: 1, people: ["ana"] },
		],
		people: PEOPLE,
		teams: [
			{ name: "crew", displayName: "Crew", people: ["bo", "cy"] },
			{ name: "watch", displayName: "Watch", schedule: "week", people: ["bo"] },
			{ name: "off", displayName: "Off", schedule: "empty", people: ["bo"] },
		],
	};
}

function world(now: number, overrides: Partial<ChainWorld> = {}): ChainWorld {
	return {
		now,
		severity: "2.5",
		onCall: (schedule, role) => (schedule === "week" && role === "primary" ? ["ana"] : []),
		person: (name) => PEOPLE.find((each) => each.name === name),
		turn: () => 0,
		incidentsWithin: () => 1,
		hasChannel: (name) => name === "hook",
		...overrides,
	};
}

const START: ChainState = { ...START_OF_CHAIN, baseAt: NIGHT };
const paged = (outcome: ChainOutcome) =>
	outcome.effects.flatMap((effect) =>
		effect.type !== "page"
			? []
			: effect.reached.kind === "channel"
				? [effect.reached.channel]
				: effect.reached.people.map((each) => each.name),
	);
const facts = (outcome: ChainOutcome) =>
	outcome.effects.flatMap((effect) => (effect.type === "fact" ? [effect.name] : []));

describe("whom a step means", () => {
	test.each<[string, EscalationStep["notify"], string[]]>([
		["a person", { person: "bo" }, ["bo"]],
		["several people at once", { persons: ["bo", "cy"] }, ["bo", "cy"]],
		["those of several who can be reached", { persons: ["mute", "cy"] }, ["cy"]],
		["who is on call", { schedule: "week" }, ["ana"]],
		["whoever else is on call where nobody has the role", { schedule: "week", role: "secondary" }, ["ana"]],
		["all of a team without a schedule", { team: "crew" }, ["bo", "cy"]],
		["who is on call for a team", { team: "watch" }, ["ana"]],
		["all of a team whose schedule has nobody", { team: "off" }, ["bo"]],
		["a channel", { channel: "hook", address: "https://h.example" }, ["hook"]],
	])("%s", (_, notify, expected) => {
		expect(paged(moveChain(chain([{ afterMs: 0, notify }]), START, world(NIGHT)))).toEqual(expected);
	});

	test("the next one each time, who cannot be reached loses the turn", () => {
		const snapshot = chain([{ afterMs: 0, notify: { inTurn: ["ana", "mute", "cy"] } }]);
		const at = (turn: number) => paged(moveChain(snapshot, START, world(NIGHT, { turn: () => turn })));
		expect([0, 1, 2, 3].map((turn) => at(turn)[0])).toEqual(["ana", "cy", "cy", "ana"]);
	});
});

describe("conditions", () => {
	const office = { fromMinute: 8 * 60, toMinute: 18 * 60, days: [], timeZone: "UTC" };
	const snapshot = chain([
		{ afterMs: 0, notify: { person: "bo" }, when: { time: office } },
		{ afterMs: 30 * MINUTE_MS, notify: { person: "cy" } },
	]);

	test("outside its time a step is left out, and the next is taken at once when nobody was paged", () => {
		const outcome = moveChain(snapshot, START, world(NIGHT));
		expect(paged(outcome)).toEqual(["cy"]);
		expect(facts(outcome)).toContain("escalation.step_left_out");
	});

	test("within its time it is taken", () => {
		const noon = NIGHT + 10 * HOUR_MS;
		expect(paged(moveChain(snapshot, { ...START, baseAt: noon }, world(noon)))).toEqual(["bo"]);
	});

	test("a window over midnight holds before and after it, on the days on which it begins", () => {
		const saturdayNight = { fromMinute: 22 * 60, toMinute: 6 * 60, days: ["sat"] as const, timeZone: "UTC" };
		const steps = [{ afterMs: 0, notify: { person: "bo" }, when: { time: saturdayNight } }];
		expect(paged(moveChain(chain(steps), START, world(NIGHT)))).toEqual(["bo"]);
		const monday = NIGHT + 24 * HOUR_MS;
		expect(moveChain(chain(steps), { ...START, baseAt: monday }, world(monday)).status).toBe("exhausted");
	});

	test("a step for many incidents waits for so many", () => {
		const many = chain([
			{ afterMs: 0, notify: { person: "ana" } },
			{ afterMs: 0, notify: { person: "bo" }, when: { count: { atLeast: 3, withinMs: HOUR_MS } } },
		]);
		expect(paged(moveChain(many, START, world(NIGHT, { incidentsWithin: () => 2 })))).toEqual(["ana"]);
		expect(paged(moveChain(many, START, world(NIGHT, { incidentsWithin: () => 3 })))).toEqual(["ana", "bo"]);
	});
});

describe("what a chain does besides paging", () => {
	test("it raises the severity, and goes on", () => {
		const snapshot = chain([
			{ afterMs: 0, notify: { person: "ana" } },
			{ afterMs: 0, act: { kind: "declare", severity: "2" } },
		]);
		const outcome = moveChain(snapshot, START, world(NIGHT));
		expect(outcome.effects).toContainEqual({ type: "declare", severity: "2" });
		expect(outcome).toMatchObject({ status: "waiting", dueAt: NIGHT + 5 * MINUTE_MS, state: { action: "repeat" } });
	});

	test("it begins anew as often as it may, then repeats its last page", () => {
		const snapshot = chain(
			[
				{ afterMs: 0, notify: { person: "ana" } },
				{ afterMs: MINUTE_MS, notify: { person: "bo" } },
				{ afterMs: 2 * MINUTE_MS, act: { kind: "repeat", max: 2 } },
			],
			{ repeatEveryMs: 10 * MINUTE_MS },
		);
		const pages: [number, string][] = [];
		let state: ChainState = START;
		let now = NIGHT;
		while (pages.length < 8) {
			const outcome = moveChain(snapshot, state, world(now));
			if (outcome.status === "exhausted") expect.unreachable();
			pages.push(...paged(outcome).map((name): [number, string] => [(now - NIGHT) / MINUTE_MS, name]));
			state = outcome.state;
			now = outcome.dueAt;
		}
		expect(pages).toEqual([
			[0, "ana"],
			[1, "bo"],
			[2, "ana"],
			[3, "bo"],
			[4, "ana"],
			[5, "bo"],
			[16, "bo"],
			[26, "bo"],
		]);
	});
});

describe("nobody can be reached", () => {
	const steps: EscalationStep[] = [{ afterMs: 0, notify: { person: "mute" } }];

	test("the lead is paged at once", () => {
		const outcome = moveChain(chain(steps, { lead: { person: "cy" } }), START, world(NIGHT));
		expect(paged(outcome)).toEqual(["cy"]);
		expect(facts(outcome)).toEqual(["escalation.step_unreachable", "escalation.fell_through"]);
	});

	test("without a lead, whom the default policy would page", () => {
		const snapshot = { ...chain(steps), lastResort: [{ person: "mute" }, { person: "bo" }] };
		expect(paged(moveChain(snapshot, START, world(NIGHT)))).toEqual(["bo"]);
	});

	test("else the chain is exhausted, and says so", () => {
		const outcome = moveChain(chain(steps), START, world(NIGHT));
		expect(outcome.status).toBe("exhausted");
		expect(facts(outcome)).toEqual(["escalation.step_unreachable", "escalation.exhausted"]);
	});
});

describe("who may sleep", () => {
	const localNight = { severities: ["3", "4"] as const, fromMinute: 22 * 60, toMinute: 7 * 60 };
	const tokyo = person("tao", { timeZone: "Asia/Tokyo" });
	const withTao = (name: string) => [...PEOPLE, tokyo].find((each) => each.name === name);

	test("a page of low severity waits for the person's morning", () => {
		const snapshot = chain([{ afterMs: 0, notify: { person: "ana" } }], { localNight });
		const outcome = moveChain(snapshot, START, world(NIGHT, { severity: "3" }));
		expect(paged(outcome)).toEqual([]);
		expect(outcome).toMatchObject({ status: "waiting", dueAt: NIGHT + 5 * HOUR_MS });
		if (outcome.status === "exhausted") expect.unreachable();
		expect(paged(moveChain(snapshot, outcome.state, world(outcome.dueAt, { severity: "3" })))).toEqual(["ana"]);
	});

	test("2.5 never waits unless it is written", () => {
		const snapshot = chain([{ afterMs: 0, notify: { person: "ana" } }], { localNight });
		expect(paged(moveChain(snapshot, START, world(NIGHT)))).toEqual(["ana"]);
	});

	test("whoever is awake is paged instead of waking the others", () => {
		const snapshot = chain([{ afterMs: 0, notify: { persons: ["ana", "tao"] } }], { localNight });
		const outcome = moveChain(snapshot, START, world(NIGHT, { severity: "4", person: withTao }));
		expect(paged(outcome)).toEqual(["tao"]);
	});
});

test("before the deadline the next person and the lead are warned, nobody twice", () => {
	const steps: EscalationStep[] = [
		{ afterMs: 0, notify: { person: "ana" } },
		{ afterMs: MINUTE_MS, act: { kind: "declare", severity: "2" } },
		{ afterMs: HOUR_MS, notify: { person: "bo" } },
	];
	const state = { ...START, next: 1, reached: 0 };
	const names = (policy: Partial<EscalationPolicy>) =>
		peopleToWarn(chain(steps, policy), state, world(NIGHT)).map((each) => each.name);
	expect(names({ lead: { person: "cy" } })).toEqual(["bo", "cy"]);
	expect(names({})).toEqual(["bo"]);
});

test("whatever the steps, a chain that reaches anybody always has a next move, and no step is taken before its time", () => {
	const notify = fc.constantFrom<NonNullable<EscalationStep["notify"]>>(
		{ person: "ana" },
		{ person: "mute" },
		{ person: "gone" },
		{ persons: ["mute", "bo"] },
		{ inTurn: ["ana", "bo"] },
		{ schedule: "week" },
		{ schedule: "empty" },
		{ team: "crew" },
		{ channel: "hook", address: "x" },
		{ channel: "lost", address: "x" },
	);
	const act = fc.constantFrom<NonNullable<EscalationStep["act"]>>(
		{ kind: "repeat", max: 2 },
		{ kind: "declare", severity: "1" },
		{ kind: "resolve", verdict: "noise" },
	);
	const when = fc.option(
		fc.record({
			time: fc.record({
				fromMinute: fc.nat(1439),
				toMinute: fc.nat(1439),
				days: fc.constant([]),
				timeZone: fc.constant("UTC"),
			}),
		}),
		{ nil: undefined },
	);
	const step = fc.tuple(
		fc.nat(20 * MINUTE_MS),
		fc.oneof(
			{ weight: 3, arbitrary: notify.map((each) => ({ notify: each })) },
			{ weight: 1, arbitrary: act.map((each) => ({ act: each })) },
		),
		when,
	);
	fc.assert(
		fc.property(fc.array(step, { minLength: 1, maxLength: 8 }), fc.nat(3 * HOUR_MS), (written, lateMs) => {
			let afterMs = 0;
			const steps = written.map(([waitMs, what, condition], k): EscalationStep => {
				afterMs += k === 0 ? 0 : waitMs;
				return { afterMs, ...what, ...(condition ? { when: condition } : {}) };
			});
			const snapshot = chain(steps);
			let state: ChainState = START;
			let now = NIGHT;
			for (let move = 0; move < 30; move++) {
				const outcome = moveChain(snapshot, state, world(now));
				if (outcome.status === "exhausted") {
					expect(paged(outcome)).toEqual([]);
					return;
				}
				expect(outcome.dueAt).toBeGreaterThanOrEqual(now);
				expect(outcome.state.round).toBeLessThanOrEqual(2 * steps.length);
				state = outcome.state;
				now = outcome.dueAt + (move === 2 ? lateMs : 0);
			}
		}),
		{ seed: 1, numRuns: 2_000 },
	);
});
