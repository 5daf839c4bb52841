import type { FeedPullStatus, PullStatus, PullTrial } from "#api";
import type { Catalogue } from "#catalogue";
import type { PulledAnswer, PullOutcome, PullState } from "#telemetry";
import type { FeedStoreOutcome, PulledFacts, PulledFeed } from "./feed-puller.ts";

/** What the pull thread needs of a catalogue. */
export type PullCatalogue = Pick<Catalogue, "sources" | "slos"> & {
	readonly feeds: readonly PulledFeed[];
	readonly allow: readonly string[];
	readonly latenessMs: number;
};

export type ToPull =
	| { readonly kind: "configure"; readonly catalogue: PullCatalogue }
	| { readonly kind: "test"; readonly id: number; readonly source: string; readonly slo: string | undefined }
	| { readonly kind: "taken"; readonly id: number; readonly outcome: PullOutcome }
	| { readonly kind: "state"; readonly id: number; readonly state: PullState | undefined }
	| { readonly kind: "feed-kept"; readonly id: number; readonly outcome: FeedStoreOutcome }
	/** Whoever keeps answers could not be asked. */
	| { readonly kind: "fault"; readonly id: number; readonly message: string }
	| { readonly kind: "close" };

export type FromPull =
	| { readonly kind: "take"; readonly id: number; readonly answer: PulledAnswer }
	| { readonly kind: "state-of"; readonly id: number; readonly source: string; readonly slo: string }
	| { readonly kind: "status"; readonly status: PullStatus }
	| { readonly kind: "keep-feed"; readonly id: number; readonly facts: PulledFacts }
	| { readonly kind: "feed-status"; readonly status: FeedPullStatus }
	| { readonly kind: "tested"; readonly id: number; readonly trial: PullTrial | undefined };
