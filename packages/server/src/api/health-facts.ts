import { type Catalogue, formatFinding, type PlannedPause, pausesAt } from "#catalogue";
import { feedStates, integrationStates, ticketsLeftBehind } from "#incidents";
import { inScope, type TenantScope } from "#platform";
import { channelStates } from "#response";
import { FLEET, type UnusedMetric } from "#telemetry";
import { channelsInUse } from "./channel-needs.ts";
import type { ApiContext } from "./context.ts";
import type { LoopDelay } from "./event-loop.ts";
import { type Book, DELIVERIES_MS, type HealthFacts } from "./health-judgement.ts";
import { pageReach } from "./page-reach.ts";
import { rejectionViews, sumRejected } from "./rejection-words.ts";
import { secretFault } from "./secret-fault.ts";
import { uncoveredSlos } from "./slo-coverage.ts";
import { sourceViews } from "./source-view.ts";

export type Accounts = Awaited<ReturnType<ApiContext["telemetry"]["accounting"]>>;
type Figures = Awaited<ReturnType<ApiContext["telemetry"]["health"]>>;

export interface Gathered {
	readonly facts: HealthFacts;
	readonly figures: Figures | undefined;
	readonly accounts: Accounts | undefined;
}

/** Everything that this system knows of itself; what does not answer is undefined, and the rest is told all the same. */
export async function gatherHealth(
	context: ApiContext,
	scope: TenantScope,
	loop: LoopDelay | undefined,
): Promise<Gathered> {
	const { telemetry, store, sources } = context;
	const now = context.clock.now();
	const catalogue = context.catalogue();
	const active = context.config.active();
	const [
		senders,
		figures,
		accounts,
		values,
		feeds,
		deliveries,
		channels,
		queues,
		diskFreeBytes,
		integrations,
		leftBehind,
	] = await Promise.all([
		sources.senders().catch(() => []),
		telemetry.health().catch(() => undefined),
		telemetry.accounting().catch(() => undefined),
		telemetry.tenantValues({ state: "all", offset: 0, limit: 1 }).catch(() => undefined),
		feedStates(store.db, scope, catalogue, now),
		recentDeliveries(context, now, scope.all),
		channelStates(store.db, channelsInUse(catalogue), now),
		queueFigures(context, now),
		context.diskFreeBytes?.().catch(() => undefined),
		integrationStates(store.db, scope, catalogue).catch(() => undefined),
		ticketsLeftBehind(store.db, scope, catalogue).catch(() => []),
	]);
	const statuses = telemetry.statuses();
	const seen = statuses.filter(({ lastAt }) => lastAt !== undefined);
	const slosWithData = new Set(seen.filter(({ tenant }) => tenant === FLEET).map(({ slo }) => slo));
	const tenantsWithData = new Set(seen.map(({ tenant }) => tenant));
	const views = sourceViews({
		sources: catalogue.sources,
		statuses: sources.statuses(),
		accounting: accounts ?? [],
		senders,
		startedAt: sources.startedAt,
		now,
		seesAll: scope.all,
	});
	const namesOf = (state: string) => views.filter((view) => view.state === state && view.declared).map(nameOf);
	const failingFeeds = new Set(
		sources
			.feeds()
			// A single slip of one that answers is asked for again within seconds.
			.filter(
				({ state, misses, lastSuccessAt }) => state === "failing" && (misses !== 1 || lastSuccessAt === undefined),
			)
			.map(({ feed }) => feed),
	);
	const firstError = active.findings.find(({ level }) => level === "error");
	const facts: HealthFacts = {
		now,
		telemetry: figures && { ...figures, overQuota: figures.overQuota.filter(({ tenant }) => inScope(scope, tenant)) },
		newestEventAt: seen.length === 0 ? undefined : Math.max(...seen.map(({ lastAt }) => lastAt as number)),
		books: accounts?.map(bookOf),
		tenants: {
			key: catalogue.tenants.filter(({ name }) => inScope(scope, name)).length,
			withoutData: catalogue.tenants
				.filter(({ name }) => inScope(scope, name) && !tenantsWithData.has(name))
				.map(nameOf),
			ids: values?.total,
			unmatched: values?.unmatched,
		},
		slos: {
			all: catalogue.slos.length,
			uncovered: uncoveredSlos(catalogue.slos, (slo) => slosWithData.has(slo), unusedFor(scope, figures)),
			paused: pausesAt(visibleTo(catalogue, scope), now).map(pauseWords),
		},
		sources: {
			declared: catalogue.sources.length,
			failing: namesOf("failing"),
			silent: namesOf("silent"),
			late: views.filter(({ state }) => state === "late" || state === "down").map(nameOf),
			over: views.filter(({ isOverLimit }) => isOverLimit).map(nameOf),
		},
		feeds: {
			all: feeds.length,
			stale: feeds.filter(({ state }) => state === "stale").map(nameOf),
			waiting: feeds.filter(({ state }) => state === "waiting").map(nameOf),
			failing: feeds.filter(({ name }) => failingFeeds.has(name)).map(nameOf),
		},
		reach: pageReach(catalogue, secretFault),
		deliveries,
		channels,
		integrations,
		leftBehind,
		queues,
		watchdog: context.watchdog?.status(),
		diskFreeBytes,
		loop,
		configuration: {
			isReloadOk: active.isReloadOk,
			hash: active.hash,
			firstError: firstError ? formatFinding(firstError).replaceAll("\n", " ") : "",
		},
	};
	return { facts, figures, accounts };
}

