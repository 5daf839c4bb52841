import { compress } from "snappyjs";
import { expect, test } from "vitest";
import { catalogue, NOW, rig, slo, writeRequestBytes } from "../telemetry-fixture.ts";

type Series = Parameters<typeof writeRequestBytes>[0][number];

const send = (to: ReturnType<typeof rig>, ...series: Series[]) =>
	to.sendBytes(Uint8Array.from(compress(Buffer.from(writeRequestBytes(series)))), "remote-write-1", "snappy");
const count = (...samples: Series["samples"]): Series => ({
	labels: { __name__: "request.count", "tenant.id": "contoso-id" },
	samples,
});

test("the first sample of a series is a base line, then differences count at their own times", () => {
	const real = rig();
	expect(send(real, count([100, NOW - 20_000], [103, NOW - 10_000], [110, NOW]))).toMatchObject({
		points: 3,
		rejected: 0,
	});
	expect(real.sink().report()).toMatchObject({
		"contoso requests 11:59:50": "0 of 3",
		"fleet requests 12:00:00": "0 of 7",
	});
	expect(real.accounts("contoso", "remote-write-1")).toEqual({ received: 3, counted: 3 });
});

test("a counter that falls was reset: the whole value counts", () => {
	const real = rig();
	send(real, count([100, NOW - 20_000]));
	send(real, count([4, NOW - 10_000]));
	expect(real.sink().sum("contoso", "requests")).toBe("0 of 4");
});

test("samples sent again are duplicates, older ones are out of order", () => {
	const real = rig();
	send(real, count([100, NOW - 20_000], [105, NOW - 10_000]));
	expect(send(real, count([100, NOW - 20_000], [105, NOW - 10_000]))).toMatchObject({ points: 2, rejected: 1 });
	expect(real.accounts("contoso", "remote-write-1")).toEqual({
		received: 4,
		counted: 2,
		duplicate: 1,
		out_of_order: 1,
	});
	expect(real.sink().sum("contoso", "requests")).toBe("0 of 5");
});

test("a stale marker is no value and no error; another NaN is an invalid one", () => {
	const real = rig();
	const body = writeRequestBytes([count([1, NOW - 20_000], [0, NOW - 10_000])]);
	const view = new DataView(body.buffer);
	const value = (at: number, hi: number, lo: number): Uint8Array => {
		const changed = new DataView(body.slice().buffer);
		changed.setUint32(at, lo, true);
		changed.setUint32(at + 4, hi, true);
		return new Uint8Array(changed.buffer);
	};
	// The value of the first sample: 1.0 is 0x3ff00000 in its upper half.
	let place = 0;
	while (view.getUint32(place + 4, true) !== 0x3ff00000) place++;
	expect(real.sendBytes(value(place, 0x7ff00000, 2), "remote-write-1")).toMatchObject({ points: 2, rejected: 0 });
	expect(real.accounts("contoso", "remote-write-1")).toMatchObject({ received: 2, counted: 1, no_value: 1 });
	expect(real.sendBytes(value(place, 0x7ff80000, 1), "remote-write-1")).toMatchObject({ points: 2, rejected: 1 });
	expect(real.accounts("contoso", "remote-write-1")).toMatchObject({ invalid_value: 1, duplicate: 1 });
});

test("histograms come as one series per bucket, selected by the label le", () => {
	const fast = slo("fast", {
		kind: "ratio",
		numerator: "good",
		part: { metric: "duration_bucket", where: [{ name: "le", op: "=", values: ["0.5"] }] },
		total: { metric: "duration_count", where: [] },
	});
	const real = rig({ catalogue: catalogue({ slos: [fast] }) });
	const at = (time: number, within: number, all: number): Series[] => [
		{ labels: { __name__: "duration_bucket", le: "0.5" }, samples: [[within, time]] },
		{ labels: { __name__: "duration_bucket", le: "1" }, samples: [[all, time]] },
		{ labels: { __name__: "duration_count" }, samples: [[all, time]] },
	];
	send(real, ...at(NOW - 20_000, 90, 100));
	send(real, ...at(NOW - 10_000, 97, 110));
	expect(real.sink().sum("", "fast")).toBe("3 of 10");
	expect(real.accounts("", "remote-write-1")).toEqual({ received: 6, counted: 4, no_sli: 2 });
});

test("times before 1970 and missing times are invalid", () => {
	const real = rig();
	expect(send(real, count([1, -5], [1, 0]))).toMatchObject({ points: 2, rejected: 2 });
	expect(real.accounts("contoso", "remote-write-1")).toEqual({ received: 2, counted: 0, invalid_time: 2 });
});
