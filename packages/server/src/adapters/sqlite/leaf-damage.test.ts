import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { ManualClock } from "@bellwether/model";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { Telemetry } from "#telemetry";
import { catalogue, delta, NOW, otlpBytes, point, request, SLOS } from "../../telemetry/telemetry-fixture.ts";
import { openTelemetryStore } from "./telemetry-store.ts";
import { verifyTelemetry } from "./verify-telemetry.ts";

// Disks set the pace here: on a busy machine everything takes longer.
vi.setConfig({ testTimeout: 30_000 });

const HOUR_MS = 3_600_000;
const DAMAGE = "cast(x'7f' || substr(data, 2) as blob)";
const KEEPING = catalogue({ slos: SLOS.map((slo) => ({ ...slo, keep: ["region"] })) });

/** Counts by region, kept in a file that a test damages between two starts. */
function kept() {
	const folder = mkdtempSync(join(tmpdir(), "bellwether-"));
	onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
	const path = join(folder, "telemetry.db");
	const clock = new ManualClock(NOW);
	let telemetry = start();

	function start(): Telemetry {
		return new Telemetry({
			openStore: () => openTelemetryStore(path),
			catalogue: KEEPING,
			clock,
			seed: 7,
			openWindows: () => ({ add: () => {} }),
		});
	}

	return {
		path,
		/** Ten events of a region, on disk by themselves and by attribute. */
		count(region: string): void {
			const body = otlpBytes(
				request([
					delta(
						"request.count",
						point({
							start: clock.now() - 5_000,
							at: clock.now(),
							value: 10,
							tenant: "contoso-id",
							attributes: { region },
						}),
					),
				]),
			);
			telemetry.ingest([{ protocol: "otlp-protobuf", encoding: undefined, body }]);
			clock.advance(10_000);
			telemetry.tick();
			while (telemetry.hasWork) telemetry.work();
			telemetry.fold();
			while (telemetry.hasWork) telemetry.work();
		},
		/** Runs SQL on the file between two starts. */
		between(sql: string): number {
			telemetry.close();
			const db = new DatabaseSync(path);
			const { changes } = db.prepare(sql).run();
			db.close();
			telemetry = start();
			return Number(changes);
		},
		regions() {
			const range = { from: NOW - HOUR_MS, to: NOW + HOUR_MS };
			const found = telemetry.attributes({ tenant: "contoso", slo: "requests", by: ["region"], ...range });
			if (!found) throw new Error("the SLO keeps the region");
			const items = found.items.map(({ values, total }) => [values.join(), total]);
			return {
				...Object.fromEntries(items),
				other: found.other.total,
				isExact: found.items.every((item) => item.isExact),
			};
		},
		damaged: () => telemetry.counters().storage.damaged,
	};
}

describe("a row of counts by attribute whose bytes flipped", () => {
	test("is the rest and nobody's value, named with tenant, SLO and hour, and stays so over restarts", () => {
		const it = kept();
		it.count("eu");
		expect(it.regions()).toEqual({ eu: 10, other: 0, isExact: true });
		expect(it.damaged()).toEqual([]);
		expect(it.between(`update leaves_1m set data = ${DAMAGE}`)).toBeGreaterThan(0);
		expect(it.regions()).toEqual({ other: 10, isExact: true });
		const hour = Math.floor(NOW / HOUR_MS) * HOUR_MS;
		const range = { what: "attributes", tier: "minutes", tenant: "contoso", slo: "requests" };
		expect(it.damaged()).toContainEqual({ ...range, from: hour, to: hour + HOUR_MS });
		const before = it.damaged();
		it.between("select 1");
		expect(it.damaged()).toEqual(before);
		expect(verifyTelemetry(it.path).findings.join("\n")).toMatch(
			/counts by attribute \(minutes\) of contoso, requests were found damaged earlier/,
		);
	});

	test("is not written over by the next counts, which are served", () => {
		const it = kept();
		it.count("eu");
		it.between(`update leaves_1m set data = ${DAMAGE}`);
		it.count("us");
		expect(it.regions()).toEqual({ us: 10, other: 10, isExact: false });
		expect(it.damaged().length).toBeGreaterThan(0);
		const db = new DatabaseSync(it.path, { readOnly: true });
		expect(db.prepare("select count(*) as count from damaged where kind = 'leaves_1m'").get()?.count).toBe(
			it.damaged().length,
		);
		db.close();
	});
});

test("a damaged batch that waits to be put into rows holds up none that comes after it, and is named", () => {
	const it = kept();
	it.count("eu");
	it.between("insert into leaf_batches (data) values (x'00112233445566')");
	it.count("us");
	expect(it.regions()).toEqual({ eu: 10, us: 10, other: 0, isExact: false });
	expect(it.damaged()).toEqual([
		{ what: "attributes", tier: "minutes", tenant: "", slo: "", from: undefined, to: undefined },
	]);
	expect(verifyTelemetry(it.path).findings.join("\n")).toMatch(/batch of counts by attribute \d+ was found damaged/);
});
