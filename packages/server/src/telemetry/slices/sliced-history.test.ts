import { HOUR_MS, MINUTE_MS, SECOND_MS, seededRandom } from "@bellwether/model";
import { describe, expect, it } from "vitest";
import type { Slo } from "#catalogue";
import {
	catalogue,
	DAY_MS,
	delta,
	gauge,
	keyTenant,
	NOW,
	point,
	type Rig,
	request,
	rig,
	slo,
} from "../telemetry-fixture.ts";
import { GRACE_MS } from "./slices.ts";

const requests = {
	kind: "ratio",
	numerator: "bad",
	part: { metric: "errors", where: [] },
	total: { metric: "requests", where: [] },
} as const;
const beat = (everyMs: number, effectiveAt?: number) =>
	({ kind: "heartbeat", metric: { metric: "beat", where: [] }, everyMs, atLeast: 1, effectiveAt }) as const;

const SLICED: readonly Slo[] = [
	{ ...slo("minutes", requests), slicing: { method: "timeslices", sliceMs: MINUTE_MS, target: 0.9 } },
	{ ...slo("mean", requests), slicing: { method: "ratio-timeslices", sliceMs: 5 * MINUTE_MS } },
	slo("beat", beat(5 * MINUTE_MS)),
	slo("events", requests),
];
const parts = { catalogue: catalogue({ slos: SLICED, tenants: [keyTenant("contoso")] }) };

/** Counts of one instant, as a sender with delta sums tells them; each instant is sent once. */
function send(bench: Rig, at: number, bad: number, total: number) {
	const one = (name: string, value: number) => delta(name, point({ at, start: at - 1, value, tenant: "contoso-id" }));
	return bench.send(request([one("requests", total), one("errors", bad)]));
}
function sendBeat(bench: Rig, at: number) {
	return bench.send(request([gauge("beat", point({ at, value: 1, tenant: "contoso-id" }))]));
}
const sums = (bench: Rig) =>
	["minutes", "mean", "beat", "events"].flatMap((name) => [
		`${name} ${bench.sink().sum("contoso", name)}`,
		`fleet ${name} ${bench.sink().sum("", name)}`,
	]);

/** A process that was killed, and the next one on what it left. */
const restarted = (bench: Rig, from = parts) => rig({ ...from, store: bench.store.copy(), clock: bench.clock });

