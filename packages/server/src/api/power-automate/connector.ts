import { z } from "zod";
import { TOLD } from "../schemas-subscriptions.ts";
import { OPERATIONS, type Operation } from "./operations.ts";
import { type SwaggerSchema, sentence, swaggerSchema, title } from "./swagger-schema.ts";

/** What is read of the API's own OpenAPI 3.1 document. */
interface ApiDocument {
	readonly info: { readonly version: string };
	readonly paths: Readonly<Record<string, Readonly<Record<string, ApiOperation>>>>;
}
interface ApiOperation {
	readonly parameters?: readonly ApiParameter[];
	readonly requestBody?: { readonly content?: Readonly<Record<string, { readonly schema?: object }>> };
	readonly responses?: Readonly<
		Record<string, { readonly content?: Readonly<Record<string, { readonly schema?: object }>> }>
	>;
}
interface ApiParameter {
	readonly name: string;
	readonly in: string;
	readonly required?: boolean;
	readonly description?: string;
	readonly schema?: object;
}

/** A line of the connector that the API does not have: the two have grown apart, and a test says so. */
export class UnknownOperation extends Error {
	override readonly name = "UnknownOperation";
}

/**
 * The API as a custom connector: OpenAPI 2.0 with the extensions of Power Platform
 * (https://learn.microsoft.com/connectors/custom-connectors/openapi-extensions). `url`: where the server is reached.
 */
export function connectorDefinition(document: object, url: string): Record<string, unknown> {
	const api = document as ApiDocument;
	const { host, protocol, pathname } = new URL(url);
	const paths: Record<string, Record<string, unknown>> = {};
	for (const operation of OPERATIONS) {
		const found = api.paths[operation.path]?.[operation.method];
		if (!found) throw new UnknownOperation(`the API has no ${operation.method} ${operation.path}`);
		const item = paths[operation.path] ?? {};
		paths[operation.path] = item;
		if (operation.trigger) {
			const schema = z.toJSONSchema(TOLD[operation.trigger], { target: "draft-7", io: "input" });
			item["x-ms-notification-content"] = {
				description: sentence(`What is sent: ${operation.trigger}`),
				schema: swaggerSchema(schema as never),
			};
		}
		item[operation.method] = operationOf(operation, found);
	}
	return {
		swagger: "2.0",
		info: {
			title: "Bellwether",
			description: "Incidents of key tenants: start flows with them, and act on them.",
			version: api.info.version,
		},
		host,
		basePath: pathname.replace(/\/$/, "") || "/",
		schemes: [protocol.replace(":", "")],
		consumes: ["application/json"],
		produces: ["application/json"],
		paths,
		definitions: {},
		parameters: {},
		responses: {},
		securityDefinitions: {
			api_key: { type: "apiKey", in: "header", name: "Authorization" },
		},
		security: [{ api_key: [] }],
		tags: [],
	};
}

function operationOf(operation: Operation, api: ApiOperation): Record<string, unknown> {
	const { id, summary, description, visibility, trigger, hint } = operation;
	return {
		operationId: id,
		summary,
		description: sentence(description),
		...(visibility ? { "x-ms-visibility": visibility } : {}),
		...(trigger ? { "x-ms-trigger": "single", "x-ms-trigger-hint": hint } : {}),
		...(operation.isAgents ? { "x-ms-agentic-protocol": "mcp-streamable-1.0" } : {}),
		parameters: operation.isAgents ? [] : [...parametersOf(operation, api), ...bodyOf(operation, api)],
		responses: responsesOf(operation, api),
	};
}

function parametersOf(operation: Operation, api: ApiOperation): Record<string, unknown>[] {
	return (api.parameters ?? [])
		.filter((parameter) => parameter.in === "path" || parameter.in === "query")
		.map(({ name, in: place, required, description, schema }) => {
			const { description: own, "x-nullable": _, ...plain } = swaggerSchema((schema ?? { type: "string" }) as never);
			const isKept = place === "path" || operation.important?.includes(name);
			const words = description ?? own ?? `The ${title(name).toLowerCase()}`;
			return {
				name,
				in: place,
				required: place === "path" || required === true,
				...plain,
				type: plain.type ?? "string",
				description: sentence(words),
				"x-ms-summary": title(name),
				...visibilityOf(operation, isKept === true),
				...(place === "path" ? { "x-ms-url-encoding": "single" } : {}),
			};
		});
}

