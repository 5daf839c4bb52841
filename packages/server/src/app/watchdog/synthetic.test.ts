import { ManualClock } from "@bellwether/model";
import { expect, onTestFinished, test, vi } from "vitest";
import { MemoryTelemetryStore } from "#telemetry";
import { bareCatalogue } from "../../../testing/bare-catalogue.ts";
import { TelemetryHost } from "../telemetry-host.ts";
import type { FromWorker } from "../telemetry-protocol.ts";
import { badRequest, eventTime, goodRequest, SELF_CHECK, selfCheckTenant, withSelfCheck } from "./synthetic.ts";

const NOW = Date.UTC(2026, 10, 23, 12, 0, 0);
const KEY = "secret";
const EMPTY = bareCatalogue({
	// Watches every SLO that the catalogue has.
	monitors: [{ name: "all", detector: "burn-rate", mode: "live", severity: "2.5", evidenceP: 1e-4 }],
});

function started() {
	vi.useFakeTimers();
	onTestFinished(() => {
		vi.useRealTimers();
	});
	const clock = new ManualClock(NOW);
	const sent: FromWorker[] = [];
	const host = new TelemetryHost({
		catalogue: withSelfCheck(EMPTY, KEY),
		openBreaches: [],
		openStore: () => new MemoryTelemetryStore(),
		clock,
		seed: 1,
		send: (message) => sent.push(message),
		closed: () => {},
	});
	host.start();
	const pass = (ms: number) => {
		clock.advance(ms);
		vi.advanceTimersByTime(ms);
	};
	let id = 0;
	const send = (body: string) => {
		host.receive({ id: id++, call: { kind: "ingest", protocol: "otlp-json", encoding: undefined, body: bytes(body) } });
		for (let k = 0; k < 4; k++) pass(250);
		const breaches = sent.flatMap((message) => (message.kind === "breach" ? [message.event] : []));
		sent.length = 0;
		return breaches.map(({ type, tenant }) => `${type} ${tenant}`);
	};
	return { clock, send, pass };
}

function bytes(text: string): Uint8Array {
	return new TextEncoder().encode(text);
}

test("each check opens one claim and ends it, on the same tenant for longer than the long window", () => {
	const { clock, send, pass } = started();
	for (let elapsed = 0; elapsed < 65 * 60_000; elapsed += 20_000) {
		const at = eventTime(clock.now(), 10_000);
		expect(send(badRequest(3, KEY, at))).toEqual([`breach.opened ${selfCheckTenant(3)}`]);
		expect(send(goodRequest(3, KEY, at))).toEqual([`breach.closed ${selfCheckTenant(3)}`]);
		pass(18_000);
	}
});

test("after a check that was broken off, the next tenants' checks are not disturbed, and the tenant serves again when its window is empty", () => {
	const { clock, send, pass } = started();
	expect(send(badRequest(0, KEY, clock.now()))).toHaveLength(1);
	const at = clock.now();
	expect(send(badRequest(1, KEY, at))).toEqual([`breach.opened ${selfCheckTenant(1)}`]);
	expect(send(goodRequest(1, KEY, at))).toEqual([`breach.closed ${selfCheckTenant(1)}`]);
	pass(320_000);
	// Its old claim is still open: nothing says that it ended. The check fails once more and ends it.
	const again = clock.now();
	expect(send(badRequest(0, KEY, again))).toEqual([]);
	expect(send(goodRequest(0, KEY, again))).toEqual([`breach.closed ${selfCheckTenant(0)}`]);
});

test("whoever does not know the key cannot speak for the check", () => {
	const { clock, send } = started();
	expect(send(badRequest(0, "guessed", clock.now()))).toEqual([]);
});

test("bad and good events share a bucket, also in its last millisecond", () => {
	expect(eventTime(9_999, 10_000)).toBe(9_998);
	expect(eventTime(10_000, 10_000)).toBe(10_000);
	expect(SELF_CHECK.startsWith("!")).toBe(true);
});
