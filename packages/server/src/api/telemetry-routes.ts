import type { IncomingMessage, ServerResponse } from "node:http";
import type { IngestOptions, IngestOutcome, Protocol } from "#telemetry";
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
	readonly mayWrite: (request: IncomingMessage) => Promise<"yes" | "unauthenticated" | "forbidden">;
	/** More bytes of bodies than this in memory answer 429: those that arrive and those that are being written. */
	readonly maxBytesInMemory: number;
	readonly observe: (route: string, status: number) => void;
}

const OTLP_PATHS: ReadonlyMap<string, OtlpItems> = new Map([
	["/v1/metrics", "DataPoints"],
	["/v1/traces", "Spans"],
	["/v1/logs", "LogRecords"],
]);
const REMOTE_WRITE_PATH = "/api/v1/write";
const EVENTS_PATH = "/api/v1/events";
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
	const denied = await denial(request, options);
	if (denied) return fail(denied.status, denied.message);
	const body = await readBody(request, options, held);
	if (body.status !== "complete")
		return body.status === "gone" ? undefined : fail(body.code, body.message, body.retryAfterS);
	const format = contentType === "application/json" ? "json" : "protobuf";
	if (items === "DataPoints")
		return otlpReply(await options.ingest(`otlp-${format}`, encoding, body.bytes), contentType);
	const kind = items === "Spans" ? "otlp-traces" : "otlp-logs";
	return otlpReply(await options.ingest(kind, encoding, body.bytes, { format }), contentType, items);
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
	if (fault !== undefined) return eventsFailure(400, fault);
	const denied = await denial(request, options);
	if (denied) return eventsFailure(denied.status, denied.message);
	const body = await readBody(request, options, held);
	if (body.status !== "complete")
		return body.status === "gone" ? undefined : eventsFailure(body.code, body.message, body.retryAfterS);
	return eventsReply(await options.ingest("events", encoding, body.bytes, { format, idempotencyKey }));
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
	const answer = (reply: TelemetryReply) => (kind === "remote-write-2" ? withWritten(reply) : reply);
	const denied = await denial(request, options);
	if (denied) return answer(plain(denied.status, denied.message));
	const body = await readBody(request, options, held);
	if (body.status !== "complete")
		return body.status === "gone" ? undefined : answer(plain(body.code, body.message, body.retryAfterS));
	const outcome = await options.ingest(kind, encoding, body.bytes);
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

async function denial(
	request: IncomingMessage,
	options: TelemetryIngest,
): Promise<{ status: 401 | 403; message: string } | undefined> {
	switch (await options.mayWrite(request)) {
		case "yes":
			return undefined;
		case "unauthenticated":
			return { status: 401, message: "Send a token with the role ingest as Authorization: Bearer …." };
		case "forbidden":
			return {
				status: 403,
				message:
					"This sender may not write telemetry; send a token with the role ingest, and no Origin header of another site.",
			};
	}
}

type Body =
	| { readonly status: "complete"; readonly bytes: Uint8Array }
	| {
			readonly status: "refused";
			readonly code: FailureStatus;
			readonly message: string;
			readonly retryAfterS?: number;
	  }
	| { readonly status: "gone" };

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

function send(request: IncomingMessage, response: ServerResponse, reply: TelemetryReply): void {
	// A body that was not read to its end would be taken for the next request: close the connection behind the answer.
	const isUnread = !request.complete;
	response.writeHead(reply.status, {
		...reply.headers,
		"content-length": reply.body.length,
		...(reply.status === 401 ? { "www-authenticate": "Bearer" } : {}),
		...(isUnread ? { connection: "close" } : {}),
	});
	response.end(reply.body, () => {
		if (isUnread) setTimeout(() => request.destroy(), 1_000).unref();
	});
	if (isUnread) request.resume();
}

function otlpContentType(request: IncomingMessage): OtlpContentType | undefined {
	const type = (request.headers["content-type"] ?? "").split(";", 1)[0]?.trim().toLowerCase();
	return type === "application/x-protobuf" || type === "application/json" ? type : undefined;
}

function shown(text: string | undefined): string {
	return (text ?? "").replace(/[^\x20-\x7e]/g, "?").slice(0, 80);
}
