import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DAY_MS, HOUR_MS, ManualClock, MINUTE_MS, SECOND_MS } from "@bellwether/model";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Catalogue, parseCatalogue, starterFiles } from "#catalogue";
import { type BreachClosed, type BreachOpened, createDetection } from "#detection";
import { type Pair, Telemetry } from "#telemetry";
import { openTelemetryStore } from "../adapters/sqlite/telemetry-store.ts";
import { backtest } from "./backtest.ts";
import { detectionPairs } from "./detection-pairs.ts";

const STEP_MS = 10 * SECOND_MS;
const LEARNT_MS = 4 * DAY_MS;
const WARM_UP_MS = 3 * DAY_MS;
const PLAYED_MS = 3 * HOUR_MS;
/** When the live engine starts; what is played with faults comes three days later, as a backtest begins. */
const START = Date.UTC(2026, 2, 2, 9);
const FAULTS_FROM = START + WARM_UP_MS;
const NAMES = ["woodgrove", "contoso", "fabrikam", "northwind"];

const MONITORS = `apiVersion: bellwether/v1
kind: Monitor
metadata: { name: red-tenants }
spec: { detector: radar }
---
apiVersion: bellwether/v1
kind: Monitor
metadata: { name: usual }
spec: { detector: seasonal, seasonal: { measure: bad-ratio, direction: up } }
${NAMES.slice(1)
	.map(
		(name) => `---
apiVersion: bellwether/v1
kind: KeyTenant
metadata: { name: ${name}, displayName: ${name} }
spec: { tier: strategic, match: { tenant.id: [${name}] } }
`,
	)
	.join("")}`;

let dir: string;
beforeEach(async () => {
	dir = await mkdtemp(join(tmpdir(), "bellwether-replay-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

interface Counts {
	readonly tenant: string;
	readonly at: number;
	readonly bad: number;
	readonly total: number;
}

/** A minute of every tenant, the same at every asking: a day's curve, a few errors, and the faults. */
function minuteOf(at: number): Counts[] {
	const hour = (at % DAY_MS) / HOUR_MS;
	return NAMES.map((tenant, k) => {
		const total = Math.round(60 + 20 * Math.sin(((hour + k) / 12) * Math.PI) + ((at / MINUTE_MS + k * 7) % 5));
		const minute = (at - FAULTS_FROM) / MINUTE_MS;
		const isAlone = tenant === "contoso" && minute >= 30 && minute < 60;
		const isEverybody = minute >= 110 && minute < 140;
		const usual = (at / MINUTE_MS + k) % 97 === 0 ? 1 : 0;
		return { tenant, at, total, bad: isAlone || isEverybody ? Math.round(total * 0.6) : usual };
	});
}

function storedCounts(catalogue: Catalogue, end: number): void {
	const telemetry = new Telemetry({
		openStore: () => openTelemetryStore(join(dir, "telemetry.db")),
		catalogue,
		clock: new ManualClock(end),
		seed: 7,
		openWindows: () => ({ add() {} }),
	});
	for (let day = START - LEARNT_MS; day < end; day += DAY_MS) {
		const lines: string[] = [];
		for (let at = day; at < Math.min(end, day + DAY_MS); at += MINUTE_MS)
			for (const { tenant, bad, total } of minuteOf(at))
				lines.push(JSON.stringify({ tenant, slo: "file-open", at, good: total - bad, total }));
		expect(telemetry.importEvents(`day-${day}`, Buffer.from(`${lines.join("\n")}\n`)).status).toBe("accepted");
	}
	telemetry.close();
}

/** Started at START with the past on disk, then told every minute as it comes and judged every ten seconds. */
function playLive(catalogue: Catalogue, end: number): (BreachOpened | BreachClosed)[] {
	const news: (BreachOpened | BreachClosed)[] = [];
	let stored: readonly Pair[] = [];
	const telemetry = new Telemetry({
		openStore: () => openTelemetryStore(join(dir, "telemetry.db")),
		catalogue,
		clock: new ManualClock(end),
		seed: 7,
		openWindows: (opened) => {
			stored = opened;
			return { add() {} };
		},
	});
	const pairs = detectionPairs(catalogue, stored, START);
	const engine = createDetection({
		pairs,
		futureMs: 300_000,
		confirmMs: 0,
		openBreaches: [],
		now: START,
		history: (slo, tenants, from, to) => telemetry.columns({ slo, tenants, from, to, resolutionMs: MINUTE_MS }),
	});
	const add = (at: number) => {
		for (const { tenant, bad, total } of minuteOf(at))
			for (const [index, pair] of pairs.entries())
				if (pair.tenant === tenant || pair.tenant === "") engine.add(index, at, bad, total);
	};
	for (let at = START - HOUR_MS; at < START; at += MINUTE_MS) add(at);
	while (engine.work());
	for (let at = START; at < end; at += STEP_MS) {
		engine.tick(at + STEP_MS);
		if (at % MINUTE_MS === 0) add(at);
		const told = engine.evaluate(at + STEP_MS);
		if (at >= FAULTS_FROM) news.push(...told);
	}
	telemetry.close();
	return news;
}

test("detectors that learn claim in a replay what they claimed live, to the last bit", async () => {
	const { catalogue } = parseCatalogue([...starterFiles(), { path: "monitors/more.yaml", text: MONITORS }]);
	if (!catalogue) throw new Error("the catalogue does not parse");
	const end = FAULTS_FROM + PLAYED_MS;
	storedCounts(catalogue, end);
	const live = playLive(catalogue, end);
	const opened = live.filter(({ type }) => type === "breach.opened") as BreachOpened[];
	expect(new Set(opened.map(({ detector }) => detector))).toEqual(new Set(["burn-rate", "radar", "seasonal"]));
	const replayed = await backtest({ catalogue, dataDir: dir, from: FAULTS_FROM, to: end, now: end });
	expect(replayed.claims.map(({ endedAt: _, ...claim }) => JSON.stringify(claim))).toEqual(
		opened.map((one) => JSON.stringify(one)),
	);
	const ends = live.flatMap((one) => (one.type === "breach.closed" ? [one.closedAt] : []));
	expect(replayed.claims.flatMap(({ endedAt }) => endedAt ?? []).toSorted()).toEqual(ends.toSorted());
});
