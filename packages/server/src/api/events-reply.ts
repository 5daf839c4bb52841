import type { EventsAnswer, IngestOptions, IngestOutcome } from "#telemetry";
import type { TelemetryReply } from "./otlp-reply.ts";

/** Status codes that the Events API answers besides 200. */
const CODES = {
	400: "invalid_request",
	401: "unauthenticated",
	403: "forbidden",
	405: "method_not_allowed",
	408: "invalid_request",
	409: "conflict",
	413: "too_large",
	415: "unsupported_media_type",
	429: "unavailable",
	503: "unavailable",
} as const;
type EventsFailureStatus = keyof typeof CODES;

const REMEDIES: Readonly<Record<EventsFailureStatus, string>> = {
	400: "Correct the request; see docs/api.md, Events.",
	401: "Ask an administrator for a token with the role ingest.",
	403: "Ask an administrator for a token with the role ingest.",
	405: "Send POST.",
	408: "Send the body in one go.",
	409: "Use a new Idempotency-Key for another body.",
	413: "Send it in smaller parts, each with an Idempotency-Key of its own.",
	415: "Send application/json or application/x-ndjson, plain or with gzip or zstd.",
	429: "Send it again with the same Idempotency-Key.",
	503: "Send it again with the same Idempotency-Key.",
};
const MAX_KEY_LENGTH = 200;

/** What the media type says of the body; undefined: it is not understood. */
export function eventsFormat(contentType = ""): IngestOptions["format"] {
	const type = contentType.split(";", 1)[0]?.trim().toLowerCase();
	if (type === "application/json") return "json";
	return type === "application/x-ndjson" || type === "application/jsonl" ? "ndjson" : undefined;
}

/** The answer to an Idempotency-Key that cannot be one, or undefined. */
export function keyFault(key: string | undefined): TelemetryReply | undefined {
	if (key === undefined || (key !== "" && key.length <= MAX_KEY_LENGTH)) return undefined;
	const message = `The Idempotency-Key has ${key.length} characters: write 1 to ${MAX_KEY_LENGTH}.`;
	return invalid("headers.idempotency-key", message, "Send a new key with each request, such as a UUID.");
}

export function eventsReply(outcome: IngestOutcome): TelemetryReply {
	switch (outcome.status) {
		case "accepted":
			return json(200, outcome.events as EventsAnswer);
		case "malformed":
			return invalid("body", `Nothing was counted: ${outcome.message}.`, REMEDIES[400]);
		case "key-conflict":
			return eventsFailure(409, `Nothing was counted: ${outcome.message}.`);
		case "too-large":
			return eventsFailure(413, `Nothing was counted: ${outcome.message}.`);
		case "unsupported":
			return eventsFailure(415, `Nothing was counted: ${outcome.message}.`);
		case "over-quota":
			return eventsFailure(429, `Nothing was counted: ${outcome.message}.`, outcome.retryAfterS);
		case "unavailable":
			return eventsFailure(503, `Nothing was counted: ${outcome.message}.`, outcome.retryAfterS);
	}
}

export function eventsFailure(status: EventsFailureStatus, message: string, retryAfterS?: number): TelemetryReply {
	const reply = json(status, { error: { code: CODES[status], message, remedy: REMEDIES[status] } });
	if (retryAfterS === undefined) return reply;
	return { ...reply, headers: { ...reply.headers, "retry-after": String(Math.max(1, Math.ceil(retryAfterS))) } };
}

/** As everywhere in the API, a request that cannot be taken as it is says where it is wrong. */
function invalid(place: string, message: string, remedy: string): TelemetryReply {
	const details = [{ place, message, remedy }];
	return json(400, { error: { code: CODES[400], message, remedy, details } });
}

function json(status: number, body: unknown): TelemetryReply {
	return {
		status,
		headers: { "content-type": "application/json; charset=utf-8", "cache-control": "no-store" },
		body: Buffer.from(JSON.stringify(body)),
	};
}
