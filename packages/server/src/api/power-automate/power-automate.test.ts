import SwaggerParser from "@apidevtools/swagger-parser";
import { Webhook } from "standardwebhooks";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { breachOpened } from "../../../testing/catalogue.ts";
import { openReceiver, type ServedRooms, serveRooms } from "../../../testing/served-rooms.ts";
import { openApiDocument } from "../openapi-document.ts";
import { TOLD } from "../schemas-subscriptions.ts";
import { connectorDefinition, UnknownOperation } from "./connector.ts";
import { powerAutomateFiles } from "./index.ts";
import { OPERATIONS } from "./operations.ts";

// Sockets and a store on disk set the pace: on a busy machine everything takes longer.
vi.setConfig({ testTimeout: 30_000 });

interface SwaggerParameter {
	readonly name: string;
	readonly in: string;
	readonly schema?: { readonly properties: Readonly<Record<string, Readonly<Record<string, unknown>>>> };
}
interface SwaggerOperation {
	readonly operationId: string;
	readonly summary: string;
	readonly description: string;
	readonly parameters: readonly SwaggerParameter[];
	readonly responses: Readonly<Record<string, unknown>>;
	readonly [extension: `x-ms-${string}`]: unknown;
}
const URL_OF_SERVER = "https://bellwether.vendor.example/base";
let files: Map<string, string>;
let swagger: { readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>> };

beforeAll(async () => {
	files = new Map(
		powerAutomateFiles(await openApiDocument("1.2.3"), URL_OF_SERVER).map(({ path, text }) => [path, text]),
	);
	swagger = JSON.parse(files.get("apiDefinition.swagger.json") as string);
});

function* everyObject(value: unknown): Generator<Record<string, unknown>> {
	if (typeof value !== "object" || value === null) return;
	if (!Array.isArray(value)) yield value as Record<string, unknown>;
	for (const each of Object.values(value)) yield* everyObject(each);
}

function operations() {
	return Object.entries(swagger.paths).flatMap(([path, item]) =>
		Object.entries(item)
			.filter(([method]) => ["get", "post", "put", "delete"].includes(method))
			.map(([method, operation]) => ({ path, method, item, operation: operation as SwaggerOperation })),
	);
}

function operationOf(id: string) {
	const found = operations().find(({ operation }) => operation.operationId === id);
	if (!found) throw new Error(`the connector has no ${id}`);
	return found;
}

