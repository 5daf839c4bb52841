import { DAY_MS, HOUR_MS, MINUTE_MS } from "@bellwether/model";
import fc from "fast-check";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { scopeOf, type TenantScope } from "#platform";
import { exampleEvidence, START } from "../../../testing/catalogue.ts";
import { ALL, openRooms, type Rooms } from "../../../testing/rooms.ts";
import { incidentsNear, judgeCases, listIncidents } from "../index.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const FROM = START - 400 * DAY_MS;
const WOODGROVE = scopeOf({ name: "w", role: "viewer", tenants: ["woodgrove"] });
const TENANTS = ["woodgrove", "tailspin", ""];

async function withIncidents(count: number): Promise<Rooms> {
	const rooms = await openRooms();
	await rooms.store.transaction(async (tx) => {
		for (let k = 0; k < count; k++) {
			const detectedAt = FROM + k * 8 * HOUR_MS;
			const end = k % 5 === 0 ? null : detectedAt + (1 + (k % 7)) * HOUR_MS;
			await tx
				.insertInto("incidents")
				.values({
					id: `INC-${k}`,
					number: k,
					tenant: TENANTS[k % 3] as string,
					slo: `slo-${k}`,
					workload: k % 2 === 0 ? "policy" : "mail",
					kind: k % 3 === 2 ? "platform" : "tenant",
					parent_id: null,
					severity_key: "2.5",
					severity_rank: 25,
					state: end === null ? "detected" : "resolved",
					title: "",
					monitor: "burn",
					detected_by: "monitor",
					onset_at: k % 4 === 0 ? null : detectedAt - 20 * MINUTE_MS,
					detected_at: detectedAt,
					paged_at: null,
					acknowledged_at: null,
					acknowledged_by: null,
					first_notice_at: null,
					signal_cleared_at: k % 2 === 0 ? end : null,
					mitigated_at: k % 7 === 0 ? end : null,
					resolved_at: end,
					verdict: end === null ? null : k % 6 === 0 ? "noise" : "real-impact",
					verdict_reason: null,
					verdict_by: null,
					verdict_at: null,
					evidence: JSON.stringify(exampleEvidence()),
					version: 1,
				})
				.execute();
		}
	});
	return rooms;
}

async function everyIncident(rooms: Rooms, scope: TenantScope) {
	const { items } = await listIncidents(rooms.store.db, scope, { limit: 500 });
	return items;
}

describe("incidents near cases", () => {
	let rooms: Rooms;
	beforeAll(async () => {
		rooms = await withIncidents(300);
		return () => rooms.remove();
	});

	test("are all that a case can be judged by, whoever asks", async () => {
		const everything = { all: await everyIncident(rooms, ALL), own: await everyIncident(rooms, WOODGROVE) };
		const heard = new Map([["cases", FROM]]);
		const aCase = fc.record({
			feed: fc.constant("cases"),
			tenant: fc.constantFrom("woodgrove", "tailspin", ""),
			workload: fc.constantFrom("policy", "mail", ""),
			openedAt: fc.integer({ min: FROM - DAY_MS, max: FROM + 101 * DAY_MS }),
		});
		await fc.assert(
			fc.asyncProperty(fc.array(aCase, { maxLength: 5 }), fc.boolean(), async (cases, seesAll) => {
				const near = await incidentsNear(rooms.store.db, seesAll ? ALL : WOODGROVE, cases);
				const all = seesAll ? everything.all : everything.own;
				expect(judgeCases(cases, near, heard, START)).toEqual(judgeCases(cases, all, heard, START));
			}),
			{ seed: 7, numRuns: 150 },
		);
	});

	test("are not those of other times and tenants", async () => {
		// Of the 154th incident, which was the tenant's and lasted some hours.
		const openedAt = FROM + 153 * 8 * HOUR_MS + 10 * MINUTE_MS;
		const near = await incidentsNear(rooms.store.db, ALL, [{ tenant: "woodgrove", workload: "policy", openedAt }]);
		const ended = near.filter(({ state }) => state === "resolved");
		expect(ended.map(({ id }) => id)).toContain("INC-153");
		expect(ended.length).toBeLessThan(4);
		expect(near.some(({ tenant }) => tenant === "tailspin")).toBe(false);
	});

	test("of cases that cannot be judged are none", async () => {
		expect(await incidentsNear(rooms.store.db, ALL, [{ tenant: "", workload: "policy", openedAt: START }])).toEqual([]);
		expect(await incidentsNear(rooms.store.db, ALL, [])).toEqual([]);
	});
});
