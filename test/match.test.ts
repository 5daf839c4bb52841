import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { catalogueFiles, writeCatalogue } from "./support/catalogue.ts";
import { cleanUp, type RunningServer, serve, temporaryFolder } from "./support/server.ts";

afterEach(cleanUp);

const COHORT = `apiVersion: bellwether/v1
kind: Cohort
metadata: { name: region }
spec: { attribute: cloud.region, groups: { eu: [berlin, paris] } }
`;

/** One mail of each tenant id, sent from a region. */
function mails(ids: readonly string[], at: number, region: string) {
	const attribute = (key: string, stringValue: string) => ({ key, value: { stringValue } });
	const dataPoints = ids.map((id) => ({
		attributes: [attribute("tenant.id", id), attribute("cloud.region", region), attribute("result", "ok")],
		startTimeUnixNano: `${at - 1_000}000000`,
		timeUnixNano: `${at}000000`,
		asInt: "1",
	}));
	const sum = { aggregationTemporality: 1, isMonotonic: true, dataPoints };
	return { resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: "mail.sends", sum }] }] }] };
}

async function send(server: RunningServer, body: object): Promise<void> {
	const answer = await server.call("/v1/metrics", { method: "POST", json: body });
	expect([answer.status, answer.json]).toEqual([200, {}]);
}

async function total(server: RunningServer, tenant: string, at: number): Promise<number> {
	const path = `/api/v1/tenants/${tenant}/slis/send/windows?from=${at - 3_600_000}&to=${at + 60_000}&resolutionMs=10000`;
	const { windows } = await server.read<{ windows: { total: number }[] }>(path);
	return windows.reduce((sum, window) => sum + window.total, 0);
}

describe("a customer that nobody watches yet", () => {
	it("is found among the ids of the telemetry and becomes a key tenant in one call", async () => {
		const files = catalogueFiles({ tenants: [{ name: "woodgrove" }], slos: ["send"] });
		const catalogue = writeCatalogue({ ...files, "tenants/cohorts.yaml": COHORT });
		const data = temporaryFolder();
		const server = await serve({ catalogue, data });
		const at = Math.floor(Date.now() / 10_000) * 10_000 - 20_000;
		await send(server, mails(["id-of-woodgrove", "id-of-adatum", "someone"], at, "paris"));
		await send(server, mails(["id-of-adatum"], at + 1_000, "oslo"));
		expect([await total(server, "~fleet", at), await total(server, "~region:eu", at)]).toEqual([4, 3]);
		const unmatched = await server.read<{ items: object[] }>("/api/v1/match?state=unmatched&search=adatum");
		expect(unmatched.items).toEqual([
			expect.objectContaining({ attribute: "tenant.id", value: "id-of-adatum", tenant: null, streams: 2, points: 2 }),
		]);

		const before = Date.now();
		const made = await server.call("/api/v1/match/key-tenants", {
			method: "POST",
			json: {
				attribute: "tenant.id",
				value: "id-of-adatum",
				name: "adatum",
				displayName: "Adatum",
				workloads: ["mail"],
			},
		});
		expect([made.status, made.json.status, made.json.file.path]).toEqual([200, "applied", "tenants/adatum.yaml"]);
		expect(readFileSync(join(catalogue, "tenants/adatum.yaml"), "utf8")).toBe(made.json.file.text);
		await send(server, mails(["id-of-adatum"], at + 2_000, "paris"));
		expect([await total(server, "adatum", at), await total(server, "~fleet", at)]).toEqual([1, 5]);
		const matched = await server.read<{ items: object[] }>("/api/v1/match?state=matched&search=adatum");
		expect(matched.items).toContainEqual(expect.objectContaining({ tenant: "adatum" }));
		const register = await server.read<{ version: { since: number } }>("/api/v1/tenants/adatum/register");
		expect(register).toMatchObject({ ids: [{ attribute: "tenant.id", values: ["id-of-adatum"], isEffective: true }] });
		expect(register.version.since).toBeGreaterThanOrEqual(before);
		const { tenants } = await server.read<{ tenants: { name: string }[] }>("/api/v1/fleet");
		expect(tenants.map((tenant) => tenant.name).sort()).toEqual(["adatum", "woodgrove"]);

		await server.stop("SIGKILL");
		const again = await serve({ catalogue, data });
		await send(again, mails(["id-of-adatum"], at + 2_000, "paris"));
		expect([await total(again, "adatum", at), await total(again, "~region:eu", at)]).toEqual([1, 4]);
	});
});
