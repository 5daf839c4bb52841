import { beforeEach, expect, test } from "vitest";
import { parseCatalogue, starterFiles } from "#catalogue";
import { bearer, useApiServer } from "../../../testing/api-server.ts";

const server = useApiServer();
beforeEach(() => {
	const { catalogue } = parseCatalogue(starterFiles());
	Object.assign(server.context, { catalogue: () => catalogue });
});

async function read(tenant: string, slo = "file-open") {
	const headers = bearer(await server.tokenFor("viewer"));
	return server.ask(`/api/v1/tenants/${tenant}/slis/${slo}/effective`, { headers });
}

test("every value comes with what set it and where that is written", async () => {
	const { items } = (await read("woodgrove")).json();
	const severity = items.find((each: { field: string }) => each.field === "severity");
	expect(severity).toMatchObject({ monitor: "burn-rate", value: "2.5", setBy: "monitor", name: "burn-rate" });
	expect(severity.place).toMatch(/^monitors\/\S+\.yaml:\d+$/);
	expect(items[0]).toMatchObject({ field: "objective", monitor: null });
	expect((await read("~fleet")).json().items[0]).toMatchObject({ field: "objective", setBy: "slo" });
});

test("what is not there is not found", async () => {
	expect((await read("nobody")).statusCode).toBe(404);
	expect((await read("woodgrove", "nothing")).statusCode).toBe(404);
});

test("a test of a monitor asks for an admin, and for a pair that exists", async () => {
	const fire = async (role: "viewer" | "admin", monitor = "burn-rate", tenant = "woodgrove") => {
		const headers = bearer(await server.tokenFor(role));
		const payload = { tenant, slo: "file-open" };
		return (await server.ask(`/api/v1/monitors/${monitor}:test`, { method: "POST", headers, payload })).statusCode;
	};
	expect(await fire("viewer")).toBe(403);
	expect(await fire("admin", "nothing")).toBe(404);
	expect(await fire("admin", "burn-rate", "nobody")).toBe(404);
	Object.assign(server.context, { telemetry: { ...server.context.telemetry, drill: async () => true } });
	expect(await fire("admin")).toBe(202);
});
