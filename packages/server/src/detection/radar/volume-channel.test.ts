import { expect, it } from "vitest";
import { ownMemory } from "./memory.ts";
import { SignalMinutes } from "./minutes.ts";
import { OPTIONS, seeded } from "./test-radar-fleet.ts";
import type { RadarSignal } from "./types.ts";
import { VolumeChannel } from "./volume-channel.ts";

const signal = OPTIONS.signals[0] as RadarSignal;
const DAY = 1440;
/** Day 4 of 1970 was a Monday. */
const MONDAY = 4 * DAY;
const SATURDAY = MONDAY + 5 * DAY;
const SUNDAY = SATURDAY + DAY;

/** Highest evidence of the first Sunday, when Saturday had a spike and Sunday's ten o'clock is as `sunday` says. */
function sundaysEvidence(sunday: (usual: number) => number): number {
	const random = seeded("weekend");
	const minutes = new SignalMinutes(signal, ownMemory);
	const channel = new VolumeChannel(minutes, 0, ownMemory);
	let most = 0;
	for (let minute = MONDAY; minute < SUNDAY + DAY; minute += 1) {
		const usual = (minute < SATURDAY ? 100 : 40) * (1 + 0.2 * (random() - 0.5));
		const isTen = Math.floor((minute % DAY) / 30) === 20;
		const spiked = isTen && minute >= SATURDAY && minute < SUNDAY ? usual * 3 : usual;
		const total = Math.round(isTen && minute >= SUNDAY ? sunday(usual) : spiked);
		const cells = [{ values: [], total, bad: 0 }];
		minutes.add(minute, { tenant: "", workload: "", signal: "", minuteAt: 0, cells });
		channel.judge(minute, false);
		channel.learn(minute, false);
		if (minute >= SUNDAY) for (const a of [0, 1, 2]) most = Math.max(most, channel.evidence.sum(a, minute));
	}
	return most;
}

it("a spike of the only weekend day known so far is not what the next one is compared with", () => {
	expect(sundaysEvidence((usual) => usual)).toBeLessThan(5);
});

it("a loss on the second weekend day ever seen is seen", () => {
	expect(sundaysEvidence((usual) => 0.1 * usual)).toBeGreaterThan(25);
});
