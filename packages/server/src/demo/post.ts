import { setTimeout as wait } from "node:timers/promises";

export interface Posting {
	readonly url: string;
	readonly headers: Readonly<Record<string, string>>;
	readonly body: Uint8Array<ArrayBuffer> | string;
}

export type PostResult =
	| { readonly status: "accepted"; readonly text: string }
	/** The server will never take this body: sending it again is useless. */
	| { readonly status: "refused"; readonly code: number; readonly text: string }
	| { readonly status: "stopped" };

export interface PostOptions {
	readonly signal: AbortSignal;
	/** Told of each failed attempt. */
	readonly onRetry?: (why: string, waitMs: number) => void;
	/** Waits; resolves early when the signal aborts. Tests pass one that does not wait. */
	readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
	readonly now?: () => number;
}

const FIRST_BACKOFF_MS = 500;
const LONGEST_BACKOFF_MS = 30_000;
const ATTEMPT_TIMEOUT_MS = 30_000;

/**
 * Sends one body until the server has taken or refused it. 429, 502, 503, 504 and no answer are tried again with the very
 * same bytes, after the server's Retry-After or twice the last wait: what was counted already is a duplicate for it.
 */
export async function post(posting: Posting, options: PostOptions): Promise<PostResult> {
	const { signal, sleep = sleepUntilAborted, now = Date.now } = options;
	let backoffMs = FIRST_BACKOFF_MS;
	while (!signal.aborted) {
		let why: string;
		let waitMs = backoffMs;
		try {
			const response = await fetch(posting.url, {
				method: "POST",
				headers: posting.headers,
				body: posting.body,
				signal: AbortSignal.any([signal, AbortSignal.timeout(ATTEMPT_TIMEOUT_MS)]),
			});
			if (response.ok) return { status: "accepted", text: await response.text() };
			const text = await response.text();
			if (![429, 502, 503, 504].includes(response.status)) return { status: "refused", code: response.status, text };
			why = `the server answered ${response.status}`;
			waitMs = retryAfterMs(response.headers.get("retry-after"), now()) ?? backoffMs;
		} catch (error) {
			if (signal.aborted) break;
			why = error instanceof Error ? error.message : String(error);
		}
		options.onRetry?.(why, waitMs);
		backoffMs = Math.min(LONGEST_BACKOFF_MS, backoffMs * 2);
		await sleep(waitMs, signal);
	}
	return { status: "stopped" };
}

/** Retry-After as RFC 9110 writes it: seconds, or a date. Undefined when it is neither. */
export function retryAfterMs(header: string | null, now: number): number | undefined {
	if (header === null) return undefined;
	if (/^\d+$/.test(header.trim())) return Number(header) * 1000;
	const at = Date.parse(header);
	return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}

/** Waits, or less when the signal aborts. */
export async function sleepUntilAborted(ms: number, signal: AbortSignal): Promise<void> {
	await wait(Math.max(0, ms), undefined, { signal }).catch(() => undefined);
}
