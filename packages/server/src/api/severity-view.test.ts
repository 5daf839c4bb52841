import { DAY_MS, HOUR_MS, MINUTE_MS } from "@bellwether/model";
import { expect, onTestFinished, test } from "vitest";
import type { WindowsQuery } from "#telemetry";
import { breachOpened, exampleCatalogue, exampleEvidence, exampleTenant, START } from "../../testing/catalogue.ts";
import { openRooms } from "../../testing/rooms.ts";
import type { ApiContext } from "./context.ts";
import { severitySuggestion } from "./severity-view.ts";

const TIERS = [1, 2, 3].map((rank) => ({ name: `tier-${rank}`, displayName: `Tier ${rank}`, rank, objectives: {} }));

/** The suggestion for an incident that has lasted so long, of a tenant of the tier, with such counts since its onset. */
async function suggested(
	tier: string,
	lastedMs: number,
	counts: { readonly bad: number; readonly total: number } | undefined,
	more: Parameters<typeof exampleEvidence>[0] = {},
) {
	const catalogue = exampleCatalogue({
		tiers: TIERS,
		tenants: [exampleTenant("woodgrove", "Woodgrove Bank", { tier })],
	});
	const rooms = await openRooms(catalogue);
	onTestFinished(() => rooms.remove());
	await rooms.open(breachOpened("woodgrove", { evidence: exampleEvidence({ since: START - MINUTE_MS, ...more }) }));
	rooms.clock.advance(lastedMs - MINUTE_MS);
	const asked: WindowsQuery[] = [];
	const telemetry = {
		windows: async (query: WindowsQuery) => {
			asked.push(query);
			return counts && [{ at: query.from, good: 0, late: 0, revision: 0, closed: true, ...counts }];
		},
	};
	const incident = await rooms.incident("INC-1001");
	if (!incident) throw new Error("the breach opened an incident");
	const context = { clock: rooms.clock, telemetry } as unknown as ApiContext;
	const suggestion = await severitySuggestion(context, incident, catalogue);
	return { suggestion, asked, severity: (await rooms.incident("INC-1001"))?.severity.key };
}

test("a total outage of a top tenant for hours may be called 2; reading it changes nothing", async () => {
	const { suggestion, severity } = await suggested("tier-1", 5 * HOUR_MS, { bad: 900, total: 1_000 });
	expect(suggestion).toEqual({
		severity: { key: "2", rank: 20 },
		reasons: [
			"its monitor says 2.5",
			"the tenant is of the top tier",
			"90 % of events are hit",
			"for 5 h",
			"the workload is ordinary",
		],
	});
	expect(severity).toBe("2.5");
});

test("a few errors of a tenant of the lowest tier for minutes may be called less than 2.5", async () => {
	const { suggestion } = await suggested("tier-3", 5 * MINUTE_MS, { bad: 5, total: 1_000 });
	expect(suggestion?.severity.rank).toBeGreaterThan(25);
});

test("a share that is counted nowhere any more is that at the detection; where events are missing it is not known", async () => {
	const gone = await suggested("tier-2", 20 * MINUTE_MS, undefined);
	expect(gone.suggestion?.reasons[2]).toBe("5.9 % of events are hit");
	const missing = await suggested(
		"tier-2",
		20 * MINUTE_MS,
		{ bad: 0, total: 1 },
		{
			absence: { answer: "tenant-stopped", tenants: 1 },
		},
	);
	expect(missing.suggestion?.reasons[2]).toBe("how many events are hit is not known");
});

test("of what lasts for days whole hours are asked for", async () => {
	const { asked } = await suggested("tier-2", 4 * DAY_MS, { bad: 1, total: 10 });
	expect(asked).toMatchObject([{ resolutionMs: HOUR_MS, tenant: "woodgrove", slo: "policy-create" }]);
});

test("a test has none", async () => {
	expect((await suggested("tier-1", HOUR_MS, undefined, { drill: { by: "ana" } })).suggestion).toBeNull();
});
