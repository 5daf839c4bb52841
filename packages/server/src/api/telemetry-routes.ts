import type { IncomingMessage, ServerResponse } from "node:http";
import type { IngestOptions, IngestOutcome, Protocol, SenderKind } from "#telemetry";
import { eventsFailure, eventsFormat, eventsReply, keyFault } from "./events-reply.ts";
import {
	type FailureStatus,
	type OtlpContentType,
	type OtlpItems,
	otlpFailure,
	otlpReply,
	plain,
	remoteWriteReply,
	type TelemetryReply,
	withWritten,
} from "./otlp-reply.ts";
import type { Sender, SourceGate } from "./source-gate.ts";

export type TelemetryKind = Exclude<Protocol, "pull">;
export type BodyEncoding = "identity" | "gzip" | "zstd" | "snappy";

export interface TelemetryIngest {
	/** Memory for bodies: at least so many bytes; `ingest` takes it back, and what never came to that is given back. */
	readonly takeMemory: (bytes: number) => Uint8Array;
	readonly giveMemory: (memory: Uint8Array) => void;
	/** Takes the body away; answers when it is durable or refused. */
	readonly ingest: (
		kind: TelemetryKind,
		encoding: BodyEncoding,
		body: Uint8Array,
		more?: IngestOptions,
	) => Promise<IngestOutcome>;
	readonly maxBodyBytes: () => number;
	/** A whole body must arrive within this. */
	readonly bodyTimeoutMs: number;
	/** Says whether this sender may write; on a loopback bind everyone may. */
	readonly mayWrite: (request: IncomingMessage) => Promise<"yes" | IngestToken | "unauthenticated" | "forbidden">;
	/** Whose requests are, and what their sources may send. Undefined: nobody is named or limited. */
	readonly gate?: Pick<SourceGate, "enter"> | undefined;
	/** More bytes of bodies than this in memory answer 429: those that arrive and those that are being written. */
	readonly maxBytesInMemory: number;
	readonly observe: (route: string, status: number) => void;
}

/** The sender has a token of its own. */
export interface IngestToken {
	readonly token: string;
}

const OTLP_PATHS: ReadonlyMap<string, OtlpItems> = new Map([
	["/v1/metrics", "DataPoints"],
	["/v1/traces", "Spans"],
	["/v1/logs", "LogRecords"],
]);
const REMOTE_WRITE_PATH = "/api/v1/write";
/** Names a declared source of the request's kind. */
export const SOURCE_HEADER = "x-bellwether-source";
const EVENTS_PATH = "/api/v1/events";
/** Everything that is answered here and not by the framework. */
export const TELEMETRY_PATHS: readonly string[] = [...OTLP_PATHS.keys(), REMOTE_WRITE_PATH, EVENTS_PATH];
const FIRST_BUFFER_BYTES = 64 * 1024;

/**
 * `POST /v1/metrics`, `/v1/traces`, `/v1/logs`, `/api/v1/write` and `/api/v1/events`, beside the framework: the main thread
 * only collects bytes, it parses nothing. Returns the handler; it says false for any other path.
 */
export function telemetryHandler(
	options: TelemetryIngest,
): (request: IncomingMessage, response: ServerResponse) => boolean {
	const memory: Memory = { bytes: 0 };
	return (request, response) => {
		const path = (request.url ?? "").split("?", 1)[0] ?? "";
		const items = OTLP_PATHS.get(path);
		if (!items && path !== REMOTE_WRITE_PATH && path !== EVENTS_PATH) return false;
		const fail: (status: FailureStatus, message: string, retryAfterS?: number) => TelemetryReply = items
			? otlpFailing(request)
			: path === EVENTS_PATH
				? eventsFailure
				: plain;
		const answer = (reply: TelemetryReply) => {
			options.observe(path, reply.status);
			send(request, response, reply);
		};
		if (request.method !== "POST") {
			const reply = fail(405, `${path} takes POST, not ${request.method}.`);
			answer({ ...reply, headers: { ...reply.headers, allow: "POST" } });
			return true;
		}
		const held = new Held(memory, options.maxBytesInMemory);
		(items
			? receiveOtlp(request, options, held, items)
			: path === EVENTS_PATH
				? receiveEvents(request, options, held)
				: receiveRemoteWrite(request, options, held)
		)
			.catch(() => fail(503, "The server could not take the request; send it again.", 1))
			.then((reply) => reply && answer(reply))
			.finally(() => held.release());
		return true;
	};
}

