import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HOUR_MS, ManualClock, MINUTE_MS, SECOND_MS } from "@bellwether/model";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Catalogue, parseCatalogue, starterFiles } from "#catalogue";
import { type BreachClosed, type BreachOpened, createDetection, type DetectionEngine } from "#detection";
import { Telemetry } from "#telemetry";
import { openTelemetryStore } from "../adapters/sqlite/telemetry-store.ts";
import { backtest } from "./backtest.ts";
import { detectionPairs } from "./detection-pairs.ts";

const STEP_MS = 10 * SECOND_MS;
const START = Date.UTC(2026, 2, 2, 9);

const MONITORS = `apiVersion: bellwether/v1
kind: Monitor
metadata: { name: limit }
spec:
  detector: threshold
  threshold: { value: 0.3, for: 5m, minutes: 3 }
---
apiVersion: bellwether/v1
kind: Monitor
metadata: { name: missing }
spec:
  detector: absence
  mode: draft
  absence: { after: 10m, quietHours: false }
`;

let dir: string;
beforeEach(async () => {
	dir = await mkdtemp(join(tmpdir(), "bellwether-replay-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

function catalogueOf(): Catalogue {
	const { catalogue } = parseCatalogue([...starterFiles(), { path: "monitors/more.yaml", text: MONITORS }]);
	return catalogue as Catalogue;
}

/** Two hours of one tenant and of others, live: imported and judged every ten seconds. */
function playLive(catalogue: Catalogue) {
	const clock = new ManualClock(START);
	let engine: DetectionEngine | undefined;
	const telemetry = new Telemetry({
		openStore: () => openTelemetryStore(join(dir, "telemetry.db")),
		catalogue,
		clock,
		seed: 7,
		openWindows: (pairs) => {
			engine = createDetection({
				pairs: detectionPairs(catalogue, pairs, START).map((pair) => ({
					...pair,
					also: pair.also?.map((monitor) => ({ ...monitor, mode: "live" as const })),
				})),
				futureMs: 300_000,
				confirmMs: 0,
				openBreaches: [],
				now: START,
			});
			return engine;
		},
	});
	const news: (BreachOpened | BreachClosed)[] = [];
	for (let at = START; at < START + 2 * HOUR_MS; at += STEP_MS) {
		clock.advance(STEP_MS);
		engine?.tick(at + STEP_MS);
		const minute = (at - START) / MINUTE_MS;
		const isBad = minute >= 40 && minute < 52;
		const isAway = minute >= 80 && minute < 95;
		const line = (tenant: string, total: number, good: number) =>
			JSON.stringify({ tenant, slo: "file-open", at, good, total });
		const lines = [line("nobody", 500, 500), ...(isAway ? [] : [line("woodgrove", 20, isBad ? 9 : 20)])];
		telemetry.importEvents(`step-${at}`, Buffer.from(`${lines.join("\n")}\n`));
		news.push(...(engine?.evaluate(at + STEP_MS) ?? []));
	}
	telemetry.close();
	return news;
}

test("over what a live run stored makes the same claims, to the last bit, and takes drafts for live", async () => {
	const catalogue = catalogueOf();
	const live = playLive(catalogue);
	const now = START + 2 * HOUR_MS;
	const replayed = await backtest({ catalogue, dataDir: dir, from: START, to: now, now });
	const opened = live.filter(({ type }) => type === "breach.opened");
	expect(opened.map((one) => (one as BreachOpened).detector)).toEqual(["burn-rate", "threshold", "absence"]);
	expect(JSON.stringify(replayed.claims.map(({ endedAt: _, ...claim }) => claim))).toBe(JSON.stringify(opened));
	const ends = live.flatMap((one) => (one.type === "breach.closed" ? [one.closedAt] : []));
	expect(replayed.claims.map(({ endedAt }) => endedAt).toSorted()).toEqual(ends.toSorted());
});

test("tells that a folder has no counts", async () => {
	const catalogue = catalogueOf();
	openTelemetryStore(join(dir, "telemetry.db")).close();
	await expect(backtest({ catalogue, dataDir: dir, now: START })).rejects.toThrow(/holds no counts/);
});
