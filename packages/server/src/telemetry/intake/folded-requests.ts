import { hash } from "node:crypto";

/** About 20 MB. Beyond it the oldest are forgotten, and points of their time are `too_old`. */
const MAX_KEPT = 200_000;

/**
 * Which requests brought points of folded streams. Such streams keep no state of their own, so that millions of them
 * cost nothing; that a point comes again is told by its request, which senders repeat as it was. Kept for the lateness
 * limit and the time that clocks may run ahead: after that all points of a repeated request are `too_old` anyway.
 */
export class FoldedRequests {
	/** Fingerprint → when it came, ms epoch; oldest first. */
	readonly #at = new Map<number, number>();
	readonly #keptMs: number;
	readonly #futureMs: number;
	readonly #maxKept: number;
	/** µs; points up to it may be of a request that is forgotten. */
	floor = 0;

	constructor(limits: { readonly latenessMs: number; readonly futureMs: number }, maxKept = MAX_KEPT) {
		this.#keptMs = limits.latenessMs + limits.futureMs;
		this.#futureMs = limits.futureMs;
		this.#maxKept = maxKept;
	}

	get size(): number {
		return this.#at.size;
	}

	has(fingerprint: number): boolean {
		return this.#at.has(fingerprint);
	}

	add(fingerprint: number, now: number): void {
		this.#at.set(fingerprint, now);
		for (const [oldest, at] of this.#at) {
			if (at >= now - this.#keptMs && this.#at.size <= this.#maxKept) break;
			this.#at.delete(oldest);
			// Still within its time: what it brought can no longer be recognised.
			if (at >= now - this.#keptMs) this.floor = Math.max(this.floor, (at + this.#futureMs) * 1000);
		}
	}

	pack(now: number): string {
		const kept = [...this.#at].filter(([, at]) => at >= now - this.#keptMs);
		return JSON.stringify({ floor: this.floor, requests: kept.flat() });
	}

	load(packed: string): void {
		const { floor, requests } = JSON.parse(packed) as { floor: number; requests: number[] };
		this.floor = floor;
		for (let k = 0; k + 1 < requests.length; k += 2) this.#at.set(requests[k] as number, requests[k + 1] as number);
	}
}

/** 52 bits of the content's SHA-256: one in 10^10 that a new request looks like one of 200,000 kept. */
export function fingerprintOf(body: Uint8Array): number {
	const digest = hash("sha256", body, "buffer");
	return (digest.readUInt32LE(0) & 0xfffff) * 0x1_0000_0000 + digest.readUInt32LE(4);
}