describe("slices over restarts", () => {
	it.each([1, 2, 3, 4])("are what an oracle makes of all events, kill or fold whenever (seed %i)", (seed) => {
		const random = seededRandom(seed);
		let bench = rig(parts);
		const events: { at: number; bad: number; total: number }[] = [];
		const used = new Set<number>();
		let isQuiet = false;
		for (let step = 0; step < 1_500; step++) {
			bench.clock.advance(Math.floor(random() * 40) * SECOND_MS);
			const now = bench.clock.now();
			if (random() < 0.02) isQuiet = !isQuiet;
			const delay = random() < 0.2 ? random() * 170 * MINUTE_MS : random() * 5 * SECOND_MS;
			const at = Math.floor((now - delay) / 1_000) * 1_000;
			if (!isQuiet && !used.has(at)) {
				used.add(at);
				const total = 1 + Math.floor(random() * 9);
				const bad = random() < 0.3 ? Math.floor(random() * (total + 1)) : 0;
				// Of a stream's older instants only so many ranges are remembered; those beyond are too old.
				const outcome = send(bench, at, bad, total);
				if (outcome.status === "accepted" && outcome.rejected === 0) events.push({ at, bad, total });
			}
			if (!isQuiet && random() < 0.2) sendBeat(bench, now);
			if (random() < 0.7) bench.telemetry.tick();
			if (random() < 0.3 && bench.telemetry.hasWork) bench.telemetry.work();
			if (random() < 0.02) bench.telemetry.fold();
			if (random() < 0.02) {
				bench.telemetry.tick();
				const before = sums(bench);
				bench = restarted(bench);
				expect(sums(bench), `step ${step}`).toEqual(before);
			}
		}
		bench.clock.advance(10 * MINUTE_MS);
		bench.telemetry.tick();
		const now = bench.clock.now();
		expect(bench.sink().sum("contoso", "minutes")).toBe(
			oracle(events, MINUTE_MS, now, (b, t) => (t - b < 0.9 * t ? 1 : 0)),
		);
		expect(bench.sink().sum("contoso", "mean")).toBe(
			oracle(events, 5 * MINUTE_MS, now, (b, t) => Math.round((b / t) * 2 ** 30) / 2 ** 30),
		);
		expect(bench.sink().sum("", "mean"), "the fleet has one tenant").toBe(bench.sink().sum("contoso", "mean"));
	});

	it("are kept when they are final, at the rule's own name: another rule judges what is still there in detail", () => {
		const first = rig(parts);
		for (let k = 0; k < 12; k++) {
			send(first, first.clock.now() - 1_000, k % 2, 2);
			first.clock.advance(HOUR_MS);
			first.telemetry.tick();
		}
		first.telemetry.fold();
		expect(first.sink().sum("contoso", "minutes")).toBe("6 of 12");
		const lax: Slo = { ...(SLICED[0] as Slo), slicing: { method: "timeslices", sliceMs: MINUTE_MS, target: 0.5 } };
		const other = restarted(first, {
			catalogue: catalogue({ slos: [lax], tenants: [keyTenant("contoso")], hash: "two" }),
		});
		expect(other.sink().sum("contoso", "minutes")).toBe("0 of 12");
		expect(restarted(first).sink().sum("contoso", "minutes")).toBe("6 of 12");
	});

	it("are shown as they were told, beside the events", () => {
		const bench = rig(parts);
		const start = bench.clock.now();
		for (let k = 0; k < 5 * 60; k++) {
			send(bench, bench.clock.now() - 1_000, k === 7 ? 10 : 0, 10);
			bench.clock.advance(MINUTE_MS);
			bench.telemetry.tick();
			if (k % 50 === 0) bench.telemetry.fold();
		}
		const query = {
			tenant: "contoso",
			slo: "minutes",
			from: start - HOUR_MS,
			to: start + 6 * HOUR_MS,
			resolutionMs: HOUR_MS,
		};
		const counts = (of: "events" | "slices") =>
			bench.telemetry.windows({ ...query, of })?.map(({ bad, total }) => `${bad} of ${total}`);
		expect(counts("events")).toEqual(["0 of 10", "10 of 600", "0 of 600", "0 of 600", "0 of 600", "0 of 590"]);
		expect(counts("slices")).toEqual(["0 of 1", "1 of 60", "0 of 60", "0 of 60", "0 of 60", "0 of 59"]);
	});
});

describe("imported events", () => {
	const line = (at: number, bad: number, total: number) =>
		JSON.stringify({ slo: "minutes", tenant: "contoso", at: new Date(at).toISOString(), good: total - bad, total });
	const importLines = (bench: Rig, key: string, ...lines: string[]) =>
		bench.telemetry.importEvents(key, new TextEncoder().encode(lines.join("\n")));

	it("judge slices anew that were final, within the days that are kept in detail", () => {
		const bench = rig(parts);
		const at = Math.floor(NOW / MINUTE_MS) * MINUTE_MS;
		send(bench, at, 10, 10);
		bench.clock.advance(12 * HOUR_MS);
		bench.telemetry.tick();
		bench.telemetry.fold();
		expect(bench.sink().sum("contoso", "minutes")).toBe("1 of 1");
		expect(importLines(bench, "a", line(at + 20_000, 0, 190)).status).toBe("accepted");
		expect(bench.sink().sum("contoso", "minutes"), "190 of 200 are more than 90 %").toBe("0 of 1");
		expect(restarted(bench).sink().sum("contoso", "minutes")).toBe("0 of 1");
	});

	it("and such as nothing was known of", () => {
		const bench = rig(parts);
		bench.telemetry.tick();
		const past = NOW - 20 * DAY_MS;
		importLines(bench, "a", line(past, 5, 10), line(past + MINUTE_MS, 0, 10), line(NOW - 5 * HOUR_MS, 10, 10));
		expect(bench.sink().sum("contoso", "minutes")).toBe("2 of 3");
		expect(restarted(bench).sink().sum("contoso", "minutes")).toBe("2 of 3");
	});
});