interface Memory {
	bytes: number;
}

/** What one request holds of the memory for bodies. A body counts as it arrives: one that is only announced holds little. */
class Held {
	readonly #memory: Memory;
	readonly #limit: number;
	#bytes = 0;
	constructor(memory: Memory, limit: number) {
		this.#memory = memory;
		this.#limit = limit;
	}
	/** False when there is no room for the buffer to be this large. */
	growTo(bytes: number): boolean {
		const more = bytes - this.#bytes;
		if (this.#memory.bytes + more > this.#limit) return false;
		this.#memory.bytes += more;
		this.#bytes = bytes;
		return true;
	}
	release(): void {
		this.#memory.bytes -= this.#bytes;
		this.#bytes = 0;
	}
}

function otlpFailing(request: IncomingMessage) {
	const contentType = otlpContentType(request) ?? "application/json";
	return (status: FailureStatus, message: string, retryAfterS?: number) =>
		otlpFailure(status, message, contentType, retryAfterS);
}

async function receiveOtlp(
	request: IncomingMessage,
	options: TelemetryIngest,
	held: Held,
	items: OtlpItems,
): Promise<TelemetryReply | undefined> {
	const fail = otlpFailing(request);
	const contentType = otlpContentType(request);
	if (!contentType)
		return fail(
			415,
			`Content type "${shown(request.headers["content-type"])}" is not understood: send application/x-protobuf or application/json.`,
		);
	const encoding = encodingOf(request);
	if (encoding !== "gzip" && encoding !== "zstd" && encoding !== "identity")
		return fail(415, `Content encoding "${shown(encoding)}" is not understood: send one of gzip, zstd, identity.`);
	const entry = await admission(request, options, "otlp");
	if (entry.status !== "open") return fail(entry.code, entry.message, entry.retryAfterS);
	const body = await readBody(request, options, held);
	if (body.status !== "complete")
		return body.status === "gone" ? undefined : fail(body.code, body.message, body.retryAfterS);
	const format = contentType === "application/json" ? "json" : "protobuf";
	const more: IngestOptions = items === "DataPoints" ? {} : { format };
	const kind: TelemetryKind =
		items === "DataPoints" ? `otlp-${format}` : items === "Spans" ? "otlp-traces" : "otlp-logs";
	return otlpReply(await entry.ingest(kind, encoding, body.bytes, more), contentType, items);
}

async function receiveEvents(
	request: IncomingMessage,
	options: TelemetryIngest,
	held: Held,
): Promise<TelemetryReply | undefined> {
	const format = eventsFormat(request.headers["content-type"]);
	if (!format) return eventsFailure(415, `Content type "${shown(request.headers["content-type"])}" is not understood.`);
	const encoding = encodingOf(request);
	if (encoding !== "gzip" && encoding !== "zstd" && encoding !== "identity")
		return eventsFailure(415, `Content encoding "${shown(encoding)}" is not understood.`);
	// Two headers of this name come as one, joined: another key, which is what it must be.
	const idempotencyKey = request.headers["idempotency-key"]?.toString();
	const fault = keyFault(idempotencyKey);
	if (fault !== undefined) return fault;
	const entry = await admission(request, options, "events");
	if (entry.status !== "open") return eventsFailure(entry.code, entry.message, entry.retryAfterS);
	const body = await readBody(request, options, held);
	if (body.status !== "complete")
		return body.status === "gone" ? undefined : eventsFailure(body.code, body.message, body.retryAfterS);
	return eventsReply(await entry.ingest("events", encoding, body.bytes, { format, idempotencyKey }));
}

async function receiveRemoteWrite(
	request: IncomingMessage,
	options: TelemetryIngest,
	held: Held,
): Promise<TelemetryReply | undefined> {
	const kind = remoteWriteKind(request.headers["content-type"]);
	if (kind === undefined)
		return plain(
			415,
			`Content type "${shown(request.headers["content-type"])}" is not understood: send remote write 1.0, application/x-protobuf, or 2.0, application/x-protobuf;proto=io.prometheus.write.v2.Request.`,
		);
	const encoding = encodingOf(request);
	if (encoding !== "snappy" && encoding !== "zstd")
		return plain(
			415,
			`Content encoding "${shown(request.headers["content-encoding"])}" is not understood: send snappy (block format), once.`,
		);
	const refuse = ({ code, message, retryAfterS }: Refusal) => {
		// Prometheus drops what is answered 429, unless told otherwise, and keeps what is answered 503.
		const reply = plain(code === 429 ? 503 : code, message, retryAfterS);
		return kind === "remote-write-2" ? withWritten(reply) : reply;
	};
	const entry = await admission(request, options, "remote-write");
	if (entry.status !== "open") return refuse(entry);
	const body = await readBody(request, options, held);
	if (body.status !== "complete") return body.status === "gone" ? undefined : refuse(body);
	const outcome = await entry.ingest(kind, encoding, body.bytes);
	const written = outcome.status === "accepted" ? outcome.written : undefined;
	return kind === "remote-write-2" ? withWritten(remoteWriteReply(outcome), written) : remoteWriteReply(outcome);
}

/** Which message a remote write request says that it holds. */
function remoteWriteKind(contentType = ""): "remote-write-1" | "remote-write-2" | undefined {
	const [type = "", ...parameters] = contentType.split(";").map((part) => part.trim());
	if (type.toLowerCase() !== "application/x-protobuf") return undefined;
	const proto = parameters.find((part) => part.toLowerCase().startsWith("proto="))?.slice("proto=".length);
	const message = (proto ?? "prometheus.WriteRequest").replace(/^"(.*)"$/, "$1").toLowerCase();
	if (message === "prometheus.writerequest") return "remote-write-1";
	return message === "io.prometheus.write.v2.request" ? "remote-write-2" : undefined;
}

/** The one encoding of a body as a header says it; several of them are a name of their own that nobody knows. */
function encodingOf(request: IncomingMessage): string {
	const name = (request.headers["content-encoding"] ?? "").trim().toLowerCase();
	return name === "" ? "identity" : name;
}

interface Refusal {
	readonly status: "refused";
	readonly code: FailureStatus;
	readonly message: string;
	readonly retryAfterS?: number;
}

type Admission = { readonly status: "open"; readonly ingest: TelemetryIngest["ingest"] } | Refusal;

/** Whether the sender may write, and its source send more now: nothing of the body is read before. */
async function admission(request: IncomingMessage, options: TelemetryIngest, kind: SenderKind): Promise<Admission> {
	const allowed = await options.mayWrite(request);
	if (allowed === "unauthenticated") {
		const message = "Send a token with the role ingest as Authorization: Bearer ….";
		return { status: "refused", code: 401, message };
	}
	if (allowed === "forbidden") {
		const message =
			"This sender may not write telemetry; send a token with the role ingest, and no Origin header of another site.";
		return { status: "refused", code: 403, message };
	}
	const header = request.headers[SOURCE_HEADER]?.toString();
	const token = allowed === "yes" ? undefined : allowed.token;
	const announced = Number(request.headers["content-length"] ?? 0);
	const bytes = Number.isSafeInteger(announced) && announced > 0 ? announced : 0;
	return openIngest(options, { kind, header, token, bytes });
}

/** Also for gRPC. */
export function openIngest(options: Pick<TelemetryIngest, "gate" | "ingest">, sender: Sender): Admission {
	const passage = options.gate?.enter(sender);
	if (!passage) return { status: "open", ingest: options.ingest };
	if (passage.status === "refused") return { ...passage, code: 429 };
	const { source, settle } = passage;
	return {
		status: "open",
		async ingest(protocol, encoding, body, more) {
			const { byteLength } = body;
			const outcome = await options.ingest(protocol, encoding, body, source === undefined ? more : { ...more, source });
			settle(byteLength, outcome);
			return outcome;
		},
	};
}

type Body = { readonly status: "complete"; readonly bytes: Uint8Array } | Refusal | { readonly status: "gone" };

/** Collects the wire bytes in memory that the telemetry thread can read. */
function readBody(request: IncomingMessage, options: TelemetryIngest, held: Held): Promise<Body> {
	const limit = options.maxBodyBytes();
	const announced = Number(request.headers["content-length"] ?? Number.NaN);
	const tooLarge: Body = {
		status: "refused",
		code: 413,
		message: `The body is larger than ${limit} bytes: send smaller batches.`,
	};
	const noRoom: Body = {
		status: "refused",
		code: 429,
		message: "The memory for requests is full; send this one again later.",
		retryAfterS: 1,
	};
	if (announced > limit) return Promise.resolve(tooLarge);
	const first = Math.min(FIRST_BUFFER_BYTES, Number.isNaN(announced) ? limit : announced);
	// It may have broken off while the sender's token was looked up: nothing more is heard of such a request.
	if (request.destroyed) return Promise.resolve({ status: "gone" });
	if (!held.growTo(first)) return Promise.resolve(noRoom);
	return new Promise((resolve) => {
		let bytes = options.takeMemory(first);
		let length = 0;
		let isFinished = false;
		const finish = (body: Body) => {
			if (isFinished) return;
			isFinished = true;
			clearTimeout(timer);
			request.removeAllListeners("data");
			if (body.status !== "complete") options.giveMemory(bytes);
			resolve(body);
		};
		const timer = setTimeout(
			() =>
				finish({
					status: "refused",
					code: 408,
					message: `The body did not arrive within ${options.bodyTimeoutMs / 1000} s.`,
				}),
			options.bodyTimeoutMs,
		);
		request.on("data", (chunk: Buffer) => {
			if (length + chunk.length > limit) return finish(tooLarge);
			if (length + chunk.length > bytes.length) {
				// Who has sent this much means it: what was announced is made room for at once.
				const wanted =
					announced >= length + chunk.length ? announced : Math.max(bytes.length * 2, length + chunk.length);
				const size = Math.min(limit, wanted);
				if (!held.growTo(size)) return finish(noRoom);
				const larger = options.takeMemory(size);
				larger.set(bytes.subarray(0, length));
				options.giveMemory(bytes);
				bytes = larger;
			}
			bytes.set(chunk, length);
			length += chunk.length;
			letGo(chunk);
		});
		request.on("end", () => finish({ status: "complete", bytes: bytes.subarray(0, length) }));
		request.on("error", () => finish({ status: "gone" }));
		request.on("close", () => finish({ status: "gone" }));
	});
}

/**
 * Gives the memory of a copied chunk back at once. The collector sees only a small object that holds it, and would run
 * through the whole heap each time that some tens of megabytes have passed.
 */
function letGo({ buffer, length }: Buffer): void {
	if (buffer instanceof ArrayBuffer && buffer.byteLength === length && length !== Buffer.poolSize) buffer.transfer(0);
}

/** How long a sender may go on with a body whose answer is known. */
const LINGER_MS = 2_000;

function send(request: IncomingMessage, response: ServerResponse, reply: TelemetryReply): void {
	// A body that was not read to its end would be taken for the next request: close the connection behind the answer.
	const isUnread = !request.complete;
	response.writeHead(reply.status, {
		...reply.headers,
		"content-length": reply.body.length,
		...(reply.status === 401 ? { "www-authenticate": "Bearer" } : {}),
		...(isUnread ? { connection: "close" } : {}),
	});
	if (!isUnread) {
		response.end(reply.body);
		return;
	}
	// Who is still writing when the connection closes loses the answer: the rest of the body is let pass, for a while.
	response.write(reply.body);
	const close = () => {
		clearTimeout(timer);
		response.end(() => request.destroy());
	};
	const timer = setTimeout(close, LINGER_MS).unref();
	request.once("close", close).resume();
}

function otlpContentType(request: IncomingMessage): OtlpContentType | undefined {
	const type = (request.headers["content-type"] ?? "").split(";", 1)[0]?.trim().toLowerCase();
	return type === "application/x-protobuf" || type === "application/json" ? type : undefined;
}

function shown(text: string | undefined): string {
	return (text ?? "").replace(/[^\x20-\x7e]/g, "?").slice(0, 80);
}
