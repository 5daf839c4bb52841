import { describe, expect, it } from "vitest";
import { Evidence } from "./cusum.ts";
import { ownMemory } from "./memory.ts";

/** Evidence of one alternative after these nats, minute by minute from 1 on. */
function after(nats: readonly number[]): Evidence {
	const evidence = new Evidence(1, ownMemory);
	for (const [i, each] of nats.entries()) evidence.add(0, i + 1, each, 3, 39);
	return evidence;
}

describe("evidence outside the most violent minutes", () => {
	it("is none for a blip that was no longer than they are", () => {
		const blip = [-1, -1, 3, 3, 3, 2, 0, 0];
		expect(after(blip).outside(0, blip.length, 4)).toBe(0);
	});

	it("is what a trickle gives in all its other minutes", () => {
		const trickle = Array.from({ length: 15 }, () => 1);
		expect(after(trickle).outside(0, trickle.length, 6)).toBe(9);
	});

	it("never grows with the width, and is nothing where nothing rises", () => {
		const mixed = [2, 0.5, 3, 0, 1, 2, 0.5, 0, 0.5, 3, 1];
		const widths = Array.from({ length: 12 }, (_, width) => after(mixed).outside(0, mixed.length, width));
		expect(widths).toEqual([...widths].sort((a, b) => b - a));
		expect(widths[0]).toBeCloseTo(13.5);
		expect(widths.at(-1)).toBe(0);
		expect(after([-1, -2]).outside(0, 2, 3)).toBe(0);
	});

	it("does not count what an earlier rise left in the ring", () => {
		const twice = [3, 3, 3, -3, -3, -3, -3, 1, 1, 1];
		expect(after(twice).outside(0, twice.length, 2)).toBe(1);
	});
});
