import { expect, it } from "vitest";
import { BURN, DEGRADED, ErrorChannel, OUTAGE } from "./error-channel.ts";
import { ownMemory } from "./memory.ts";
import { SignalMinutes } from "./minutes.ts";
import { OPTIONS, seeded } from "./test-radar-fleet.ts";
import type { RadarSignal } from "./types.ts";

const signal = OPTIONS.signals[0] as RadarSignal;

/** Evidence after every minute. */
function evidence(counts: readonly { bad: number; total: number }[]): number[][] {
	const minutes = new SignalMinutes(signal, ownMemory);
	const channel = new ErrorChannel(minutes, "bad", { bad: 20, total: 10_000 }, ownMemory);
	return counts.map((cell, minute) => {
		minutes.add(minute, { tenant: "", workload: "", signal: "", minuteAt: 0, cells: [{ values: [], ...cell }] });
		channel.judge(minute, false);
		return [BURN, DEGRADED, OUTAGE].map((a) => channel.evidence.sum(a, minute));
	});
}

it("more errors never lower the evidence, then or later", () => {
	const random = seeded("monotone");
	for (let trial = 0; trial < 60; trial += 1) {
		const counts = Array.from({ length: 40 }, () => {
			const total = Math.floor(random() * 30);
			return { total, bad: Math.floor(total * (random() < 0.2 ? random() : 0)) };
		});
		const at = Math.floor(random() * 40);
		const worse = counts.map((cell, m) => (m === at ? { ...cell, bad: Math.min(cell.total, cell.bad + 1) } : cell));
		const before = evidence(counts);
		for (const [m, sums] of evidence(worse).entries())
			for (const [a, sum] of sums.entries()) expect(sum).toBeGreaterThanOrEqual(before[m]?.[a] as number);
	}
});

it("a minute without events says nothing", () => {
	const quiet = evidence([
		{ bad: 5, total: 5 },
		{ bad: 0, total: 0 },
	]);
	expect(quiet[1]?.[BURN]).toBe(quiet[0]?.[BURN]);
});

/** The usual ratio after so many minutes of this traffic, each learnt as one of the first days. */
function learnt(minutes: number, cellAt: (minute: number) => { bad: number; total: number }): number {
	const kept = new SignalMinutes(signal, ownMemory);
	const channel = new ErrorChannel(kept, "bad", { bad: 20, total: 1_000 }, ownMemory);
	for (let minute = 0; minute < minutes; minute++) {
		kept.add(minute, { tenant: "", workload: "", signal: "", minuteAt: 0, cells: [{ values: [], ...cellAt(minute) }] });
		channel.judge(minute, false);
		channel.learn(minute, false, true);
	}
	return channel.usual(minutes);
}

it("learns the ratio of a quiet tenant whole, although its bad events come one by one", () => {
	const random = seeded("quiet");
	const bad = () => [1, 2, 3, 4].filter(() => random() < 0.02).length;
	const usual = learnt(1440, () => ({ total: 4, bad: bad() }));
	expect(usual).toBeGreaterThan(0.016);
	expect(usual).toBeLessThan(0.024);
});

it("does not learn a storm of the first days as usual", () => {
	const usual = learnt(1440, (minute) => ({ total: 200, bad: minute >= 600 && minute < 720 ? 180 : 4 }));
	expect(usual).toBeLessThan(0.035);
});
