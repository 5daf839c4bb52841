import { describe, expect, it } from "vitest";
import type { CellState, FleetView } from "../api-types.ts";
import { type Change, changesBetween, enqueue, namesOf } from "./announce.ts";

function fleet(states: Record<string, CellState>): FleetView {
	const row = (name: string, state: CellState) => ({
		name,
		displayName: name.toUpperCase(),
		tier: null,
		worst: state,
		strip: [],
		cells: [{ workload: "w", state, ring: false, lead: null, slos: [], incident: null }],
		incident: null,
	});
	return {
		at: 0,
		organisation: "",
		demo: false,
		sentence: [],
		workloads: [{ name: "w", displayName: "Work" }],
		platform: row("platform", "healthy"),
		tenants: Object.entries(states).map(([name, state]) => row(name, state)),
		needNoAction: 0,
		lastSampleAt: null,
	};
}

const said = (changes: readonly Change[]) =>
	(["breach", "recovery"] as const).flatMap((kind) => {
		const those = namesOf(changes, kind);
		return those === undefined ? [] : [`${kind}: ${those.names} +${those.more}`];
	});

describe("what is announced", () => {
	it.each<[string, CellState, CellState, string[]]>([
		["a breach", "healthy", "breach", ["breach: A, Work +0"]],
		["a breach out of no data", "no-data", "breach", ["breach: A, Work +0"]],
		["a recovery", "breach", "healthy", ["recovery: A, Work +0"]],
		["a recovery that is still at risk", "breach", "at-risk", ["recovery: A, Work +0"]],
		["nothing when a breach stops to send data", "breach", "no-data", []],
		["nothing for risk alone", "healthy", "at-risk", []],
		["nothing when nothing changed", "breach", "breach", []],
	])("%s", (_, before, after, text) => {
		expect(said(changesBetween(fleet({ a: before }), fleet({ a: after })))).toEqual(text);
	});

	it("names three and counts the rest", () => {
		const names = ["a", "b", "c", "d", "e"];
		const all = (state: CellState) => fleet(Object.fromEntries(names.map((n) => [n, state])));
		expect(said(changesBetween(all("healthy"), all("breach")))).toEqual(["breach: A, Work; B, Work; C, Work +2"]);
	});

	it("is silent about what was undone while it waited", () => {
		const breach = changesBetween(fleet({ a: "healthy" }), fleet({ a: "breach" }));
		const recovery = changesBetween(fleet({ a: "breach" }), fleet({ a: "healthy" }));
		expect(enqueue(enqueue([], breach), recovery)).toEqual([]);
		expect(said(enqueue(enqueue([], breach), breach))).toEqual(["breach: A, Work +0"]);
	});
});
