import { expect, it } from "vitest";
import { bearer, useApiServer } from "../../testing/api-server.ts";
import { openApiDocument } from "./openapi-document.ts";

const server = useApiServer();

interface Operation {
	readonly parameters?: readonly { readonly in: string; readonly name: string; readonly required?: boolean }[];
}

/** What proves itself by the sender's own signature: its addresses are called by programs that are not ours. */
const SIGNED = [/^\/api\/v1\/feeds\/\{/, /^\/api\/v1\/channels\/\{/, /^\/api\/v1\/integrations\/\{name\}\/events$/];
/** What telemetry comes in by, beside the framework. */
const INGEST = ["/api/v1/write", "/api/v1/events"];

it("a parameter that nobody reads is refused by every route, with those that it knows", async () => {
	const headers = bearer(await server.tokenFor("admin"));
	const { paths } = (await openApiDocument("0")) as { paths: Record<string, Record<string, Operation>> };
	let asked = 0;
	for (const [path, methods] of Object.entries(paths)) {
		const isTheirs = SIGNED.some((each) => each.test(path)) || INGEST.includes(path);
		if (!path.startsWith("/api/v1/") || isTheirs) continue;
		for (const [method, { parameters = [] }] of Object.entries(methods)) {
			const query = parameters.filter((each) => each.in === "query");
			const url = `${path.replaceAll(/\{\w+\}/g, "some-name")}?unheardOf=1`;
			const answer = await server.ask(url, { method: method.toUpperCase() as "GET", headers });
			const where = `${method} ${path}: ${answer.body}`;
			expect(answer.statusCode, where).toBe(400);
			asked++;
			// What is missing, in the body or the address, is said before what is too much.
			if (method !== "get" || query.some(({ required }) => required)) continue;
			const [unread] = answer.json().error.details;
			expect(unread.place, where).toBe("query.unheardOf");
			for (const { name } of query) expect(unread.remedy, where).toContain(name);
		}
	}
	expect(asked).toBeGreaterThan(80);
});

it.each([
	["/api/v1/channels/sms/receipts?message=msg_1&bodySHA256=0", "POST"],
	["/api/v1/feeds/status?sv=1", "POST"],
	["/api/v1/integrations/desk/events?sv=1", "POST"],
])("what a vendor adds to the address %s is let pass: its signature decides", async (url, method) => {
	expect((await server.ask(url, { method: method as "POST", payload: "{}" })).statusCode).toBe(401);
});
