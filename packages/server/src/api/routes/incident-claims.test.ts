import { MINUTE_MS } from "@bellwether/model";
import { beforeEach, expect, it } from "vitest";
import { closeBreach, openForBreach } from "#incidents";
import { bearer, NOW, useApiServer } from "../../../testing/api-server.ts";
import { breachClosed, breachOpened, exampleCatalogue, exampleEvidence } from "../../../testing/catalogue.ts";
import { createFleetSource } from "../fleet-source.ts";

const server = useApiServer();
const catalogue = exampleCatalogue();

beforeEach(() => {
	const { clock, store } = server;
	const telemetry = { ...server.context.telemetry, hourStrips: async () => [] };
	const parts = { clock, store, catalogue: () => catalogue, telemetry, demo: false, onChange: () => {} };
	Object.assign(server.context, { telemetry, catalogue: () => catalogue, fleet: createFleetSource(parts) });
});

const { tier: _, ...unburning } = exampleEvidence({ says: "Expected 820-1,130, saw 210.", p: 1 });
const deps = () => ({ ...server.context, catalogue: () => catalogue, publicUrl: server.context.baseUrl });

async function claims() {
	const answer = await server.ask("/api/v1/incidents/INC-1001", { headers: bearer(await server.tokenFor("viewer")) });
	const { evidence, claims: told } = answer.json();
	return {
		tier: evidence.tier?.key ?? null,
		detectors: told.map(({ detector }: { detector: string }) => detector),
		told,
	};
}

it("an incident shows the evidence of the strongest claim that stands, and the others behind it", async () => {
	const { store } = server.context;
	const seasonal = { detector: "seasonal", monitor: "usual", evidence: unburning, detectedAt: NOW } as const;
	await store.transaction((tx) => openForBreach(tx, deps(), breachOpened("woodgrove", seasonal), catalogue));
	expect(await claims()).toMatchObject({ tier: null, detectors: ["seasonal"] });
	const burn = breachOpened("woodgrove", { detectedAt: NOW + MINUTE_MS });
	await store.transaction((tx) => openForBreach(tx, deps(), burn, catalogue));
	expect(await claims()).toMatchObject({
		tier: "page-quick",
		detectors: ["burn-rate", "seasonal"],
		told: [
			{ monitor: "burn", at: NOW + MINUTE_MS, endedAt: null, says: expect.stringContaining("59 of 4,000") },
			{ monitor: "usual", at: NOW, endedAt: null, says: "Expected 820-1,130, saw 210." },
		],
	});
	await store.transaction((tx) => closeBreach(tx, deps(), breachClosed("woodgrove", NOW + 2 * MINUTE_MS)));
	expect(await claims()).toMatchObject({ tier: null, detectors: ["seasonal", "burn-rate"] });
});
