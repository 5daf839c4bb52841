import { lookup as systemLookup } from "node:dns";
import type { LookupFunction } from "node:net";
import { systemClock } from "@bellwether/model";
import {
	createGate,
	describe,
	type EgressOptions,
	judgeUrl,
	normaliseEntry,
	retryAfterMs,
	USUAL_PORTS,
} from "./egress.ts";

export interface EgressRequest {
	readonly url: string;
	readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
	readonly headers: Readonly<Record<string, string>>;
	readonly body?: string | undefined;
	/** Longer answers are given up. */
	readonly maxBytes: number;
	/** Whole time for the exchange, ms. */
	readonly timeoutMs: number;
	readonly signal: AbortSignal;
}

/** Headers by lower-case name. Failures are values; reasons name the host, never path, query or headers. */
export type EgressAnswer =
	| {
			readonly status: "answered";
			readonly statusCode: number;
			readonly headers: Readonly<Record<string, string>>;
			readonly retryAfterMs: number | undefined;
			readonly body: Uint8Array;
	  }
	| { readonly status: "too-large"; readonly reason: string }
	| { readonly status: "blocked" | "unreached" | "unanswered"; readonly reason: string };

/** Asks other systems for data: the same gate as `createEgress`, with answers as large as the caller allows. Never throws. */
export type EgressReader = (request: EgressRequest) => Promise<EgressAnswer>;

/** Throws when an allow entry is not `host:port`. `timeoutMs` of the options is not used: each request has its own. */
export function createEgressReader(options: EgressOptions): EgressReader {
	const allowed = new Set(options.allow.map(normaliseEntry));
	const ports = new Set(options.ports ?? USUAL_PORTS);
	const lookup = options.lookup ?? (systemLookup as LookupFunction);
	const clock = options.clock ?? systemClock;
	return async ({ url, method, headers, body, maxBytes, timeoutMs, signal }) => {
		const target = judgeUrl(url, allowed, ports);
		if ("fault" in target) return { status: "blocked", reason: target.fault };
		const { buildConnector, Client } = await import("undici");
		const gate = createGate(target, lookup, timeoutMs, buildConnector);
		const client = new Client(target.url.origin, { connect: gate.connect, pipelining: 0, allowH2: false });
		let why: string | undefined;
		const end = (reason: string) => {
			why = reason;
			client.destroy(new Error(reason)).catch(() => {});
		};
		const deadline = setTimeout(() => end(`no whole answer from ${target.host} within ${timeoutMs} ms`), timeoutMs);
		const onAbort = () => end(`asking ${target.host} was stopped`);
		signal.addEventListener("abort", onAbort, { once: true });
		try {
			if (signal.aborted) onAbort();
			const answer = await client.request({
				path: target.url.pathname + target.url.search,
				method,
				headers: { "user-agent": "bellwether", ...headers },
				...(body === undefined ? {} : { body }),
				reset: true,
			});
			const chunks: Buffer[] = [];
			let length = 0;
			for await (const chunk of answer.body as AsyncIterable<Buffer>) {
				length += chunk.length;
				if (length > maxBytes)
					return { status: "too-large", reason: `the answer of ${target.host} is larger than ${maxBytes} bytes` };
				chunks.push(chunk);
			}
			return {
				status: "answered",
				statusCode: answer.statusCode,
				headers: Object.fromEntries(
					Object.entries(answer.headers).map(([name, value]) => [
						name,
						Array.isArray(value) ? value.join(", ") : (value ?? ""),
					]),
				),
				retryAfterMs: retryAfterMs(answer.headers["retry-after"], clock.now()),
				body: Buffer.concat(chunks),
			};
		} catch (error) {
			if (gate.fault) return { status: "blocked", reason: gate.fault };
			return { status: gate.isOpened ? "unanswered" : "unreached", reason: why ?? describe(error, target) };
		} finally {
			clearTimeout(deadline);
			signal.removeEventListener("abort", onAbort);
			client.destroy().catch(() => {});
		}
	};
}