describe("a heartbeat", () => {
	/** Beats every minute for a while. */
	function beatFor(bench: Rig, ms: number) {
		for (let k = 0; k < ms / MINUTE_MS; k++) {
			sendBeat(bench, bench.clock.now());
			bench.clock.advance(MINUTE_MS);
			bench.telemetry.tick();
		}
	}
	function quietFor(bench: Rig, ms: number) {
		for (let k = 0; k < ms / (10 * SECOND_MS); k++) {
			bench.clock.advance(10 * SECOND_MS);
			bench.telemetry.tick();
		}
	}

	it("that stops is bad, and stays so after a restart, with nothing in the journal", () => {
		const bench = rig(parts);
		beatFor(bench, 30 * MINUTE_MS);
		quietFor(bench, 30 * MINUTE_MS + GRACE_MS);
		expect(bench.sink().sum("contoso", "beat")).toBe("6 of 12");
		bench.telemetry.fold();
		quietFor(bench, 6 * HOUR_MS);
		const told = bench.sink().sum("contoso", "beat");
		expect(told).toBe(`${6 + 72} of ${12 + 72}`);
		expect(restarted(bench).sink().sum("contoso", "beat")).toBe(told);
	});

	it("is not missed while this system was away", () => {
		const bench = rig(parts);
		beatFor(bench, 30 * MINUTE_MS);
		bench.clock.advance(2 * HOUR_MS);
		const next = restarted(bench);
		quietFor(next, 9 * MINUTE_MS);
		expect(next.sink().sum("contoso", "beat"), "5 min after the start had no chance yet").toBe("0 of 6");
		quietFor(next, 10 * MINUTE_MS);
		expect(next.sink().sum("contoso", "beat")).toBe("2 of 8");
		const again = restarted(next);
		expect(again.sink().sum("contoso", "beat"), "and the next start knows of the first one").toBe("2 of 8");
	});

	it("that was bad before this system went away stays bad", () => {
		const bench = rig(parts);
		beatFor(bench, 30 * MINUTE_MS);
		quietFor(bench, 20 * MINUTE_MS + GRACE_MS);
		expect(bench.sink().sum("contoso", "beat")).toBe("4 of 10");
		bench.clock.advance(DAY_MS);
		const next = restarted(bench);
		expect(next.sink().sum("contoso", "beat")).toBe("4 of 10");
	});

	it("of a clean stop: until then it was watched", () => {
		const bench = rig(parts);
		beatFor(bench, 30 * MINUTE_MS);
		quietFor(bench, 5 * MINUTE_MS + GRACE_MS);
		bench.telemetry.close();
		bench.clock.advance(HOUR_MS);
		expect(restarted(bench).sink().sum("contoso", "beat")).toBe("1 of 7");
	});

	it("of a tenant that is new is not expected for the time before, whatever the effective date", () => {
		const from = { catalogue: catalogue({ slos: [slo("beat", beat(5 * MINUTE_MS, NOW - 30 * DAY_MS))], tenants: [] }) };
		const bench = rig(from);
		quietFor(bench, 6 * HOUR_MS);
		expect(bench.sink().sum("", "beat"), "the fleet's is expected from the first start on").toBe("71 of 71");
		const withTenant = {
			catalogue: { ...catalogue({ slos: from.catalogue.slos, tenants: [keyTenant("contoso")] }), hash: "two" },
		};
		const next = restarted(bench, withTenant);
		quietFor(next, HOUR_MS);
		expect(next.sink().sum("contoso", "beat")).toBe("10 of 10");
		expect(restarted(next, withTenant).sink().sum("contoso", "beat")).toBe("10 of 10");
	});
});

function oracle(
	events: readonly { at: number; bad: number; total: number }[],
	sliceMs: number,
	now: number,
	share: (bad: number, total: number) => number,
): string {
	const slices = new Map<number, { bad: number; total: number }>();
	for (const { at, bad, total } of events) {
		const slice = Math.floor(at / sliceMs);
		const sum = slices.get(slice) ?? { bad: 0, total: 0 };
		slices.set(slice, { bad: sum.bad + bad, total: sum.total + total });
	}
	const ripe = [...slices].filter(([slice]) => (slice + 1) * sliceMs <= now - GRACE_MS);
	return `${ripe.reduce((sum, [, { bad, total }]) => sum + share(bad, total), 0)} of ${ripe.length}`;
}