describe("the custom connector", () => {
	it("is OpenAPI 2.0 by the parser's word", async () => {
		const parsed = await SwaggerParser.validate(structuredClone(swagger) as never);
		expect(parsed).toMatchObject({
			swagger: "2.0",
			host: "bellwether.vendor.example",
			basePath: "/base",
			schemes: ["https"],
		});
	});

	it("says nothing that OpenAPI 2.0 or a designer cannot read", () => {
		for (const each of everyObject(swagger)) {
			for (const key of ["anyOf", "oneOf", "allOf", "$ref", "const", "nullable"]) expect(each).not.toHaveProperty(key);
			if (typeof each.type !== "object") expect(Array.isArray(each.type)).toBe(false);
		}
	});

	it("has a unique id, a short summary and a sentence for each operation, and a title for each field", () => {
		const all = operations();
		expect(new Set(all.map(({ operation }) => operation.operationId)).size).toBe(OPERATIONS.length);
		for (const { operation } of all) {
			const { summary, description, operationId } = operation;
			expect(summary.length, operationId).toBeLessThanOrEqual(80);
			expect(summary, operationId).not.toMatch(/[.!?]$/);
			expect(description, operationId).toMatch(/[.!?…]$/);
		}
		for (const { operation } of all)
			for (const parameter of operation.parameters)
				if (parameter.in !== "body") expect(parameter).toHaveProperty("x-ms-summary");
	});

	it("has the actions and triggers that flows need", () => {
		expect(operations().map(({ operation }) => operation.operationId)).toEqual([
			"OnIncidentOpened",
			"OnIncidentChanged",
			"OnBreachOpened",
			"EndSubscription",
			"ListIncidents",
			"CreateIncident",
			"GetIncident",
			"AcknowledgeIncident",
			"AddNote",
			"MitigateIncident",
			"ResolveIncident",
			"GetNotice",
			"EditNotice",
			"SendNotice",
			"InvokeMCP",
		]);
		for (const { operation, item } of operations().filter(({ operation }) => operation["x-ms-trigger"])) {
			expect(operation["x-ms-trigger"]).toBe("single");
			const [body] = operation.parameters;
			const callbackUrl = body?.schema?.properties.callbackUrl;
			expect(callbackUrl).toMatchObject({ "x-ms-notification-url": true, "x-ms-visibility": "internal" });
			expect(operation.responses["201"]).toMatchObject({ headers: { Location: { type: "string" } } });
			expect(item["x-ms-notification-content"]).toHaveProperty("schema.properties.data.properties.tenant");
		}
		const byId = (id: string) => operations().find(({ operation }) => operation.operationId === id)?.operation;
		expect(byId("EndSubscription")).toMatchObject({ "x-ms-visibility": "internal" });
		expect(byId("InvokeMCP")).toMatchObject({ "x-ms-agentic-protocol": "mcp-streamable-1.0" });
	});

	it("is refused when the API has lost one of its routes", () => {
		expect(() => connectorDefinition({ info: { version: "1" }, paths: {} }, URL_OF_SERVER)).toThrow(UnknownOperation);
	});

	it("comes with flows that call nothing which it does not have", () => {
		const known = new Map(operations().map(({ operation }) => [operation.operationId, operation]));
		for (const path of ["flows/icm-ticket.json", "flows/icm-ticket-by-signed-trigger.json"]) {
			const flow = JSON.parse(files.get(path) as string);
			let calls = 0;
			for (const { host, parameters } of everyObject(flow)) {
				const { operationId } = (host ?? {}) as { operationId?: string };
				if (operationId === undefined) continue;
				calls++;
				const operation = known.get(operationId) as SwaggerOperation;
				expect(operation, operationId).toBeDefined();
				const names = operation.parameters.flatMap((parameter) => {
					const { name, schema } = parameter;
					return schema ? Object.keys(schema.properties).map((field) => `body/${field}`) : [name];
				});
				for (const name of Object.keys(parameters as object)) expect(names, operationId).toContain(name);
			}
			expect(calls, path).toBeGreaterThan(1);
		}
		expect(files.get("flows/icm-ticket-by-signed-trigger.json")).toContain("equals(triggerBody()?['clientstate']");
	});

	it("tells how to use it, under the server's own address", () => {
		expect(files.get("README.md")).toContain("https://bellwether.vendor.example/base");
		expect(files.get("apiProperties.json")).toContain("Bearer @connectionParameters('api_key')");
	});
});

/** As the platform does it: reads the connector, puts its own address where it is marked, keeps Location for the end. */
function platform(served: ServedRooms, token: string) {
	return {
		async turnOn(operationId: string, callbackUrl: string, filter: Record<string, unknown> = {}) {
			const found = operationOf(operationId);
			const [body] = found.operation.parameters;
			const marked = Object.entries(body?.schema?.properties ?? {}).find(([, each]) => each["x-ms-notification-url"]);
			const answer = await served.ask(found.path, token, {
				method: found.method.toUpperCase(),
				body: { ...filter, [marked?.[0] as string]: callbackUrl },
			});
			return { status: answer.status, location: answer.headers.get("location") ?? "", body: answer.body };
		},
		turnOff: async (location: string) => (await served.ask(location, token, { method: "DELETE" })).status,
	};
}

