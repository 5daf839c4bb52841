import { HOUR_MS, MINUTE_MS } from "@bellwether/model";
import { expect, onTestFinished, test, vi } from "vitest";
import { breachOpened, exampleCatalogue, exampleTenant } from "../../testing/catalogue.ts";
import { openRooms } from "../../testing/rooms.ts";
import { createIncidentWatch, type IncidentWatchOptions } from "./incident-watch.ts";

// A real store syncs each commit; on a busy machine many of them take their time.
vi.setConfig({ testTimeout: 60_000 });

const TIERS = [1, 2].map((rank) => ({ name: `tier-${rank}`, displayName: `Tier ${rank}`, rank, objectives: {} }));

async function watched(counts: { bad: number; total: number }) {
	const tenants = ["woodgrove", "city-power"].map((name) => exampleTenant(name, name, { tier: "tier-1" }));
	const rooms = await openRooms(exampleCatalogue({ tiers: TIERS, tenants }));
	onTestFinished(() => rooms.remove());
	const errors: unknown[] = [];
	const asked: string[] = [];
	const state = { isBroken: false, counts };
	const telemetry = {
		windows: async ({ tenant, from }: { tenant: string; from: number }) => {
			asked.push(tenant);
			if (state.isBroken && tenant === "woodgrove") throw new Error("the telemetry thread restarts");
			return [{ at: from, good: 0, late: 0, revision: 0, closed: true, ...state.counts }];
		},
		attributes: async () => [],
	} as unknown as IncidentWatchOptions["telemetry"];
	const watch = createIncidentWatch({
		store: rooms.store,
		deps: rooms.deps,
		telemetry,
		catalogue: rooms.deps.catalogue,
		now: () => rooms.clock.now(),
		onError: (error) => errors.push(error),
	});
	return { ...rooms, watch, faults: errors, asked, state };
}

test("an outage of a top tenant becomes severer as it lasts, once", async () => {
	const { open, watch, clock, incident, timeline } = await watched({ bad: 900, total: 1_000 });
	await open(breachOpened("woodgrove"));
	await watch.look();
	expect((await incident("INC-1001"))?.severity.key).toBe("2.5");
	clock.advance(4 * HOUR_MS);
	await watch.look();
	clock.advance(MINUTE_MS);
	await watch.look();
	expect((await incident("INC-1001"))?.severity.key).toBe("2");
	expect((await timeline("INC-1001")).filter((text) => text.startsWith("Severity rises"))).toHaveLength(1);
});

test("each is looked at once a minute, and one that cannot be looked at keeps no other from it", async () => {
	const { open, watch, clock, asked, state, faults, incident } = await watched({ bad: 900, total: 1_000 });
	await open(breachOpened("woodgrove"));
	await open(breachOpened("city-power"));
	state.isBroken = true;
	clock.advance(5 * HOUR_MS);
	await watch.look();
	await watch.look();
	expect(asked.sort()).toEqual(["city-power", "woodgrove"]);
	expect(faults).toHaveLength(1);
	expect((await incident("INC-1002"))?.severity.key).toBe("2");
	state.isBroken = false;
	clock.advance(MINUTE_MS);
	await watch.look();
	expect((await incident("INC-1001"))?.severity.key).toBe("2");
});

test("mitigated and resolved ones rise no more", async () => {
	const { open, watch, clock, mitigate, incident, asked } = await watched({ bad: 900, total: 1_000 });
	await open(breachOpened("woodgrove"));
	await mitigate("INC-1001");
	clock.advance(5 * HOUR_MS);
	await watch.look();
	expect(asked).toEqual([]);
	expect((await incident("INC-1001"))?.severity.key).toBe("2.5");
});
