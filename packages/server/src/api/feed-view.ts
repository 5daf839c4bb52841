import { HOUR_MS } from "@bellwether/model";
import type { z } from "zod";
import type { Catalogue } from "#catalogue";
import {
	type CaseRecord,
	type ChangeRecord,
	type FeedState,
	type Incident,
	listCases,
	listChanges,
	type PlatformHealthRecord,
	platformWords,
} from "#incidents";
import type { TenantScope } from "#platform";
import type { ApiContext } from "./context.ts";
import { wireWord } from "./feed-words.ts";
import type { Case, Change, ChangeBefore, FeedStateView, PlatformStatement, PlatformWord } from "./schemas-feeds.ts";
import type { FeedPullStatus } from "./sources-port.ts";

/** How far back from the onset "what changed" looks. */
const LOOK_BACK_MS = 24 * HOUR_MS;
/** Changes that begin after the onset may be the answer to it; until here they are told, as what they are. */
const LOOK_AHEAD_MS = HOUR_MS;
const MAX_SHOWN = 50;

/** `pulled`: how feeds that are asked fare; `seesAll`: a system's own words may name tenants. */
export function wireFeedState(
	state: FeedState,
	pulled: readonly FeedPullStatus[],
	seesAll: boolean,
): z.infer<typeof FeedStateView> {
	return {
		...state,
		pull: wirePull(
			pulled.find(({ feed }) => feed === state.name),
			seesAll,
		),
		lastMessageAt: state.lastMessageAt ?? null,
		expectEveryMs: state.expectEveryMs ?? null,
		staleSince: state.staleSince ?? null,
		lastFault: state.lastFault ?? null,
		unmapped: [...state.unmapped],
	};
}

function wirePull(status: FeedPullStatus | undefined, seesAll: boolean): z.infer<typeof FeedStateView>["pull"] {
	if (status === undefined) return null;
	const { feed: _, error, ...rest } = status;
	return {
		...rest,
		lastAttemptAt: rest.lastAttemptAt ?? null,
		lastSuccessAt: rest.lastSuccessAt ?? null,
		nextAt: rest.nextAt === undefined ? null : Math.round(rest.nextAt),
		failures: { ...rest.failures },
		error: error ? { ...error, message: seesAll ? error.message : "the feed failed" } : null,
	};
}

export function wireStatement({ seq: _, ...record }: PlatformHealthRecord): z.infer<typeof PlatformStatement> {
	return {
		...record,
		component: [...record.component],
		workloads: [...record.workloads],
		link: record.link ?? null,
		endedAt: record.endedAt ?? null,
	};
}

export function wireChange({ seq: _, ...record }: ChangeRecord): Change {
	return {
		...record,
		ring: record.ring ?? null,
		region: record.region ?? null,
		build: record.build ?? null,
		actor: record.actor ?? null,
		link: record.link ?? null,
		endedAt: record.endedAt ?? null,
	};
}

export function wireCase({ seq: _, isEscalated, ...record }: CaseRecord): Case {
	return {
		...record,
		severity: record.severity ?? null,
		link: record.link ?? null,
		escalated: isEscalated,
		closedAt: record.closedAt ?? null,
	};
}

/** What side feeds add to an incident: what changed around its onset, the tenant's open cases, the platform's own word. */
export async function incidentFeeds(
	context: ApiContext,
	scope: TenantScope,
	incident: Incident,
	catalogue: Catalogue,
): Promise<{
	readonly changes: ChangeBefore[];
	readonly openCases: Case[];
	readonly platformSays: PlatformWord | null;
	readonly feeds: { readonly changes: boolean; readonly cases: boolean };
}> {
	const { db } = context.store;
	const onsetAt = incident.onsetAt ?? incident.detectedAt;
	const about = {
		workload: incident.workload,
		...(incident.kind === "platform" ? {} : { tenant: incident.tenant }),
		limit: MAX_SHOWN,
	};
	const has = (gives: string) => catalogue.feeds.some((feed) => feed.gives === gives);
	const [changes, cases, words] = await Promise.all([
		listChanges(db, scope, { ...about, from: onsetAt - LOOK_BACK_MS, to: onsetAt + LOOK_AHEAD_MS }),
		listCases(db, scope, { ...about, state: "open" }),
		platformWords(db, scope, catalogue, context.clock.now()),
	]);
	const word = words.get(incident.workload);
	return {
		changes: changes.items.map((change) => ({ ...wireChange(change), beforeOnsetMs: onsetAt - change.startedAt })),
		openCases: cases.items.map(wireCase),
		platformSays: word ? wireWord(word) : null,
		feeds: { changes: has("changes"), cases: has("cases") },
	};
}