function visibleTo(catalogue: Catalogue, scope: TenantScope): Catalogue {
	return { ...catalogue, tenants: catalogue.tenants.filter(({ name }) => inScope(scope, name)) };
}

function pauseWords({ monitor, of, until, reason, owner }: PlannedPause): string {
	return `${monitor}${of === "" ? "" : ` of ${of}`} until ${new Date(until).toISOString()} (${reason}, ${owner})`;
}

/** Values of attributes may name tenants. */
function unusedFor(scope: TenantScope, figures: Figures | undefined): readonly UnusedMetric[] {
	const unused = figures?.unusedMetrics ?? [];
	return scope.all ? unused : unused.map(({ metric }) => ({ metric, attributes: undefined }));
}

function nameOf({ displayName }: { readonly displayName: string }): string {
	return displayName;
}

function bookOf(account: Accounts[number]): Book {
	const views = rejectionViews(account.rejected);
	const sum = (of: typeof views) => of.reduce((total, { count }) => total + count, 0);
	return { ...account, rejected: sum(views), faults: sum(views.filter(({ isFault }) => isFault)) };
}

/** Per protocol, all tenants together. */
export function protocolBooks(accounts: Accounts) {
	return [...Map.groupBy(accounts, ({ protocol }) => protocol)].map(([protocol, books]) => {
		const sum = (of: (book: Accounts[number]) => number) => books.reduce((total, book) => total + of(book), 0);
		return {
			protocol,
			received: sum((book) => book.received),
			counted: sum((book) => book.counted),
			duplicate: sum((book) => book.duplicate),
			rejected: rejectionViews(sumRejected(books)),
		};
	});
}

async function recentDeliveries({ store }: ApiContext, now: number, seesAll: boolean) {
	const recent = store.db.selectFrom("deliveries").where("started_at", ">=", now - DELIVERIES_MS);
	const [outcomes, last] = await Promise.all([
		recent
			.select((select) => ["outcome" as const, select.fn.countAll<number>().as("count")])
			.groupBy("outcome")
			.execute(),
		recent
			.select(["channel", "detail"])
			.where("outcome", "=", "failed")
			.orderBy("seq", "desc")
			.limit(1)
			.executeTakeFirst(),
	]);
	const of = (outcome: string) => Number(outcomes.find((row) => row.outcome === outcome)?.count ?? 0);
	// A receiver's answer may name what it was sent.
	const lastFailure = last && seesAll ? `${last.channel}: ${last.detail}` : "";
	return { sent: of("sent"), failed: of("failed"), uncertain: of("uncertain"), lastFailure };
}

async function queueFigures({ store }: ApiContext, now: number) {
	const pending = (select: { readonly count: number | string; readonly oldest: number | null } | undefined) => ({
		count: Number(select?.count ?? 0),
		lateMs: select?.oldest == null ? 0 : Math.max(0, now - select.oldest),
	});
	const [outbox, timers] = await Promise.all([
		store.db
			.selectFrom("outbox")
			.select((select) => [select.fn.countAll<number>().as("count"), select.fn.min("next_at").as("oldest")])
			.where("state", "=", "pending")
			.executeTakeFirst(),
		store.db
			.selectFrom("timers")
			.select((select) => [select.fn.countAll<number>().as("count"), select.fn.min("due_at").as("oldest")])
			.where("state", "=", "pending")
			.executeTakeFirst(),
	]);
	const [messages, waiting] = [pending(outbox), pending(timers)];
	return { outbox: messages.count, outboxLateMs: messages.lateMs, timersLateMs: waiting.lateMs };
}
