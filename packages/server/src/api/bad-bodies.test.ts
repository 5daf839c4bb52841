import { describe, expect, it } from "vitest";
import { bearer, useApiServer } from "../../testing/api-server.ts";
import { openApiDocument } from "./openapi-document.ts";

interface Schema {
	readonly type?: string | readonly string[];
	readonly enum?: readonly unknown[];
	readonly const?: unknown;
	readonly properties?: Readonly<Record<string, Schema>>;
	readonly required?: readonly string[];
	readonly anyOf?: readonly Schema[];
	readonly oneOf?: readonly Schema[];
	readonly items?: Schema;
	readonly maxLength?: number;
	readonly minItems?: number;
	readonly pattern?: string;
	readonly minimum?: number;
	readonly format?: string;
	readonly default?: unknown;
}

interface Operation {
	readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
}

/** What people and programs do not write: words of the schema library, and of the language it is written in. */
const JARGON = /Invalid input|Invalid option|received|undefined|\[object|NaN|Too (big|small)|Unrecognized/;
const JSON_BODY = "application/json";

/** Each route that takes JSON, with the schema of its object. */
async function routesWithBodies() {
	const { paths } = (await openApiDocument("0")) as { paths: Record<string, Record<string, Operation>> };
	return Object.entries(paths).flatMap(([path, methods]) =>
		Object.entries(methods).flatMap(([method, { requestBody }]) => {
			const schema = objectOf(requestBody?.content[JSON_BODY]?.schema);
			// What telemetry comes in has answers of its own.
			const isMeant = path.startsWith("/api/") && path !== "/api/v1/events";
			return schema?.properties && isMeant ? [{ path, method: method.toUpperCase(), schema }] : [];
		}),
	);
}

function objectOf(schema: Schema | undefined): Schema | undefined {
	return schema?.properties ? schema : (schema?.anyOf ?? schema?.oneOf)?.find((each) => each.properties);
}

/** Something that fits, as far as a field's schema alone tells. */
function sample(schema: Schema): unknown {
	if (schema.const !== undefined) return schema.const;
	if (schema.enum) return schema.enum[0];
	const [first] = schema.anyOf ?? schema.oneOf ?? [];
	if (first) return sample(first);
	switch (schema.type) {
		case "string":
			return schema.format === "uri" ? "https://flows.example/x" : "x";
		case "number":
		case "integer":
			return Math.max(1, schema.minimum ?? 1);
		case "boolean":
			return true;
		case "array":
			return schema.items ? [sample(schema.items)] : [];
		case "object":
			return Object.fromEntries(
				(schema.required ?? []).map((name) => [name, sample(schema.properties?.[name] ?? {})] as const),
			);
		default:
			return null;
	}
}

/** Ways to get it wrong, and the place that the answer must name. */
function* mistakes(
	schema: Schema,
): Generator<{ readonly what: string; readonly body: string; readonly place: string }> {
	const good = sample({ ...schema, type: "object" }) as Record<string, unknown>;
	const of = (change: Record<string, unknown>) => JSON.stringify({ ...good, ...change });
	yield { what: "not JSON", body: '{"text": ', place: "body" };
	yield { what: "a list", body: "[]", place: "body" };
	yield { what: "an unknown field", body: of({ unheardOf: 1 }), place: "body.unheardOf" };
	for (const name of schema.required ?? []) {
		const field = schema.properties?.[name];
		if (field?.default !== undefined) continue;
		const { [name]: _, ...rest } = good;
		yield { what: `${name} missing`, body: JSON.stringify(rest), place: `body.${name}` };
	}
	for (const [name, field] of Object.entries(schema.properties ?? {})) {
		yield { what: `${name} of a wrong type`, body: of({ [name]: { deep: ["x"] } }), place: `body.${name}` };
		if (field.enum) yield { what: `${name} not known`, body: of({ [name]: "purple" }), place: `body.${name}` };
		if (field.maxLength !== undefined) {
			const long = "x".repeat(field.maxLength + 1);
			yield { what: `${name} too long`, body: of({ [name]: long }), place: `body.${name}` };
		}
	}
}

describe("a body with a mistake", () => {
	const server = useApiServer();

	it("is refused by every route with the place, what stood there, and what to do", async () => {
		const headers = { ...bearer(await server.tokenFor("admin")), "content-type": JSON_BODY };
		const routes = await routesWithBodies();
		const said: string[] = [];
		for (const { path, method, schema } of routes) {
			const url = path.replaceAll(/\{\w+\}/g, "some-name");
			for (const { what, body, place } of mistakes(schema)) {
				const answer = await server.ask(url, { method: method as "POST", headers, payload: body });
				const { error } = answer.json();
				const where = `${method} ${path}, ${what}: ${answer.body}`;
				expect(answer.statusCode, where).toBe(400);
				expect(
					error.details?.some((each: { place: string }) => `${each.place}.`.startsWith(`${place}.`)),
					where,
				).toBe(true);
				expect([error.message.length > 10, error.remedy.length > 5], where).toEqual([true, true]);
				expect(`${error.message} ${error.remedy}`, where).not.toMatch(JARGON);
				expect(answer.body.length, where).toBeLessThan(4_000);
				said.push(`${method} ${path}, ${what}:\n  ${error.message} ${error.remedy}`);
			}
		}
		expect([routes.length > 30, said.length > 200]).toEqual([true, true]);
	});

	it.each([
		["query.limit", "GET", "/api/v1/incidents?limit=many", /query\.limit is "many"|query\.limit/],
		["query.state", "GET", "/api/v1/incidents?state=purple", /state/],
		["query.at", "GET", "/api/v1/oncall?at=noon", /"noon"/],
		["headers.if-match", "POST", "/api/v1/incidents/INC-1/acknowledge", /If-Match/],
	])("and so is one with a mistake in %s", async (place, method, url, words) => {
		const headers = { ...bearer(await server.tokenFor("admin")), "if-match": "seven" };
		const { error } = (await server.ask(url, { method: method as "GET", headers })).json();
		expect(error.details.map((each: { place: string }) => each.place)).toContain(place);
		expect(error.message).toMatch(words);
		expect(`${error.message} ${error.remedy}`).not.toMatch(JARGON);
	});

	it("names the field of an act on call, and repeats no secret", async () => {
		const headers = bearer(await server.tokenFor("admin"));
		const absence = { person: "nobody", from: server.clock.now(), to: server.clock.now() + 1 };
		const act = await server.ask("/api/v1/oncall/absences", { method: "POST", headers, payload: absence });
		expect([act.statusCode, act.json().error.details[0].place]).toEqual([409, "person"]);
		const token = { token: `bw_${"s3cret".repeat(200)}` };
		const signIn = await server.ask("/api/v1/session", { method: "POST", payload: token });
		expect([signIn.statusCode, signIn.body.includes("s3cret")]).toEqual([400, false]);
	});
});
