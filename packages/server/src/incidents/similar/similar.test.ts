import { DAY_MS, MINUTE_MS } from "@bellwether/model";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { scopeOf } from "#platform";
import { breachOpened, exampleCatalogue, exampleSlo, START } from "../../../testing/catalogue.ts";
import { ALL, openRooms } from "../../../testing/rooms.ts";
import { type CulpritValue, keepCulprits, rankSimilar, setReaders, similarIncidents } from "../index.ts";
import type { Comparable } from "./rank.ts";

// A real store syncs each commit; on a busy machine many of them take their time.
vi.setConfig({ testTimeout: 60_000 });

const REGION: CulpritValue = { attribute: "cloud.region", value: "westeurope" };
const BUILD: CulpritValue = { attribute: "service.version", value: "b104" };

function past(
	id: string,
	over: Partial<Comparable["incident"]> = {},
	culprits: readonly CulpritValue[] = [],
): Comparable {
	return {
		incident: {
			id,
			tenant: "woodgrove",
			slo: "policy-create",
			workload: "policy",
			kind: "tenant",
			monitor: "burn",
			detectedAt: START - 30 * DAY_MS,
			verdict: "real-impact",
			...over,
		},
		culprits,
	};
}
const now = (culprits: readonly CulpritValue[] = []) =>
	past("INC-2000", { detectedAt: START, verdict: undefined }, culprits);

describe("what is alike", () => {
	test("is first of all the same tenant and SLO, then the SLO, then the workload, with the reasons", () => {
		const ranked = rankSimilar(now(), [
			past("INC-1", { tenant: "city-power", slo: "policy-read" }),
			past("INC-2", { tenant: "city-power" }),
			past("INC-3"),
			past("INC-4", { slo: "policy-read" }),
			past("INC-5", { tenant: "city-power", slo: "send", workload: "mail" }),
		]);
		expect(ranked.map(({ id }) => id)).toEqual(["INC-3", "INC-2", "INC-4", "INC-1"]);
		expect(ranked[0]?.reasons).toEqual(["the same tenant and the same SLO", "found by the same monitor"]);
	});
	test("what failed in the same place comes before the same SLO elsewhere, by how much of the place they share", () => {
		const ranked = rankSimilar(now([REGION, BUILD]), [
			past("INC-1", { tenant: "city-power" }),
			past("INC-2", { tenant: "city-power" }, [REGION, BUILD]),
			past("INC-3", { tenant: "city-power" }, [REGION]),
		]);
		expect(ranked.map(({ id }) => id)).toEqual(["INC-2", "INC-3", "INC-1"]);
		expect(ranked[0]?.reasons[0]).toBe("also failed where cloud.region westeurope, service.version b104");
	});
	test("what was noise comes after what was real, and the newer before the older", () => {
		const ranked = rankSimilar(now(), [
			past("INC-1", { verdict: "noise" }),
			past("INC-2", { detectedAt: START - 300 * DAY_MS }),
			past("INC-3"),
		]);
		expect(ranked.map(({ id }) => id)).toEqual(["INC-3", "INC-2", "INC-1"]);
	});
	test("is no more than five, never itself, and scores stay within 0 to 1", () => {
		const many = Array.from({ length: 20 }, (_, k) => past(`INC-${k}`, { detectedAt: START - k * DAY_MS }, [REGION]));
		const ranked = rankSimilar(now([REGION]), [...many, now([REGION])]);
		expect(ranked).toHaveLength(5);
		expect(ranked.every(({ id, score }) => id !== "INC-2000" && score > 0 && score <= 1)).toBe(true);
	});
});

test("only past ones that the reader may see are found; merged ones and those that go on are not", async () => {
	const slos = [exampleSlo("policy-create"), exampleSlo("policy-read")];
	const { open, close, resolve, clock, store, deps, request, db, remove, incident } = await openRooms(
		exampleCatalogue({ slos }),
	);
	onTestFinished(() => remove());
	for (const [tenant, slo] of [
		["woodgrove", "policy-create"],
		["woodgrove", "policy-read"],
		["city-power", "policy-create"],
	] as const) {
		await open(breachOpened(tenant, { slo, detectedAt: clock.now() }));
		clock.advance(MINUTE_MS);
		await close(tenant, slo);
	}
	for (const id of ["INC-1001", "INC-1002", "INC-1003"]) await resolve(id);
	await store.transaction((tx) => keepCulprits(tx, { id: "INC-1003", tenant: "city-power" }, [REGION]));
	clock.advance(DAY_MS);
	await open(breachOpened("woodgrove", { detectedAt: clock.now() }));
	await store.transaction((tx) => keepCulprits(tx, { id: "INC-1004", tenant: "woodgrove" }, [REGION]));
	const one = await incident("INC-1004");
	if (!one) throw new Error("the breach opened an incident");
	const found = await similarIncidents(db, ALL, one);
	expect(found.looked).toBe(3);
	expect(found.items.map((each) => each.incident.id)).toEqual(["INC-1003", "INC-1001", "INC-1002"]);
	const scope = scopeOf({ name: "w", role: "viewer", tenants: ["woodgrove"] });
	expect((await similarIncidents(db, scope, one)).items.map((each) => each.incident.id)).toEqual([
		"INC-1001",
		"INC-1002",
	]);
	await store.transaction((tx) => setReaders(tx, deps, { ...request("INC-1001"), readers: [] }));
	expect((await similarIncidents(db, scope, one)).items.map((each) => each.incident.id)).toEqual(["INC-1002"]);
});

test("what explains an incident is kept in place of what was found before, and told apart from no news", async () => {
	const { open, store, db, remove } = await openRooms();
	onTestFinished(() => remove());
	await open(breachOpened("woodgrove"));
	const keep = (values: readonly CulpritValue[]) =>
		store.transaction((tx) => keepCulprits(tx, { id: "INC-1001", tenant: "woodgrove" }, values));
	expect(await keep([REGION, BUILD])).toBe(true);
	expect(await keep([BUILD, REGION])).toBe(false);
	expect(await keep([BUILD])).toBe(true);
	expect(await db.selectFrom("incident_culprits").select("value").execute()).toEqual([{ value: "b104" }]);
});
