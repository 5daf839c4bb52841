import { describeDuration } from "@bellwether/model";
import {
	ask,
	oneLine,
	type PullCredentials,
	PullFailure,
	type PullHttp,
	type PullHttpAnswer,
	withoutSecrets,
} from "#telemetry";

export interface ReaderOptions {
	readonly http: PullHttp;
	readonly credentials: PullCredentials;
	readonly timeoutMs: number;
	readonly accept: string;
	/** An answer that a cache in between has held for longer says nothing of now. */
	readonly maxAgeMs: number;
	readonly now: () => number;
}

export interface ReadRequest {
	readonly url: string;
	/** Undefined: GET. */
	readonly body?: string | undefined;
	readonly maxBytes: number;
	readonly signal: AbortSignal;
}

export interface ReadAnswer {
	readonly json: unknown;
	/** Of the answer; of one that was as before, of the one before. */
	readonly bytes: number;
}

interface Kept {
	readonly etag: string | undefined;
	readonly lastModified: string | undefined;
	readonly body: Uint8Array;
	readonly at: number;
}

/** Longer answers are asked for whole each time, so that many feeds hold little. */
const MAX_KEPT_BYTES = 1_048_576;
/** Caches in between have been known to say "as before" for ever; so often they are asked for all of it. */
const KEPT_FOR_MS = 3_600_000;

/**
 * Reads JSON, and lets systems that can say so answer "as before" (ETag, If-Modified-Since; RFC 9110, 13.1): the answer is
 * then the one before. Throws PullFailure, without anything in it that was sent as proof.
 */
export class ConditionalReader {
	readonly #options: ReaderOptions;
	#kept = new Map<string, Kept>();
	#used = new Set<string>();
	requests = 0;
	unchanged = 0;

	constructor(options: ReaderOptions) {
		this.#options = { ...options, http: this.#counted(options) };
	}

	async read({ url, body, maxBytes, signal }: ReadRequest): Promise<ReadAnswer> {
		const { http, credentials, timeoutMs, accept, maxAgeMs, now } = this.#options;
		this.#used.add(url);
		const found = body === undefined ? this.#kept.get(url) : undefined;
		const known = found && now() - found.at < KEPT_FOR_MS && found.body.byteLength <= maxBytes ? found : undefined;
		let proof: Readonly<Record<string, string>> = {};
		const answer = await ask(
			http,
			async (...given) => {
				proof = await credentials(...given);
				return proof;
			},
			{
				url,
				method: body === undefined ? "GET" : "POST",
				headers: {
					accept,
					...(body === undefined ? {} : { "content-type": "application/json" }),
					...conditions(known),
				},
				body,
				maxBytes,
				timeoutMs,
				signal,
			},
			(text) => text,
		);
		const ageMs = Number(answer.headers.age ?? 0) * 1000;
		if (ageMs > maxAgeMs) {
			const message = `the answer of ${new URL(url).host} is ${describeDuration(ageMs)} old: a cache in between held it`;
			throw new PullFailure("partial", message, "");
		}
		const isAsBefore = answer.statusCode === 304 && known !== undefined;
		if (isAsBefore) this.unchanged++;
		const bytes = isAsBefore ? known.body : answer.body;
		const json = parsed(bytes, url, proof);
		if (!isAsBefore && body === undefined) this.#keep(url, answer.headers, bytes);
		return { json, bytes: bytes.byteLength };
	}

	/** What was not read since the last call is not asked for any more. */
	forgetUnused(): void {
		for (const url of this.#kept.keys()) if (!this.#used.has(url)) this.#kept.delete(url);
		this.#used = new Set();
	}

	#keep(url: string, headers: Readonly<Record<string, string>>, body: Uint8Array): void {
		const [etag, lastModified] = [validator(headers.etag), validator(headers["last-modified"])];
		this.#kept.delete(url);
		if ((etag === undefined && lastModified === undefined) || body.byteLength > MAX_KEPT_BYTES) return;
		this.#kept.set(url, { etag, lastModified, body, at: this.#options.now() });
	}

	/** Counts, and reads how GitHub says that its limit is used up: 403 with the second from which on it answers again. */
	#counted({ http, now }: ReaderOptions): PullHttp {
		return async (request): Promise<PullHttpAnswer> => {
			this.requests++;
			const answer = await http(request);
			if (answer.status !== "answered" || (answer.statusCode !== 403 && answer.statusCode !== 429)) return answer;
			const isUsedUp = answer.headers["x-ratelimit-remaining"] === "0";
			const resetAt = Number(answer.headers["x-ratelimit-reset"]) * 1000;
			if (answer.retryAfterMs === undefined && !(isUsedUp && resetAt > 0)) return answer;
			return { ...answer, statusCode: 429, retryAfterMs: answer.retryAfterMs ?? Math.max(0, resetAt - now()) };
		};
	}
}

/** What can be sent back as it came; undefined: nothing, or something that would spoil the next request. */
function validator(header: string | undefined): string | undefined {
	return header !== undefined && /^[\x20-\x7e]{1,500}$/.test(header) ? header : undefined;
}

function conditions(known: Kept | undefined): Record<string, string> {
	if (!known) return {};
	return {
		...(known.etag === undefined ? {} : { "if-none-match": known.etag }),
		...(known.lastModified === undefined ? {} : { "if-modified-since": known.lastModified }),
	};
}

function parsed(body: Uint8Array, url: string, proof: Readonly<Record<string, string>>): unknown {
	try {
		return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
	} catch {
		const text = Buffer.from(body.subarray(0, 4_096)).toString("utf8");
		const start = oneLine(withoutSecrets(text, url, proof)).slice(0, 80);
		const message = `the answer of ${new URL(url).host} is not JSON; it begins ${JSON.stringify(start)}`;
		throw new PullFailure("malformed", message, "");
	}
}
