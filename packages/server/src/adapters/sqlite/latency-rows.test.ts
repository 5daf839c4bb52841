import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { ManualClock } from "@bellwether/model";
import { expect, onTestFinished, test } from "vitest";
import { Telemetry } from "#telemetry";
import { catalogue, histogram, NOW, otlpBytes, point, request } from "../../telemetry/telemetry-fixture.ts";
import { openTelemetryStore } from "./telemetry-store.ts";
import { verifyTelemetry } from "./verify-telemetry.ts";

const HOUR_MS = 3_600_000;

/** A file with two hours of latencies, folded, and half an hour more in the journal. */
function filled(): string {
	const folder = mkdtempSync(join(tmpdir(), "bellwether-"));
	onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
	const path = join(folder, "telemetry.db");
	const clock = new ManualClock(NOW);
	const telemetry = open(path, clock);
	for (let minute = 0; minute < 150; minute++) {
		const more = { count: "3", bucketCounts: ["1", "1", "1"], explicitBounds: [0.1, 0.5] };
		const points = [point({ tenant: "contoso-id", at: clock.now(), start: clock.now() - 1_000, more })];
		const body = otlpBytes(request([histogram("request.duration", 1, ...points)]));
		telemetry.ingest([{ protocol: "otlp-protobuf", encoding: undefined, body }]);
		if (minute === 119) telemetry.fold();
		clock.advance(60_000);
	}
	return path;
}

function open(path: string, clock = new ManualClock(NOW + 3 * HOUR_MS)): Telemetry {
	return new Telemetry({
		openStore: () => openTelemetryStore(path),
		catalogue: catalogue(),
		clock,
		seed: 7,
		openWindows: () => ({ add: () => {} }),
	});
}

const known = (telemetry: Telemetry): (number | undefined)[] =>
	["contoso", ""].map((tenant) => {
		const query = { tenant, slo: "fast", from: NOW, to: NOW + 3 * HOUR_MS, resolutionMs: 60_000, ratios: [0.5] };
		return telemetry.latencies(query)?.known;
	});

test("latencies are in the file after a kill, and verify finds nothing wrong with them", () => {
	const path = filled();
	expect(verifyTelemetry(path).findings).toEqual([]);
	expect(verifyTelemetry(path).rows).toMatchObject({ "latency-ten-seconds": 4, "latency-hours": 0 });
	const telemetry = open(path);
	expect(known(telemetry)).toEqual([450, 450]);
	const tier = telemetry.counters().storage.tiers.find((each) => each.of === "tenants" && each.tier === "ten-seconds");
	expect(tier?.bytes).toBeGreaterThan(600);
	telemetry.close();
});

test("a damaged hour of latencies is named and left out; its counts and all other hours are served", () => {
	const path = filled();
	const db = new DatabaseSync(path);
	db.exec(
		"update latency_10s set data = cast(x'7f' || substr(data, 2) as blob) where key = (select min(key) from latency_10s)",
	);
	db.close();
	expect(verifyTelemetry(path).findings.join()).toMatch(/latency-ten-seconds of .*, fast from .* 12:00 .* are damaged/);
	const telemetry = open(path);
	expect(known(telemetry).sort()).toEqual([270, 450]);
	expect(telemetry.counters().storage.damaged).toMatchObject([
		{ what: "latencies", slo: "fast", tier: "ten-seconds", from: NOW, to: NOW + HOUR_MS },
	]);
	telemetry.close();
	expect(verifyTelemetry(path).findings.join()).toContain("were found damaged earlier");
});

test("more latencies than events are found", () => {
	const path = filled();
	const db = new DatabaseSync(path);
	db.exec("insert into latency_1h select key / 4194304 / 168 * 4194304 + key % 4194304, data from latency_10s limit 1");
	db.close();
	expect(verifyTelemetry(path).findings.join()).toMatch(
		/latencies of .*, fast in the hour of .*: there are \d+, and 0 events/,
	);
});
