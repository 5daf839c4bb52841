import { HOUR_MS, MINUTE_MS } from "@bellwether/model";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Act, type Part, responderTimes } from "../index.ts";

const act = (minute: number, actor: string, type = "incident.note_added"): Act => ({
	at: minute * MINUTE_MS,
	actor,
	type,
	isAlong: false,
});
const part = (person: string, from: number, to?: number): Part => ({
	person,
	assignedAt: from * MINUTE_MS,
	endedAt: to === undefined ? undefined : to * MINUTE_MS,
});
const minutes = (acts: readonly Act[], parts: readonly Part[] = [], now = 1_000) =>
	Object.fromEntries(responderTimes(acts, parts, now * MINUTE_MS).map(({ person, ms }) => [person, ms / MINUTE_MS]));

describe("time at work", () => {
	test("runs from acknowledging to mitigation", () => {
		const acts = [act(0, "ana", "incident.acknowledged"), act(30, "ana", "incident.mitigated")];
		// The mitigation itself is an act, which counts ten minutes.
		expect(minutes(acts)).toEqual({ ana: 40 });
	});
	test("ends an hour after the last sign of the person: nobody knows that they were still at it", () => {
		expect(minutes([act(0, "ana", "incident.acknowledged")])).toEqual({ ana: 60 });
		expect(minutes([act(0, "ana", "incident.acknowledged"), act(50, "ana")])).toEqual({ ana: 110 });
	});
	test("counts ten minutes for an entry of somebody else", () => {
		expect(
			minutes([act(0, "ana", "incident.acknowledged"), act(5, "leo"), act(10, "ana", "incident.mitigated")]),
		).toEqual({
			ana: 20,
			leo: 10,
		});
	});
	test("counts what overlaps once", () => {
		expect(minutes([act(0, "leo"), act(4, "leo"), act(8, "leo")])).toEqual({ leo: 18 });
	});
	test("of a part runs until it is handed over, or the incident is resolved", () => {
		const acts = [act(50, "leo", "incident.resolved")];
		expect(minutes(acts, [part("ana", 0, 20), part("kim", 20)])).toEqual({ ana: 20, kim: 30, leo: 10 });
	});
	test("goes on until now where it has not ended, and not into the future", () => {
		expect(minutes([act(0, "ana", "incident.acknowledged")], [], 25)).toEqual({ ana: 25 });
		expect(minutes([act(0, "ana")], [], 3)).toEqual({ ana: 3 });
	});
	test("is none for an incident that came along with another", () => {
		expect(minutes([{ ...act(0, "ana", "incident.acknowledged"), isAlong: true }])).toEqual({});
	});
	test("begins anew when the incident is taken up again", () => {
		const acts = [
			act(0, "ana", "incident.acknowledged"),
			act(10, "ana", "incident.resolved"),
			act(40, "leo", "incident.acknowledged"),
			act(60, "leo", "incident.resolved"),
		];
		expect(minutes(acts)).toEqual({ ana: 20, leo: 30 });
	});
});

test("nobody was at work for longer than it lasted, whatever they did", () => {
	const types = fc.constantFrom(
		"incident.acknowledged",
		"incident.mitigated",
		"incident.resolved",
		"incident.reopened",
		"x",
	);
	const acts = fc.array(fc.tuple(fc.nat(600), fc.constantFrom("ana", "leo"), types), { maxLength: 20 });
	const parts = fc.array(fc.tuple(fc.nat(600), fc.option(fc.nat(600))), { maxLength: 4 });
	fc.assert(
		fc.property(acts, parts, (drawn, held) => {
			const sorted = drawn.map(([at, actor, type]) => act(at, actor, type)).sort((a, b) => a.at - b.at);
			const roles = held.map(([from, length]) => part("ana", from, length === null ? undefined : from + length));
			const times = responderTimes(sorted, roles, 10 * HOUR_MS);
			expect(times.every(({ ms }) => ms >= 0 && ms <= 10 * HOUR_MS)).toBe(true);
		}),
		{ numRuns: 500, seed: 3 },
	);
});
