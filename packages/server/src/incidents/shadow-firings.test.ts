import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DAY_MS, ManualClock } from "@bellwether/model";
import { afterEach, beforeEach, expect, it } from "vitest";
import { scopeOf } from "#platform";
import { openControlStore } from "../adapters/sqlite/control-store.ts";
import { keepShadowFirings, shadowFirings } from "./shadow-firings.ts";

const NOW = Date.UTC(2026, 10, 23);
const ALL = scopeOf({ name: "ada", role: "viewer" });
const CONTOSO = scopeOf({ name: "v", role: "viewer", tenants: ["contoso"] });
const firing = (monitor: string, at: number, tenant = "contoso") => ({
	monitor,
	tenant,
	slo: "mail",
	at,
	says: "Saw.",
});

let dir: string;
beforeEach(async () => {
	dir = await mkdtemp(join(tmpdir(), "bellwether-shadows-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));
const open = () => openControlStore({ path: join(dir, "control.db"), clock: new ManualClock(NOW) });

it("what a shadow would have claimed is there after a restart, for a reader of some tenants of those alone", async () => {
	const before = await open();
	await before.transaction((tx) =>
		keepShadowFirings(tx, [firing("strict", NOW), firing("strict", NOW + 1, "fabrikam")]),
	);
	await before.close();
	const after = await open();
	expect(await shadowFirings(after.db, ALL)).toEqual([firing("strict", NOW), firing("strict", NOW + 1, "fabrikam")]);
	expect(await shadowFirings(after.db, CONTOSO)).toEqual([firing("strict", NOW)]);
	await after.close();
});

it("of each monitor the last two hundred of four weeks are kept, however loud another is", async () => {
	const store = await open();
	const loud = Array.from({ length: 450 }, (_, k) => firing("loud", NOW + k));
	await store.transaction((tx) => keepShadowFirings(tx, [firing("quiet", NOW - 29 * DAY_MS), firing("quiet", NOW)]));
	for (const part of [loud.slice(0, 199), loud.slice(199)])
		await store.transaction((tx) => keepShadowFirings(tx, part));
	const kept = await shadowFirings(store.db, ALL);
	expect(kept.filter(({ monitor }) => monitor === "quiet")).toEqual([firing("quiet", NOW)]);
	expect(kept.filter(({ monitor }) => monitor === "loud")).toEqual(loud.slice(-200));
	await store.close();
});
