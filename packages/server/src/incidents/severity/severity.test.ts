import { HOUR_MS, MINUTE_MS } from "@bellwether/model";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { breachOpened, exampleCatalogue, exampleEvidence, exampleTenant, START } from "../../../testing/catalogue.ts";
import { openRooms } from "../../../testing/rooms.ts";
import { judgeSeverity, resolveIncident, reviseSeverity, type SeverityFacts, setSeverity } from "../index.ts";

// A real store syncs each commit; on a busy machine many of them take their time.
vi.setConfig({ testTimeout: 60_000 });

const OUTAGE = exampleEvidence({ episode: { ms: 300_000, bad: 900, total: 1_000, burn: 900 } });
const TIERS = [1, 2, 3].map((rank) => ({ name: `tier-${rank}`, displayName: `Tier ${rank}`, rank, objectives: {} }));

async function world(tier: string, criticality?: "critical" | "ordinary" | "low", evidence = exampleEvidence()) {
	const rooms = await openRooms(
		exampleCatalogue({
			tiers: TIERS,
			tenants: [exampleTenant("woodgrove", "Woodgrove Bank", { tier })],
			workloads: [{ name: "policy", displayName: "Policy", owner: "Policy team", runbook: [], criticality }],
		}),
	);
	onTestFinished(() => rooms.remove());
	await rooms.open(breachOpened("woodgrove", { evidence }));
	const { store, deps, request } = rooms;
	return {
		...rooms,
		set: (severity: string | undefined, reason?: string) =>
			store.transaction((tx) => setSeverity(tx, deps, { ...request("INC-1001"), severity, reason })),
		revise: (facts: SeverityFacts) =>
			store.transaction((tx) => reviseSeverity(tx, deps, "INC-1001", facts, rooms.clock.now())),
		severity: async () => {
			const incident = await rooms.incident("INC-1001");
			return [incident?.severity.key, incident?.derivedSeverity.key, incident?.severityOverride?.severity.key];
		},
	};
}

describe("at opening", () => {
	test("what its monitor says is the ground, and a mild beginning makes it no milder", async () => {
		const { severity, incident } = await world("tier-3", "low");
		expect(await severity()).toEqual(["2.5", "2.5", undefined]);
		expect((await incident("INC-1001"))?.severityReasons).toEqual([
			"its monitor says 2.5",
			"the tenant is of the low tier",
			"5.9 % of events are hit",
			"for 2 min",
			"the workload is of low criticality",
		]);
	});
	test("a total outage of a critical workload of a top tenant that began a while ago is 2 at once", async () => {
		const evidence = { ...OUTAGE, since: START - 20 * MINUTE_MS };
		const { severity } = await world("tier-1", "critical", evidence);
		expect(await severity()).toEqual(["2", "2", undefined]);
	});
});

describe("later", () => {
	const worse: SeverityFacts = { hitRatio: 0.9, durationMs: 5 * HOUR_MS };
	test("it rises with the facts, is told with its reasons, and does not fall again", async () => {
		const { revise, severity, timeline } = await world("tier-1");
		expect(await revise(worse)).toBe(true);
		expect(await revise(worse)).toBe(false);
		expect(await revise({ hitRatio: 0.001, durationMs: 5 * HOUR_MS })).toBe(false);
		expect(await severity()).toEqual(["2", "2", undefined]);
		expect((await timeline("INC-1001")).at(-1)).toBe(
			"Severity rises from 2.5 to 2: its monitor says 2.5, the tenant is of the top tier, 90 % of events are hit, for 5 h, the workload is ordinary.",
		);
	});
	test("what a person set stays in force, and the derived one goes on rising beneath", async () => {
		const { set, revise, severity } = await world("tier-1");
		expect(await set("3", "one test machine")).toMatchObject({ status: "changed" });
		expect(await severity()).toEqual(["3", "2.5", "3"]);
		expect(await revise(worse)).toBe(true);
		expect(await severity()).toEqual(["3", "2", "3"]);
		expect(await set(undefined)).toMatchObject({ status: "changed" });
		expect(await severity()).toEqual(["2", "2", undefined]);
	});
	test("the same severity set twice changes nothing, and another word is refused", async () => {
		const { set, timeline } = await world("tier-1");
		await set("3", "x");
		const before = await timeline("INC-1001");
		expect(await set("3", "x")).toMatchObject({ status: "unchanged", by: "n.patel", at: START });
		expect(await timeline("INC-1001")).toEqual(before);
		expect(before.at(-1)).toBe("n.patel set severity 3 instead of 2.5. Reason: x");
		expect(await set("5")).toMatchObject({ reason: "severity-unknown" });
		expect(await set("toString")).toMatchObject({ reason: "severity-unknown" });
	});
	test("a resolved incident and a test are left as they are", async () => {
		const { revise, store, deps, request } = await world("tier-1");
		const noise = { ...request("INC-1001"), verdict: "noise", reason: "x" };
		await store.transaction((tx) => resolveIncident(tx, deps, noise));
		expect(await revise(worse)).toBe(false);
		const drill = await world("tier-1", undefined, exampleEvidence({ drill: { by: "ana" } }));
		expect(await drill.revise(worse)).toBe(false);
	});
});

test.each([
	["2.5", "platform", 0.9, "1"],
	["2.5", "platform", 0.1, "2"],
	["3", "platform", 0.9, "2"],
	["3", "platform", 0.1, "2.5"],
	["1", "platform", 0.9, "1"],
	["2.5", "tenant", 0.9, "2"],
	["3", "tenant", 0.9, "2.5"],
	["4", "tenant", 0.9, "3"],
	["2", "tenant", 0.9, "2"],
	["1", "tenant", 0.9, "1"],
] as const)("with a ground of %s, a %s's incident with a share of %s is %s", (ground, kind, hitRatio, expected) => {
	const incident = { kind, tenant: "woodgrove", workload: "policy", groundSeverity: { key: ground, rank: 0 } };
	const catalogue = exampleCatalogue({ tiers: TIERS, tenants: [exampleTenant("woodgrove", "W", { tier: "tier-1" })] });
	expect(judgeSeverity(incident, catalogue, { hitRatio, durationMs: 5 * HOUR_MS }).severity.key).toBe(expected);
});
