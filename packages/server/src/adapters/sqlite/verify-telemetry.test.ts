import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { ManualClock } from "@bellwether/model";
import { expect, onTestFinished, test, vi } from "vitest";
import { Telemetry } from "#telemetry";
import { catalogue, delta, NOW, otlpBytes, point, request } from "../../telemetry/telemetry-fixture.ts";
import { openTelemetryStore } from "./telemetry-store.ts";
import { TELEMETRY_MIGRATIONS } from "./telemetry-store-migrations.ts";
import { verifyTelemetry } from "./verify-telemetry.ts";

// Disks set the pace here: on a busy machine everything takes longer.
vi.setConfig({ testTimeout: 30_000 });

function file(): string {
	const folder = mkdtempSync(join(tmpdir(), "bellwether-"));
	onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
	return join(folder, "telemetry.db");
}

function open(path: string, clock = new ManualClock(NOW)): { telemetry: Telemetry; fed: Map<string, number> } {
	const fed = new Map<string, number>();
	const telemetry = new Telemetry({
		openStore: () => openTelemetryStore(path),
		catalogue: catalogue(),
		clock,
		seed: 7,
		openWindows: (pairs) => ({
			add: (pair, _at, _bad, total) => {
				const name = `${pairs[pair]?.tenant} ${pairs[pair]?.slo}`;
				fed.set(name, (fed.get(name) ?? 0) + total);
			},
		}),
	});
	return { telemetry, fed };
}

/** A file with two hours of two tenants, folded, and one request more in the journal. */
function filled(path: string): void {
	const clock = new ManualClock(NOW);
	const { telemetry } = open(path, clock);
	for (let k = 0; k < 60; k++) {
		const points = ["contoso", "fabrikam"].map((tenant) =>
			point({ tenant: `${tenant}-id`, at: clock.now(), value: 10 + k }),
		);
		telemetry.ingest([
			{ protocol: "otlp-protobuf", encoding: undefined, body: otlpBytes(request([delta("request.count", ...points)])) },
		]);
		if (k === 58) telemetry.fold();
		clock.advance(120_000);
	}
}

const TABLES = ["rollup_10s", "rollup_1h", "journal", "pages"];

test("a sound file has no findings, whether it is in use or not", () => {
	const path = file();
	filled(path);
	const { findings, rows } = verifyTelemetry(path);
	expect(findings).toEqual([]);
	expect(rows).toMatchObject({ "ten-seconds": 6, hours: 3 });
});

test("any bit that flips in what is stored is found, and the tenant, the SLO and the time are named", () => {
	const path = file();
	filled(path);
	const db = new DatabaseSync(path);
	onTestFinished(() => db.close());
	let undetected = 0;
	let flips = 0;
	for (const table of TABLES)
		for (const { id, data } of db.prepare(`select rowid as id, data from ${table}`).all()) {
			const bytes = data as Uint8Array;
			for (let bit = flips % 7; bit < bytes.length * 8; bit += 509) {
				const flipped = Uint8Array.from(bytes);
				flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
				db.prepare(`update ${table} set data = ? where rowid = ?`).run(flipped, id as number);
				flips++;
				if (verifyTelemetry(path).findings.length === 0) undetected++;
			}
			db.prepare(`update ${table} set data = ? where rowid = ?`).run(bytes, id as number);
		}
	expect(flips).toBeGreaterThan(20);
	expect(undetected).toBe(0);
	db.exec(
		"update rollup_10s set data = cast(x'7f' || substr(data, 2) as blob) where key = (select max(key) from rollup_10s)",
	);
	expect(verifyTelemetry(path).findings.join("\n")).toMatch(
		/ten-seconds of (contoso|fabrikam), requests from 2026-11-23 13:00 to 2026-11-23 14:00 UTC are damaged/,
	);
});

test("a damaged range is left out, named and kept as it was found; everything else is served", () => {
	const path = file();
	filled(path);
	const db = new DatabaseSync(path);
	const damaged = db.prepare("select key from rollup_10s order by key limit 1").get()?.key as number;
	db.prepare("update rollup_10s set data = cast(x'7f' || substr(data, 2) as blob) where key = ?").run(damaged);
	db.close();
	const { telemetry } = open(path, new ManualClock(NOW + 2 * 3_600_000));
	const query = { slo: "requests", from: NOW, to: NOW + 3_600_000, resolutionMs: 10_000 };
	const read = (tenant: string): number => telemetry.windows({ tenant, ...query })?.length ?? 0;
	expect(["", "contoso", "fabrikam"].map(read).sort()).toEqual([0, 30, 30]);
	const [range] = telemetry.counters().storage.damaged;
	expect(range).toMatchObject({ slo: "requests", tier: "ten-seconds", from: NOW, to: NOW + 3_600_000 });
	telemetry.close();
	expect(verifyTelemetry(path).findings.join()).toContain("were found damaged earlier");
});

test("counts that went missing between two tiers are found", () => {
	const path = file();
	filled(path);
	const db = new DatabaseSync(path);
	db.exec(
		"update rollup_10s set data = (select data from rollup_10s order by key desc limit 1) where key = (select min(key) from rollup_10s)",
	);
	db.close();
	expect(verifyTelemetry(path).findings.join()).toMatch(/the finer tiers hold 0 of \d+, the hours 0 of \d+/);
});

test("a file of the version before keeps its counts", () => {
	const path = file();
	filled(path);
	const old = new DatabaseSync(path);
	// What the first version wrote: no checksums, one table of pages.
	old.exec(`
		begin;
		create table stream_pages (page integer primary key, data blob not null) strict;
		insert into stream_pages select page, substr(data, 1, length(data) - 4) from pages where fold = (select max(fold) from pages);
		drop table pages; drop table rollup_1m; drop table rollup_10m; drop table damaged;
		update journal set data = substr(data, 1, length(data) - 4);
		update rollup_10s set data = substr(data, 1, length(data) - 4);
		update rollup_1h set data = substr(data, 1, length(data) - 4);
		delete from meta where key in ('tiers', 'pages_fold', 'fold_marks');
		create table books (
			tenant text not null, protocol text not null, key text not null, count real not null,
			primary key (tenant, protocol, key)
		) strict, without rowid;
		insert into books select tenant, protocol, key, sum(count) from accounting group by tenant, protocol, key;
		drop table accounting;
		alter table books rename to accounting;
		pragma user_version = 1;
		commit;
	`);
	for (const name of old
		.prepare("select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'")
		.all()
		.map(({ name }) => String(name)))
		if (!TELEMETRY_MIGRATIONS[0]?.includes(`TABLE ${name} `)) old.exec(`drop table ${name}`);
	old.close();
	const { telemetry, fed } = open(path, new ManualClock(NOW + 2 * 3_600_000));
	expect(fed.get("contoso requests")).toBe(60 * 10 + (59 * 60) / 2);
	expect(telemetry.accounting("contoso")).toMatchObject([{ source: "otlp", protocol: "otlp-protobuf", counted: 60 }]);
	telemetry.fold();
	telemetry.close();
	expect(verifyTelemetry(path).findings).toEqual([]);
});
