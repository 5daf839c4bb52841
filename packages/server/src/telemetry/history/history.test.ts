import { expect, test } from "vitest";
import { DAY_MS, NOW, rig, SLOS } from "../telemetry-fixture.ts";

const HOUR = 3_600_000;

test("all history reaches the windows of the next process once, each window as fine as it needs it", () => {
	const first = rig();
	const ages = [
		0,
		10 * 60_000,
		HOUR,
		5 * HOUR,
		8 * HOUR,
		9 * HOUR,
		10 * HOUR,
		30 * HOUR,
		79 * HOUR,
		90 * HOUR,
		8 * DAY_MS,
		27 * DAY_MS,
	];
	const lines: string[] = [];
	for (const age of ages)
		for (let k = 0; k < 8; k++) {
			const at = NOW - age - k * 97_000;
			lines.push(JSON.stringify({ tenant: "contoso", slo: SLOS[0]?.name, at, good: 90 + k, total: 100 }));
		}
	first.telemetry.importEvents("history", new TextEncoder().encode(lines.join("\n")));
	const second = rig({ store: first.store.copy() });
	const told = (of: typeof first, from: number, to: number): string[] => {
		const sums = new Map<number, { bad: number; total: number }>();
		for (const [at, { bad, total }] of of.sink().instants("contoso", "requests")) {
			if (at < from || at >= to) continue;
			const width =
				[6 * HOUR, HOUR, 300_000, 60_000, 10_000][
					[80, 9, 3, 0.34, 0].findIndex(
						(hours) => NOW - Math.floor(at / 10_000) * 10_000 >= hours * HOUR - (hours >= 9 ? HOUR - 1 : 0),
					)
				] ?? 10_000;
			const bucket = Math.floor(at / width) * width;
			const sum = sums.get(bucket) ?? { bad: 0, total: 0 };
			sums.set(bucket, { bad: sum.bad + bad, total: sum.total + total });
		}
		return [...sums]
			.sort(([a], [b]) => a - b)
			.map(([at, { bad, total }]) => `${new Date(at).toISOString()} ${bad} of ${total}`);
	};
	expect(second.sink().sum("contoso", "requests")).toBe(first.sink().sum("contoso", "requests"));
	expect(told(second, 0, Number.POSITIVE_INFINITY)).toEqual(told(first, 0, Number.POSITIVE_INFINITY));
});
