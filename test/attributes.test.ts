import { afterEach, describe, expect, it } from "vitest";
import { catalogueFiles, idOf, writeCatalogue } from "./support/catalogue.ts";
import { attribute, nanos, sendJson } from "./support/otlp.ts";
import { cleanUp, eventually, type RunningServer, serve, temporaryFolder } from "./support/server.ts";

afterEach(cleanUp);

const MINUTE_MS = 60_000;

interface Attributes {
	readonly kept: string[];
	readonly where: { answer: string; culprits: { values: Record<string, string>; bad: number }[] } | null;
	readonly attributes: {
		readonly by: string[];
		readonly total: number;
		readonly items: { values: string[]; bad: number; total: number; shareOfBad: number; isExact: boolean }[];
		readonly other: { total: number };
	}[];
}

/** Mails of one minute from one region. */
function sendRegion(server: RunningServer, tenant: string, region: string, counts: { ok: number; failed: number }) {
	const at = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS;
	const dataPoints = Object.entries(counts).map(([result, count]) => ({
		startTimeUnixNano: nanos(at - MINUTE_MS),
		timeUnixNano: nanos(at),
		asInt: String(count),
		attributes: [attribute("result", result)],
	}));
	const metrics = [{ name: "mail.sends", sum: { aggregationTemporality: 1, isMonotonic: true, dataPoints } }];
	const resource = {
		attributes: [attribute("tenant.id", tenant), attribute("cloud.region", region), attribute("service.version", "7")],
	};
	return sendJson(server, { resourceMetrics: [{ resource, scopeMetrics: [{ scope: { name: "test" }, metrics }] }] });
}

describe("events by their attributes", () => {
	it("tell where an SLI fails, beside the fleet, and are the same after the process was killed", async () => {
		const catalogue = writeCatalogue(catalogueFiles({ tenants: [{ name: "woodgrove" }], slos: ["send"] }));
		const data = temporaryFolder();
		const server = await serve({ catalogue, data });
		expect((await sendRegion(server, idOf("woodgrove"), "eu", { ok: 60, failed: 40 })).status).toBe(200);
		expect((await sendRegion(server, idOf("woodgrove"), "us", { ok: 200, failed: 10 })).status).toBe(200);
		expect((await sendRegion(server, "somebody", "eu", { ok: 500, failed: 0 })).status).toBe(200);

		const path = (tenant: string) => `/api/v1/tenants/${tenant}/slis/send/attributes`;
		const regions = async (from: RunningServer, tenant: string) => {
			const { attributes } = await from.read<Attributes>(`${path(tenant)}?by=cloud.region`);
			return attributes[0];
		};
		const expectCounted = async (from: RunningServer) => {
			const own = await eventually("all is counted by region", async () => {
				const found = await regions(from, "woodgrove");
				return found?.total === 310 && found;
			});
			expect(own.items).toMatchObject([
				{ values: ["eu"], bad: 40, total: 100, shareOfBad: 0.8, isExact: true },
				{ values: ["us"], bad: 10, total: 210, shareOfBad: 0.2, isExact: true },
			]);
			expect(own.other.total).toBe(0);
			const fleet = await eventually("the fleet's are counted too", async () => {
				const found = await regions(from, "~fleet");
				return found?.total === 810 && found;
			});
			expect(fleet.items[0]).toMatchObject({ values: ["eu"], bad: 40, total: 600 });
		};
		await expectCounted(server);

		const all = await server.read<Attributes>(path("woodgrove"));
		expect(all.attributes.map(({ by }) => by)).toEqual(all.kept.map((name) => [name]));
		expect(all.where).toMatchObject({ answer: "culprit", culprits: [{ values: { "cloud.region": "eu" }, bad: 40 }] });
		const together = await server.read<Attributes>(`${path("woodgrove")}?by=*&limit=1`);
		expect(together.attributes[0]?.items).toMatchObject([{ values: ["eu", "", "", "7"], bad: 40 }]);
		const refused = await server.call(`${path("woodgrove")}?by=zone`);
		expect(refused).toMatchObject({ status: 400, json: { error: { code: "invalid_request" } } });
		expect((await server.call(path("nobody"))).status).toBe(404);

		await server.stop("SIGKILL");
		await expectCounted(await serve({ catalogue, data }));
	});
});