function bodyOf(operation: Operation, api: ApiOperation): Record<string, unknown>[] {
	const schema = api.requestBody?.content?.["application/json"]?.schema;
	if (!schema) return [];
	const body = swaggerSchema(schema as never);
	delete body["x-nullable"];
	if (!body.properties) return [];
	for (const [name, property] of Object.entries(body.properties)) {
		const isRequired = body.required?.includes(name) === true;
		property.description ??= sentence(`The ${title(name).toLowerCase()}`);
		if (name === "callbackUrl") {
			property["x-ms-notification-url"] = true;
			property["x-ms-visibility"] = "internal";
		} else Object.assign(property, visibilityOf(operation, isRequired || operation.important?.includes(name) === true));
	}
	return [{ name: "body", in: "body", required: true, schema: body }];
}

function visibilityOf(operation: Operation, isImportant: boolean): { readonly "x-ms-visibility"?: string } {
	if (operation.visibility === "internal") return {};
	return { "x-ms-visibility": isImportant ? "important" : "advanced" };
}

function responsesOf(operation: Operation, api: ApiOperation): Record<string, unknown> {
	const [status, answer] = Object.entries(api.responses ?? {}).find(([code]) => /^2\d\d$/.test(code)) ?? ["200", {}];
	const json = answer.content?.["application/json"]?.schema;
	const schema = json && !operation.isAgents ? swaggerSchema(json as never) : undefined;
	if (schema?.properties && operation.answers) {
		const { answers } = operation;
		schema.properties = Object.fromEntries(
			Object.entries(schema.properties).filter(([name]) => (answers as readonly string[]).includes(name)),
		);
		const required = schema.required?.filter((name) => (answers as readonly string[]).includes(name));
		if (required) schema.required = required;
	}
	const isFilled = schema !== undefined && (schema.properties !== undefined || schema.type === "array");
	return {
		[status]: {
			description: "Done.",
			...(isFilled ? { schema } : {}),
			...(operation.trigger
				? { headers: { Location: { type: "string", description: "Address at which DELETE ends the subscription." } } }
				: {}),
		},
		default: { description: "What went wrong, and what to do about it.", schema: REFUSAL },
	};
}

const REFUSAL: SwaggerSchema = {
	type: "object",
	properties: {
		error: {
			type: "object",
			properties: {
				code: { type: "string", "x-ms-summary": "Code" },
				message: { type: "string", "x-ms-summary": "What, where, why" },
				remedy: { type: "string", "x-ms-summary": "What to do" },
				requestId: { type: "string", "x-ms-summary": "Request ID" },
			},
		},
	},
};

/** How a connection signs in: a token, without the word before it. */
export function connectorProperties(): Record<string, unknown> {
	return {
		properties: {
			connectionParameters: {
				api_key: {
					type: "securestring",
					uiDefinition: {
						displayName: "Token",
						description: "Token of the flow, without the word Bearer: bellwether token --role responder --name flows",
						tooltip: "It sees the tenants that it was made for; what the flow is told follows it.",
						constraints: { tabIndex: 2, clearText: false, required: "true" },
					},
				},
			},
			iconBrandColor: "#0b6a6f",
			capabilities: [],
			publisher: "Bellwether",
			stackOwner: "Bellwether",
			policyTemplateInstances: [
				{
					templateId: "setheader",
					title: "Authorization",
					parameters: {
						"x-ms-apimTemplateParameter.name": "Authorization",
						"x-ms-apimTemplateParameter.value": "Bearer @connectionParameters('api_key')",
						"x-ms-apimTemplateParameter.existsAction": "override",
						"x-ms-apimTemplate-policySection": "Request",
					},
				},
			],
		},
	};
}
