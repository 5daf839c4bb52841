import { xAuthz } from "./policy.ts";
import { SOURCE_HEADER } from "./telemetry-routes.ts";

const instant = { type: "integer", description: "milliseconds since the Unix epoch, UTC" };
const counted = { type: "integer", minimum: 0 };

const Event = {
	type: "object",
	properties: {
		tenant: { type: "string", description: "name of a key tenant; any other name counts for the fleet" },
		attributes: { type: "object", description: "as of all telemetry; they may name the tenant" },
		slo: { type: "string", description: "the SLO that it is an event of; or name" },
		name: { type: "string", description: "selectors with `event` choose by it and the attributes" },
		at: {
			oneOf: [instant, { type: "string", format: "date-time" }],
			description: "default: when it arrived",
		},
		good: { type: "boolean" },
		bad: { type: "boolean" },
		value: { type: "number", description: "for an SLO with a threshold" },
		count: { type: "integer", minimum: 1, maximum: 1_000_000_000, description: "how many alike; default 1" },
		id: { type: "string", maxLength: 200, description: "its own id; needed without an Idempotency-Key" },
	},
};

const EventsTaken = {
	type: "object",
	properties: {
		received: counted,
		counted,
		duplicate: counted,
		ignored: { ...counted, description: "events whose name no SLO selects" },
		rejected: counted,
		errors: {
			type: "array",
			maxItems: 1_000,
			items: {
				type: "object",
				properties: {
					index: { ...counted, description: "place in the array, or of the line, from 0" },
					reason: { type: "string" },
					message: { type: "string" },
					remedy: { type: "string" },
				},
				required: ["index", "reason", "message", "remedy"],
			},
		},
	},
	required: ["received", "counted", "duplicate", "ignored", "rejected", "errors"],
};

/** The routes of telemetry bypass the framework; they stand in the document like all others. */
export function withTelemetryRoutes(document: { readonly paths?: object }): object {
	const authz = xAuthz({
		roles: ["ingest", "admin"],
		tenant: "none",
		object: "on a loopback bind without a token file: anyone on this machine",
	});
	const sourceHeader = {
		name: SOURCE_HEADER,
		in: "header",
		description: "declared source of this kind that the request is of",
		schema: { type: "string" },
	};
	const keyHeader = {
		name: "Idempotency-Key",
		in: "header",
		description: "the same key with the same body gives the same answer for 48 h and counts nothing",
		schema: { type: "string", minLength: 1, maxLength: 200 },
	};
	const binary = { schema: { type: "string", contentMediaType: "application/octet-stream" } };
	const otlp = { "application/x-protobuf": binary, "application/json": { schema: { type: "object" } } };
	const post = (summary: string, content: object, more: object, parameters: readonly object[] = [sourceHeader]) => ({
		post: {
			summary,
			tags: ["telemetry"],
			"x-authz": authz,
			parameters,
			requestBody: { required: true, content },
			responses: { ...more, ...FAILURES },
		},
	});
	const events = {
		"application/json": { schema: { oneOf: [{ type: "array", maxItems: 100_000, items: Event }, Event] } },
		"application/x-ndjson": { schema: { type: "string", description: "an event per line" } },
	};
	const durable = { description: "durable" };
	return {
		...document,
		paths: {
			...document.paths,
			"/v1/metrics": post("OTLP/HTTP metrics; gzip, zstd or identity", otlp, { 200: durable }),
			"/v1/traces": post("OTLP/HTTP spans as events; gzip, zstd or identity", otlp, { 200: durable }),
			"/v1/logs": post("OTLP/HTTP log records as events; gzip, zstd or identity", otlp, { 200: durable }),
			"/api/v1/write": post(
				"Prometheus remote write 1.0 and 2.0, snappy",
				{ "application/x-protobuf": binary },
				{ 204: durable },
			),
			"/api/v1/events": post(
				"Events, each good or bad, counted once by id or Idempotency-Key; gzip, zstd or identity",
				events,
				{
					200: {
						description: "durable; good entries count although others are wrong",
						content: { "application/json": { schema: EventsTaken } },
					},
					409: { description: "this Idempotency-Key came with another body" },
				},
				[sourceHeader, keyHeader],
			),
		},
	};
}

const FAILURES = {
	400: { description: "malformed; do not send again" },
	401: { description: "no token" },
	403: { description: "the token may not write telemetry" },
	408: { description: "the body came too slowly" },
	413: { description: "body too large" },
	415: { description: "content type or encoding not understood" },
	429: { description: "too much at once, or more than its source or tenants may send; see Retry-After" },
	503: { description: "nothing was taken; see Retry-After" },
};
