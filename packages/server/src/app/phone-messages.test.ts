import { SECOND_MS } from "@bellwether/model";
import { expect, test, vi } from "vitest";
import { setReaders } from "#incidents";
import { breachOpened } from "../../testing/catalogue.ts";
import { route, routedCatalogue } from "../../testing/routing.ts";
import { serveRooms } from "../../testing/served-rooms.ts";
import { createPhonePanel } from "../adapters/phone-panel/index.ts";

// Sockets and a store on disk set the pace: on a busy machine everything takes longer.
vi.setConfig({ testTimeout: 30_000 });

const SLOS = ["policy-create", "policy-read", "mail-create"] as const;

async function phones(catalogue: ReturnType<typeof routedCatalogue>) {
	const served = await serveRooms({ catalogue });
	const panel = createPhonePanel({ store: served.store, clock: served.clock });
	return {
		...served,
		breach: (tenant: string, slo: string) =>
			served.claim(breachOpened(tenant, { slo, detectedAt: served.clock.now() })),
		/** What `reader` sees on the built-in phone of all that was sent. */
		async shown(reader: string, tenants?: readonly string[]): Promise<string> {
			for (const message of served.sent) await panel.send(message);
			const { token } = await served.token("viewer", { name: reader, ...(tenants ? { tenants } : {}) });
			return (await served.ask("/api/v1/phone", token)).text;
		},
	};
}

test("a page that names several incidents is on the phone of whoever may read all of them", async () => {
	const { breach, pass, shown, store, deps, request } = await phones(routedCatalogue({}));
	for (const slo of SLOS) await breach("woodgrove", slo);
	await pass(30 * SECOND_MS, SECOND_MS);
	expect(await shown("leo")).toMatch(/INC-1002.*INC-1003/s);
	await store.transaction((tx) => setReaders(tx, deps, { ...request("INC-1003"), readers: ["lead"] }));
	expect(await shown("lead")).toContain("INC-1003");
	const leo = await shown("leo");
	expect(leo).toContain("INC-1001");
	expect(leo).not.toContain("INC-1003");
});

test("a page that tenants share is not on the phone of whoever may see one of them", async () => {
	const root = route("default", "", { groupWaitMs: 10 * SECOND_MS, groupBy: ["workload"] });
	const { breach, pass, shown } = await phones(routedCatalogue({ root }));
	await breach("woodgrove", "policy-create");
	await breach("city-power", "policy-create");
	await pass(30 * SECOND_MS, SECOND_MS);
	expect(await shown("leo")).toMatch(/City Power/);
	expect(await shown("wood", ["woodgrove"])).not.toMatch(/City Power/);
});
