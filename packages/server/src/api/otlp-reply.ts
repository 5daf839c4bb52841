import type { IngestOutcome, Written } from "#telemetry";

/** What an export request holds, as its partial success names it. */
export type OtlpItems = "DataPoints" | "Spans" | "LogRecords";
export type OtlpContentType = "application/x-protobuf" | "application/json";

export interface TelemetryReply {
	readonly status: number;
	readonly headers: Readonly<Record<string, string>>;
	readonly body: Buffer;
}

/** Canonical codes of google.rpc.Code, as OTLP's Status message carries them. */
const RPC_CODE = { 400: 3, 401: 16, 403: 7, 405: 12, 408: 4, 413: 8, 415: 3, 429: 8, 503: 14 } as const;
export type FailureStatus = keyof typeof RPC_CODE;

/** What the OTLP/HTTP specification (section "OTLP/HTTP Response") asks for, in the content type of the request. */
export function otlpReply(
	outcome: IngestOutcome,
	contentType: OtlpContentType,
	items: OtlpItems = "DataPoints",
): TelemetryReply {
	switch (outcome.status) {
		case "accepted":
			return {
				status: 200,
				headers: { "content-type": contentType },
				body: exportResponse(outcome.rejected, outcome.message, contentType, items),
			};
		case "malformed":
		case "key-conflict":
			return otlpFailure(400, outcome.message, contentType);
		case "too-large":
			return otlpFailure(413, outcome.message, contentType);
		case "unsupported":
			return otlpFailure(415, outcome.message, contentType);
		case "over-quota":
			return otlpFailure(429, outcome.message, contentType, outcome.retryAfterS);
		case "unavailable":
			return otlpFailure(503, outcome.message, contentType, outcome.retryAfterS);
	}
}

export function otlpFailure(
	status: FailureStatus,
	message: string,
	contentType: OtlpContentType,
	retryAfterS?: number,
): TelemetryReply {
	const code = RPC_CODE[status];
	const body =
		contentType === "application/json"
			? Buffer.from(JSON.stringify({ code, message }))
			: Buffer.concat([Buffer.from([0x08, code]), stringField(2, message)]);
	return { status, headers: { "content-type": contentType, ...retryAfter(retryAfterS) }, body };
}

/** Prometheus remote write: 2xx written, 4xx never retried, 5xx and 429 retried; the body is for people. */
export function remoteWriteReply(outcome: IngestOutcome): TelemetryReply {
	switch (outcome.status) {
		case "accepted":
			// A part that can never be accepted must not make the sender repeat the rest for ever: 400 drops the request there.
			if (outcome.rejected > 0)
				return plain(400, `${outcome.rejected} of ${outcome.points} samples were not taken: ${outcome.message}`);
			return { status: 204, headers: {}, body: Buffer.alloc(0) };
		case "malformed":
		case "key-conflict":
			return plain(400, outcome.message);
		case "too-large":
			return plain(413, outcome.message);
		case "unsupported":
			return plain(415, outcome.message);
		// Prometheus drops what is answered 429, unless told otherwise, and keeps what is answered 503.
		case "over-quota":
		case "unavailable":
			return plain(503, outcome.message, outcome.retryAfterS);
	}
}

/** What remote write 2.0 asks for with every answer: how much of each kind was taken, nothing when it is not said. */
export function withWritten(
	reply: TelemetryReply,
	written: Written = { samples: 0, histograms: 0, exemplars: 0 },
): TelemetryReply {
	const headers = {
		...reply.headers,
		"x-prometheus-remote-write-samples-written": String(written.samples),
		"x-prometheus-remote-write-histograms-written": String(written.histograms),
		"x-prometheus-remote-write-exemplars-written": String(written.exemplars),
	};
	return { ...reply, headers };
}

export function plain(status: number, message: string, retryAfterS?: number): TelemetryReply {
	return {
		status,
		headers: { "content-type": "text/plain; charset=utf-8", ...retryAfter(retryAfterS) },
		body: Buffer.from(`${message}\n`),
	};
}

function retryAfter(seconds: number | undefined): Record<string, string> {
	return seconds === undefined ? {} : { "retry-after": String(Math.max(1, Math.ceil(seconds))) };
}

function exportResponse(rejected: number, message: string, contentType: OtlpContentType, items: OtlpItems): Buffer {
	const hasPartial = rejected > 0 || message !== "";
	if (contentType === "application/json") {
		const partialSuccess = {
			...(rejected > 0 ? { [`rejected${items}`]: String(rejected) } : {}),
			errorMessage: message,
		};
		return Buffer.from(JSON.stringify(hasPartial ? { partialSuccess } : {}));
	}
	if (!hasPartial) return Buffer.alloc(0);
	const partial = Buffer.concat([
		rejected > 0 ? Buffer.concat([Buffer.from([0x08]), varint(rejected)]) : Buffer.alloc(0),
		stringField(2, message),
	]);
	return Buffer.concat([Buffer.from([0x0a]), varint(partial.length), partial]);
}

function stringField(field: number, text: string): Buffer {
	const bytes = Buffer.from(text);
	return Buffer.concat([Buffer.from([(field << 3) | 2]), varint(bytes.length), bytes]);
}

function varint(value: number): Buffer {
	const bytes: number[] = [];
	let rest = value;
	while (rest >= 0x80) {
		bytes.push((rest % 0x80) | 0x80);
		rest = Math.floor(rest / 0x80);
	}
	bytes.push(rest);
	return Buffer.from(bytes);
}
