import { DAY_MS } from "@bellwether/model";
import type { Catalogue, Feed } from "#catalogue";
import { type Db, inScope, type TenantScope, type Tx } from "#platform";
import type { PlatformState } from "#telemetry";
import { speaksOf, workloadsOf } from "./mapping.ts";
import { feedStates, openHealthRows } from "./queries.ts";
import type { FeedState, PlatformWord } from "./types.ts";

/** Worse first. What is unknown is never better than what is known to be well. */
const RANK: Readonly<Record<PlatformState, number>> = {
	outage: 0,
	degraded: 1,
	maintenance: 2,
	unknown: 3,
	operational: 4,
};

/** One statement that is in force. */
export interface OpenStatement {
	readonly feed: string;
	readonly component: readonly string[];
	readonly state: PlatformState;
	readonly sourceStatus: string;
	readonly title: string;
	readonly link: string | undefined;
	readonly startedAt: number;
	/** When it was told last. */
	readonly toldAt: number;
}

/** The platform's own word on each workload that a feed speaks of. Only for who may see all: it is no tenant's. */
export async function platformWords(
	db: Db | Tx,
	scope: TenantScope,
	catalogue: Catalogue,
	now: number,
): Promise<ReadonlyMap<string, PlatformWord>> {
	if (!inScope(scope, "") || !catalogue.feeds.some((feed) => feed.gives === "platform-health")) return new Map();
	const [states, rows] = await Promise.all([feedStates(db, scope, catalogue, now), openHealthRows(db)]);
	const statements = rows.map(
		(row): OpenStatement => ({
			feed: row.feed,
			component: JSON.parse(row.component) as string[],
			state: row.state,
			sourceStatus: row.source_status,
			title: row.title,
			link: row.link ?? undefined,
			startedAt: row.started_at,
			toldAt: row.received_at,
		}),
	);
	return wordsOf(catalogue, states, statements, now);
}

/** The same as a pure function of what is held. */
export function wordsOf(
	catalogue: Catalogue,
	states: readonly FeedState[],
	statements: readonly OpenStatement[],
	now: number,
): ReadonlyMap<string, PlatformWord> {
	const stateOf = new Map(states.map((state) => [state.name, state]));
	const feeds = catalogue.feeds.filter((feed) => feed.gives === "platform-health");
	const mapped = feeds.flatMap((feed) =>
		statements
			.filter((statement) => statement.feed === feed.name)
			.map((statement) => ({ statement, workloads: workloadsOf(feed, catalogue, statement.component) })),
	);
	const words = new Map<string, PlatformWord>();
	for (const { name: workload } of catalogue.workloads) {
		for (const feed of feeds) {
			if (!speaksOf(feed, workload)) continue;
			const own = mapped
				.filter(({ statement, workloads }) => statement.feed === feed.name && workloads.includes(workload))
				.map(({ statement }) => statement);
			const word = wordOf(
				feed,
				workload,
				stateOf.get(feed.name),
				own.map((each) => faded(feed, each, now)),
			);
			const other = words.get(workload);
			if (!other || RANK[word.state] < RANK[other.state]) words.set(workload, word);
		}
	}
	return words;
}

/** Alertmanager repeats what fires; an alert that it has not told for a day may have ended without our being told. */
const ALERT_FADES_MS = DAY_MS;

function faded(feed: Feed, statement: OpenStatement, now: number): OpenStatement {
	const isFaded = feed.kind === "alertmanager" && now - statement.toldAt > ALERT_FADES_MS;
	return isFaded && statement.state !== "operational" ? { ...statement, state: "unknown" } : statement;
}

function wordOf(
	feed: Feed,
	workload: string,
	state: FeedState | undefined,
	statements: readonly OpenStatement[],
): PlatformWord {
	const heardAt = state?.lastMessageAt;
	const base = { workload, feed: feed.name, feedDisplayName: feed.displayName, heardAt };
	const nothing = { since: undefined, title: undefined, link: undefined, sourceStatus: undefined };
	if (state === undefined || state.state === "waiting") {
		return { ...base, ...nothing, state: "unknown", why: "never-heard" };
	}
	// The worst, and of equally bad ones the one that lasts longest.
	const [worst] = statements.toSorted((a, b) => RANK[a.state] - RANK[b.state] || a.startedAt - b.startedAt);
	const said = worst && {
		since: worst.startedAt,
		title: worst.title,
		link: worst.link,
		sourceStatus: worst.sourceStatus,
	};
	// What it said last is told along: it may still be so, or not.
	if (state.state === "stale") return { ...base, ...(said ?? nothing), state: "unknown", why: "stale" };
	if (worst && said) return { ...base, ...said, state: worst.state, why: "said" };
	// A status page names its components one by one; the others tell of problems alone.
	if (feed.kind === "status-json") return { ...base, ...nothing, state: "unknown", why: "not-mentioned" };
	return { ...base, ...nothing, state: "operational", why: "no-problem-open" };
}
