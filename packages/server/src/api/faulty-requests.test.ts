import { type AddressInfo, connect } from "node:net";
import { describe, expect, it } from "vitest";
import { type Ask, bearer, useApiServer } from "../../testing/api-server.ts";

const server = useApiServer();
const { ask, tokenFor } = server;

describe("answers", () => {
	const faults: [string, string, Ask, number, string][] = [
		["no such route", "/api/v1/nothing", {}, 404, "not_found"],
		["another method", "/api/v1/fleet", { method: "POST" }, 405, "method_not_allowed"],
		[
			"another method on a route with an id",
			"/api/v1/incidents/INC-1",
			{ method: "DELETE" },
			405,
			"method_not_allowed",
		],
		[
			"JSON that is none",
			"/api/v1/config:validate",
			{ method: "POST", headers: { "content-type": "application/json" }, payload: "{" },
			400,
			"invalid_request",
		],
		[
			"a prototype in JSON",
			"/api/v1/config:validate",
			{ method: "POST", headers: { "content-type": "application/json" }, payload: '{"__proto__":{"a":1}}' },
			400,
			"invalid_request",
		],
		[
			"an empty body that says it is JSON",
			"/api/v1/config:validate",
			{ method: "POST", headers: { "content-type": "application/json" } },
			400,
			"invalid_request",
		],
		[
			"XML",
			"/api/v1/config:validate",
			{ method: "POST", headers: { "content-type": "text/xml" }, payload: "<a/>" },
			415,
			"unsupported_media_type",
		],
		[
			"a wrong field",
			"/api/v1/config:validate",
			{ method: "POST", payload: { files: [{ path: 1, text: "" }] } },
			400,
			"invalid_request",
		],
		["a faulty catalogue", "/api/v1/config:apply", { method: "POST" }, 422, "invalid_catalogue"],
		["a limit that is none", "/api/v1/incidents?limit=many", {}, 400, "invalid_request"],
		["a limit out of range", "/api/v1/incidents?limit=501", {}, 400, "invalid_request"],
		["a cursor that is none", "/api/v1/incidents?after=abc", {}, 400, "invalid_request"],
		["a state that is none", "/api/v1/incidents?state=red", {}, 400, "invalid_request"],
		["a range turned round", "/api/v1/tenants/~fleet/slis/x/windows?from=2000&to=1000", {}, 400, "invalid_request"],
		[
			"a range of too many windows",
			"/api/v1/tenants/~fleet/slis/x/windows?from=0&to=1000000000000",
			{},
			400,
			"invalid_request",
		],
		[
			"a resolution that is no multiple of 10 s",
			"/api/v1/tenants/~fleet/slis/x/windows?resolutionMs=15000",
			{},
			400,
			"invalid_request",
		],
		["an SLI that does not exist", "/api/v1/tenants/~fleet/slis/x/windows", {}, 404, "not_found"],
		["an incident that does not exist", "/api/v1/incidents/INC-1", {}, 404, "not_found"],
		["a notice that does not exist", "/api/v1/notices/ntc_1", {}, 404, "not_found"],
		[
			"a version that is none",
			"/api/v1/incidents/INC-1/acknowledge",
			{ method: "POST", headers: { "if-match": "seven" } },
			400,
			"invalid_request",
		],
		[
			"an import without its key",
			"/api/v1/import",
			{ method: "POST", headers: { "content-type": "application/x-ndjson" }, payload: "{}" },
			400,
			"invalid_request",
		],
		[
			"an import that is malformed",
			"/api/v1/import",
			{ method: "POST", headers: { "content-type": "application/x-ndjson", "idempotency-key": "k" }, payload: "[]" },
			400,
			"invalid_request",
		],
		[
			"a token with a control character in its name",
			"/api/v1/tokens",
			{ method: "POST", payload: { name: "a\u0000b", role: "viewer" } },
			400,
			"invalid_request",
		],
		[
			"a token with a role that is none",
			"/api/v1/tokens",
			{ method: "POST", payload: { name: "a", role: "system" } },
			400,
			"invalid_request",
		],
		[
			"a body over the limit",
			"/api/v1/incidents/INC-1/notes",
			{ method: "POST", payload: { text: "x".repeat(1_100_000) } },
			413,
			"too_large",
		],
		["an instant out of range", "/api/v1/oncall?at=-1", {}, 400, "invalid_request"],
	];
	it.each(faults)("to %s say what, why and what to do", async (_name, url, request, status, code) => {
		const token = await tokenFor("admin");
		const response = await ask(url, { ...request, headers: { ...bearer(token), ...request.headers } });
		const { error } = response.json();
		expect([response.statusCode, error.code]).toEqual([status, code]);
		expect(error.requestId).toBe(response.headers["x-request-id"]);
		expect([error.message.length > 10, error.remedy.length > 10]).toEqual([true, true]);
	});

	it.each(["%", "%ED%A0%80"])("name the path where %s in it is no text", async (part) => {
		const { error } = (await ask(`/api/v1/incidents/${part}`, { headers: bearer(await tokenFor("viewer")) })).json();
		expect(error).toMatchObject({ code: "invalid_request", details: [{ place: "path" }] });
	});

	it("refuse a resolution longer than anything is kept, even where floating point calls it a multiple", async () => {
		const path = "/api/v1/tenants/~fleet/slis/send/windows?resolutionMs=8640000000000001";
		const answer = await ask(path, { headers: bearer(await tokenFor("viewer")) });
		expect([answer.statusCode, answer.json().error.code]).toEqual([400, "invalid_request"]);
	});

	it.each([
		["no HTTP", "hello\r\n\r\n", 400],
		["headers without end", `GET / HTTP/1.1\r\nhost: x\r\na: ${"x".repeat(40_000)}\r\n\r\n`, 431],
	])("to %s are problems like all others", async (_name, bytes, status) => {
		await server.api.listen({ host: "127.0.0.1", port: 0 });
		const text = await new Promise<string>((resolve, reject) => {
			let received = "";
			const socket = connect((server.api.server.address() as AddressInfo).port, "127.0.0.1", () => socket.write(bytes));
			socket.on("data", (chunk) => {
				received += chunk;
			});
			socket.on("close", () => resolve(received));
			socket.on("error", reject);
		});
		const [head, body] = text.split("\r\n\r\n") as [string, string];
		expect(head).toContain(`HTTP/1.1 ${status} `);
		const { error } = JSON.parse(body);
		expect([error.message.length > 5, error.remedy.length > 5, error.requestId.length > 5]).toEqual([true, true, true]);
	});
});