describe("Power Automate", () => {
	it("subscribes, is called, signed and once for each incident, and unsubscribes", async () => {
		const receiver = await openReceiver();
		const served = await serveRooms({ callbacks: [receiver.host] });
		const { token } = await served.token("responder", { name: "flows" });
		const { turnOn, turnOff } = platform(served, token);
		const on = await turnOn("OnIncidentOpened", receiver.url, { severities: ["2.5"], clientState: "s3cret" });
		expect(on.status).toBe(201);
		expect(on.location).toContain(`${served.url}/api/v1/subscriptions/sub_`);
		expect(JSON.stringify(on.body)).not.toContain("SECRET");

		await served.claim(breachOpened("woodgrove"));
		await served.deliver();
		expect(receiver.got).toHaveLength(1);
		const [{ headers: sent, body }] = receiver.got as [(typeof receiver.got)[0]];
		const told = TOLD["incident.opened"].parse(JSON.parse(body));
		expect(told).toMatchObject({
			specversion: "1.0",
			type: "dev.bellwether.incident.opened",
			subject: "INC-1001",
			clientstate: "s3cret",
			data: { id: "INC-1001", severity: "2.5", tenant: "woodgrove", state: "detected", detectedBy: "monitor" },
		});
		expect(sent["webhook-id"]).toBe(told.id);
		const seconds = Number(sent["webhook-timestamp"]);
		vi.setSystemTime(seconds * 1000);
		expect(() => new Webhook(on.body.secret).verify(body, sent as Record<string, string>)).not.toThrow();
		vi.useRealTimers();

		// Gateways name a content type also where there is no body.
		const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
		const acknowledged = await fetch(`${served.url}/api/v1/incidents/INC-1001/acknowledge`, {
			method: "POST",
			headers,
		});
		expect(acknowledged.status).toBe(200);
		expect((await fetch(on.location, { method: "DELETE", headers })).status).toBe(204);
		expect(await turnOff(on.location)).toBe(404);
		await served.claim(breachOpened("city-power"));
		await served.deliver();
		expect(receiver.got).toHaveLength(1);
	});

	it("hears of changes and breaches by triggers of their own, with what happened", async () => {
		const receiver = await openReceiver();
		const served = await serveRooms({ callbacks: [receiver.host] });
		const { token } = await served.token("responder", { name: "flows" });
		const { turnOn } = platform(served, token);
		await turnOn("OnIncidentChanged", `${receiver.url}&n=1`);
		await turnOn("OnBreachOpened", `${receiver.url}&n=2`);
		await served.claim(breachOpened("woodgrove"));
		await served.ask("/api/v1/incidents/INC-1001/acknowledge", token, { method: "POST" });
		await served.deliver();
		const told = receiver.got.map(({ body }) => JSON.parse(body) as { type: string; data: { change: unknown } });
		const breach = TOLD["breach.opened"].parse(told.find(({ type }) => type === "dev.bellwether.breach.opened"));
		expect(breach.data).toMatchObject({ tenant: "woodgrove", slo: "policy-create", incident: "INC-1001", bad: 59 });
		const changes = told.filter(({ type }) => type === "dev.bellwether.incident.changed");
		for (const change of changes) TOLD["incident.changed"].parse(change);
		expect(changes.map(({ data }) => data.change)).toContainEqual({
			type: "incident.acknowledged",
			by: "flows",
			text: "Acknowledged by flows.",
		});
	});

	it("acts on an incident through the connector's actions alone, from a customer's report to its resolution", async () => {
		const served = await serveRooms();
		const { token } = await served.token("responder", { name: "flows" });
		const act = async (operationId: string, id: string, body?: object) => {
			const found = operationOf(operationId);
			return served.ask(found.path.replace("{id}", id), token, {
				method: found.method.toUpperCase(),
				body,
			});
		};
		const report = {
			tenant: "woodgrove",
			workload: "policy",
			reportedBy: "customer",
			text: "Nothing can be created.",
			key: "case-7",
		};
		const made = await act("CreateIncident", "", report);
		expect(made.status).toBe(201);
		expect(made.body).toMatchObject({
			id: "INC-1001",
			severity: { key: "2.5" },
			state: "detected",
			sentence: report.text,
		});
		expect((await act("CreateIncident", "", report)).status).toBe(200);
		expect(await served.incident("INC-1001")).toMatchObject({ detectedBy: "customer", pagedAt: served.clock.now() });
		for (const [operation, body] of [
			["AddNote", { text: "Seen." }],
			["AcknowledgeIncident", undefined],
			["MitigateIncident", undefined],
			["ResolveIncident", { verdict: "real-impact" }],
		] as const) {
			expect((await act(operation, "INC-1001", body)).status, operation).toBe(200);
		}
		expect((await act("GetIncident", "INC-1001")).body).toMatchObject({ state: "resolved", acknowledgedBy: "flows" });
		expect((await act("ListIncidents", "")).body.items).toHaveLength(1);
		const [notice] = (await act("GetIncident", "INC-1001")).body.notices.filter(
			({ audience }: { audience: string }) => audience === "customer",
		);
		expect((await act("EditNotice", notice.id, { subject: "Solved", body: "It works again." })).status).toBe(200);
		expect((await act("SendNotice", notice.id)).body).toMatchObject({ state: "approved", approvedBy: "flows" });
	});
});
