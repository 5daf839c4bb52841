import { describe, expect, test } from "vitest";
import { histogram, NOW, point, request, rig } from "../telemetry-fixture.ts";

const MINUTE_MS = 60_000;
const STEP_MS = 5 * MINUTE_MS;
const DAY_MS = 86_400_000;
const QUERY = { tenant: "contoso", slo: "fast", from: NOW, to: NOW + 2 * STEP_MS, stepMs: STEP_MS, ratio: 0.9 };

/** Seconds by the bucket that they lie in: up to 0.1, 0.5, 2, and beyond. */
function send(to: ReturnType<typeof rig>, at: number, bucketCounts: readonly number[]): void {
	const count = bucketCounts.reduce((sum, each) => sum + each, 0);
	const more = { count: String(count), bucketCounts: bucketCounts.map(String), explicitBounds: [0.1, 0.5, 2] };
	const each = point({ at, start: at - 10_000, tenant: "contoso-id", attributes: {}, more });
	to.send(request([histogram("request.duration", 1, each)]));
}

describe("a percentile by steps", () => {
	test("takes the minutes of a step together, stored or not, and says how far chance reaches", () => {
		const real = rig();
		send(real, NOW, [50, 30, 0, 0]);
		real.telemetry.fold();
		send(real, NOW + MINUTE_MS, [0, 12, 8, 0]);
		// Of 100 the 90th lies in (0.1, 0.5]; the true p90 between the 80th and the 100th.
		expect(real.telemetry.percentiles(QUERY)).toEqual([
			{ at: NOW, value: { low: 0.1, high: 0.5 }, within: { low: 0.1, high: 2 } },
		]);
	});

	test("of few latencies is known on one side alone, and of fewer not at all", () => {
		const real = rig();
		send(real, NOW, [0, 12, 0, 0]);
		send(real, NOW + STEP_MS, [0, 9, 0, 0]);
		const told = real.telemetry.percentiles(QUERY);
		expect(told).toEqual([
			{ at: NOW, value: { low: 0.1, high: 0.5 }, within: { low: 0.1, high: Number.POSITIVE_INFINITY } },
		]);
		expect(real.telemetry.percentiles({ ...QUERY, ratio: 0.99 })).toEqual([]);
	});

	test("of no SLI that keeps latencies there is none", () => {
		expect(rig().telemetry.percentiles({ ...QUERY, slo: "requests" })).toEqual([]);
		expect(rig().telemetry.percentiles({ ...QUERY, tenant: "nobody" })).toEqual([]);
	});

	test("that is kept by ten minutes stands in the first step of them", () => {
		const real = rig();
		send(real, NOW + STEP_MS, [0, 0, 20, 0]);
		real.telemetry.fold();
		real.clock.advance(6 * DAY_MS);
		real.telemetry.fold();
		while (real.telemetry.hasWork) real.telemetry.work();
		expect(real.telemetry.percentiles(QUERY).map(({ at, value }) => [at, value])).toEqual([
			[NOW, { low: 0.5, high: 2 }],
		]);
	});
});
