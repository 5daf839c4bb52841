import { KIND, type Kind, type RoleSet, type SpecialRoles, type StreamIdentity } from "../selection/selection.ts";
import { looseHash } from "./loose-hash.ts";

/** How streams of customers that are no key tenant are treated. */
export interface OtherStreamsOptions {
	/** Undefined: 50,000, the default of `telemetry.maxOtherStreams`. */
	readonly maxOtherStreams: number | undefined;
	readonly tenantAttributes: readonly string[] | undefined;
}

const MAX_OTHER_STREAMS = 50_000;
/** Stands before the canonical text of one of many streams, where it means them all. */
export const FOLD_MARK = "~";
/** Special roles of a slot that stands for many streams. */
export const FOLD: SpecialRoles = { kind: "fold" };

/**
 * Streams of customers that are no key tenant: the first ones have slots of their own, from then on all alike share one.
 * See `FoldedRequests` for how their points are told from repeated ones.
 */
export class OtherStreams {
	/** From the first stream that was folded on, as long as its requests are remembered. */
	isFolding = false;
	readonly #max: number;
	/** Those that could be folded and are not. */
	#count = 0;
	readonly #identities = new Set<number>();
	/** By what the streams feed, then by kind and kept attributes. */
	readonly #folds = new Map<RoleSet, Map<number, number>>();

	constructor(max = MAX_OTHER_STREAMS) {
		this.#max = max;
	}

	/** Whether a new one among them has no slot of its own. */
	get isFull(): boolean {
		return this.isFolding || this.#count >= this.#max;
	}

	/** One that has a slot of its own. */
	add(identity: StreamIdentity): void {
		this.#count++;
		this.#identities.add(looseHash(identity));
	}

	/** False: it surely has no slot of its own. Far cheaper than its canonical text and digest. */
	mayHaveSlot(identity: StreamIdentity): boolean {
		return this.#identities.has(looseHash(identity));
	}

	/** The slot that stands for all streams of this kind with these roles and kept attributes. */
	foldOf(kind: Kind, roles: RoleSet, profile: number): number | undefined {
		return this.#folds.get(roles)?.get(foldKey(kind, profile));
	}

	keepFold(kind: Kind, roles: RoleSet, profile: number, slot: number): void {
		const alike = this.#folds.get(roles) ?? new Map<number, number>();
		this.#folds.set(roles, alike.set(foldKey(kind, profile), slot));
	}
}

function foldKey(kind: Kind, profile: number): number {
	return profile * 8 + kind;
}

/**
 * Each point stands for itself, and only the fleet and cohorts want it: nothing of the stream need be known. Not so
 * gauges: pulls and restarted senders repeat their samples in other requests, which only the stream's last time tells.
 */
export function isFoldable(roles: RoleSet, kind: Kind): boolean {
	return roles.tenant === 0 && roles.special === undefined && (kind === KIND.deltaSum || kind === KIND.deltaHistogram);
}
