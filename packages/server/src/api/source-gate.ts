import { isOwnName } from "@bellwether/model";
import { limitsOfSource, type Settings, type Source, type SourceLimits } from "#catalogue";
import type { IngestOutcome, SenderKind } from "#telemetry";
import { TokenBucket } from "./token-bucket.ts";

/** A source that was refused within this time counts as over its limits. */
const RECENT_MS = 60_000;
const LONGEST_RETRY_S = 300;
const MAX_NAME = 100;

export interface SourceGateOptions {
	readonly sources: () => readonly Source[];
	readonly limits: () => Settings["telemetry"]["limits"];
	/** ms. */
	readonly monotonic: () => number;
}

/** What a request says of its sender. */
export interface Sender {
	readonly kind: SenderKind;
	/** Header X-Bellwether-Source. */
	readonly header?: string | undefined;
	/** Name of the ingest token. */
	readonly token?: string | undefined;
	/** As announced; 0: not known yet. */
	readonly bytes: number;
}

export type Passage =
	| {
			readonly status: "open";
			/** Undefined: nobody named it; it belongs to its kind. */
			readonly source: string | undefined;
			/** To be told how large the body was, and what became of it. */
			readonly settle: (bytes: number, outcome: IngestOutcome | undefined) => void;
	  }
	| { readonly status: "refused"; readonly message: string; readonly retryAfterS: number };

/** How a source stands to its limits, since start. */
export interface SourceUse {
	readonly source: string;
	readonly refusedRequests: number;
	/** It was refused within the last minute. */
	readonly isOver: boolean;
}

type Buckets = { readonly [K in keyof Required<SourceLimits>]: TokenBucket | undefined };
interface Use {
	buckets: Buckets;
	refused: number;
	refusedAt: number | undefined;
}

/**
 * Whose a request is, and whether its source may send it now: decided from its headers, before its body is read. What is
 * refused was not taken, and its sender may send it again after the time that the answer names.
 */
export class SourceGate {
	readonly #options: SourceGateOptions;
	readonly #uses = new Map<string, Use>();

	constructor(options: SourceGateOptions) {
		this.#options = options;
	}

	enter(sender: Sender): Passage {
		const declared = this.#declared(sender);
		const source =
			declared?.name ?? (sender.token === undefined ? undefined : `token:${sender.token.slice(0, MAX_NAME)}`);
		// The system's checks of itself must come through whatever senders may send.
		const isOwn = sender.token !== undefined && isOwnName(sender.token);
		const limits = isOwn ? {} : limitsOfSource(declared, this.#options.limits());
		const now = this.#options.monotonic();
		const use = this.#use(source ?? sender.kind, limits, now);
		const { requestsPerSecond, pointsPerSecond, bytesPerSecond } = use.buckets;
		for (const [what, bucket] of Object.entries(use.buckets)) {
			const waitMs = bucket?.waitMs(now) ?? 0;
			if (waitMs === 0) continue;
			use.refused++;
			use.refusedAt = now;
			const retryAfterS = Math.min(LONGEST_RETRY_S, Math.ceil(waitMs / 1000));
			const message = `Source "${source ?? sender.kind}" sends more than its limit of ${bucket?.perSecond} (limits.${what}): nothing of the request was taken; send it again in ${retryAfterS} s, send less, or raise the limit.`;
			return { status: "refused", message, retryAfterS };
		}
		requestsPerSecond?.charge(1, now);
		bytesPerSecond?.charge(sender.bytes, now);
		const settle = (bytes: number, outcome: IngestOutcome | undefined) => {
			const at = this.#options.monotonic();
			bytesPerSecond?.charge(bytes - sender.bytes, at);
			if (outcome?.status === "accepted") pointsPerSecond?.charge(outcome.points, at);
		};
		return { status: "open", source, settle };
	}

	uses(): SourceUse[] {
		const now = this.#options.monotonic();
		return [...this.#uses].map(([source, { refused, refusedAt }]) => ({
			source,
			refusedRequests: refused,
			isOver: refusedAt !== undefined && now - refusedAt < RECENT_MS,
		}));
	}

	/** A token that has the name of a source is that source's; else the header says it, else there is only one of the kind. */
	#declared({ kind, header, token }: Sender): Source | undefined {
		const ofKind = this.#options.sources().filter((source) => source.kind === kind);
		const named = (name: string | undefined) => ofKind.find((source) => source.name === name);
		const byName = named(token) ?? named(header?.trim());
		if (byName || token !== undefined) return byName;
		return ofKind.length === 1 ? ofKind[0] : undefined;
	}

	#use(name: string, limits: SourceLimits, now: number): Use {
		const known = this.#uses.get(name);
		const kept = (key: keyof SourceLimits) => {
			const perSecond = limits[key];
			const bucket = known?.buckets[key];
			if (perSecond === undefined) return undefined;
			return bucket?.perSecond === perSecond ? bucket : new TokenBucket(perSecond, now);
		};
		const buckets: Buckets = {
			requestsPerSecond: kept("requestsPerSecond"),
			pointsPerSecond: kept("pointsPerSecond"),
			bytesPerSecond: kept("bytesPerSecond"),
		};
		const use = known ?? { buckets, refused: 0, refusedAt: undefined };
		use.buckets = buckets;
		this.#uses.set(name, use);
		return use;
	}
}
