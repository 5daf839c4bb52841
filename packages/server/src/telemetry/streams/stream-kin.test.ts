import { describe, expect, test } from "vitest";
import { cumulative, delta, histogram, NOW, point, request, rig } from "../telemetry-fixture.ts";

const S = 1000;
const sends = (form: typeof delta, at: number, start: number, value: number) =>
	request([form("request.count", point({ at, start, value }))]);

describe("a program that starts again with another temporality", () => {
	test("counts on from its new start, there and back, and nothing twice", () => {
		const { send, sink, accounts } = rig();
		send(sends(cumulative, NOW - 50 * S, NOW - 60 * S, 10));
		send(sends(delta, NOW - 40 * S, NOW - 50 * S, 3));
		send(sends(delta, NOW - 30 * S, NOW - 40 * S, 4));
		expect(sink().sum("", "requests")).toBe("0 of 17");
		send(sends(cumulative, NOW - 20 * S, NOW - 25 * S, 5));
		send(sends(cumulative, NOW - 10 * S, NOW - 25 * S, 6));
		expect(sink().sum("", "requests")).toBe("0 of 23");
		// Late points of the one before are in what it counted, or never counted.
		send(sends(delta, NOW - 25 * S, NOW - 30 * S, 9));
		expect(sink().sum("", "requests")).toBe("0 of 23");
		expect(accounts("")).toEqual({ received: 6, counted: 5, type_conflict: 1 });
	});

	test("and one that sends both at the same time counts once, also after a restart of the product", () => {
		const first = rig();
		const both = (to: typeof first, step: number) => {
			const at = NOW - 60 * S + step * 10 * S;
			to.send(sends(delta, at, at - 10 * S, 5));
			to.send(sends(cumulative, at, NOW - 70 * S, 5 * (step + 1)));
		};
		for (const step of [0, 1, 2]) both(first, step);
		const second = rig({ store: first.store, clock: first.clock });
		for (const step of [3, 4]) both(second, step);
		second.telemetry.fold();
		const third = rig({ store: first.store, clock: first.clock });
		both(third, 5);
		expect(third.accounts("")).toEqual({ received: 12, counted: 6, type_conflict: 6 });
	});

	test("is known after a restart by its newest point", () => {
		const first = rig();
		first.send(sends(cumulative, NOW - 50 * S, NOW - 60 * S, 10));
		first.send(sends(delta, NOW - 40 * S, NOW - 50 * S, 3));
		const second = rig({ store: first.store, clock: first.clock });
		second.send(sends(cumulative, NOW - 30 * S, NOW - 60 * S, 99));
		second.send(sends(delta, NOW - 30 * S, NOW - 40 * S, 4));
		expect(second.accounts("")).toEqual({ received: 4, counted: 3, type_conflict: 1 });
		expect(second.sink().sum("", "requests")).toBe("0 of 17");
	});
});

test("a histogram that goes from explicit to exponential buckets counts on", () => {
	const { send, sink } = rig();
	const explicit = { count: 3, bucketCounts: [2, 1], explicitBounds: [0.5] };
	send(request([histogram("request.duration", 2, point({ at: NOW - 20 * S, start: NOW - 30 * S, more: explicit }))]));
	const more = { count: 4, scale: 0, positive: { offset: -3, bucketCounts: [3, 0, 0, 1] } };
	const dataPoints = [point({ at: NOW - 10 * S, start: NOW - 15 * S, more })];
	send(request([{ name: "request.duration", exponentialHistogram: { aggregationTemporality: 2, dataPoints } }]));
	expect(sink().sum("", "fast")).toBe("2 of 7");
});

describe("two programs that send the same cumulative stream", () => {
	test("count once both are known: the one that started last", () => {
		const { send, sink, accounts } = rig();
		const old = (at: number, value: number) => sends(cumulative, NOW - at * S, NOW - 90 * S, value);
		const young = (at: number, value: number) => sends(cumulative, NOW - at * S, NOW - 55 * S, value);
		send(old(60, 1000));
		send(young(50, 5));
		for (let at = 45; at > 0; at -= 10) {
			send(old(at, 1000 + (60 - at)));
			send(young(at - 5, 5 + (60 - at)));
		}
		expect(sink().sum("", "requests")).toBe("0 of 1060");
		expect(accounts("")).toEqual({ received: 12, counted: 7, overlap: 5 });
	});

	test("a start that slides along with each point is no second program", () => {
		const { send, sink, accounts } = rig();
		for (let k = 0; k < 5; k++) send(sends(cumulative, NOW - 50 * S + k * 10 * S, NOW - 80 * S + k * 10 * S, 10 + k));
		expect(sink().sum("", "requests")).toBe("0 of 14");
		expect(accounts("")).toEqual({ received: 5, counted: 5 });
	});
});
