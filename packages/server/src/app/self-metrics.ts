import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";
import type { FeedPullStatus, PullStatus, SenderStatus, WatchdogStatus } from "#api";
import type { ControlStore, DispatcherCounters, TimerCounters } from "#platform";
import type { ChannelState } from "#response";
import type { Accounting, StorageFigures, TenantQuotaState } from "#telemetry";
import { channelGauges } from "./channel-metrics.ts";
import { type TicketFigures, ticketGauges } from "./ticket-metrics.ts";
import { watchdogGauges } from "./watchdog/gauges.ts";

export interface MetricSources {
	readonly store: ControlStore;
	readonly now: () => number;
	readonly timers: () => Readonly<TimerCounters>;
	readonly dispatcher: () => Readonly<DispatcherCounters>;
	readonly breachQueueDepth: () => number;
	readonly streams: () => number;
	readonly isConfigOk: () => boolean;
	readonly pulled: () => readonly PullStatus[];
	readonly pulledFeeds: () => readonly FeedPullStatus[];
	readonly senders: () => Promise<readonly SenderStatus[]>;
	readonly channels: () => Promise<readonly ChannelState[]>;
	readonly telemetry: () => Promise<TelemetryFigures | undefined>;
	readonly accounting: () => Promise<readonly Accounting[]>;
	readonly watchdog: () => WatchdogStatus;
	/** Undefined: could not be read. */
	readonly tickets: () => Promise<TicketFigures | undefined>;
}

/** What the telemetry thread says of itself. */
export interface TelemetryFigures {
	readonly state: string;
	readonly journalRows: number;
	readonly journalBytes: number;
	readonly streams: number;
	readonly pairs: number;
	readonly samplesTotal: number;
	readonly malformedRequests: number;
	readonly commits: number;
	readonly commitFailures: number;
	readonly heapBytes: number;
	readonly evaluations: number;
	readonly evaluationMs: number;
	readonly missedEvaluations: number;
	readonly radarLearnt: number;
	readonly lastSampleAt: number | undefined;
	readonly overQuota: readonly TenantQuotaState[];
	readonly storage: StorageFigures;
}

const PREFIX = "bellwether_";

/** So that whoever looks for a channel's figure learns why it is not there. */
const LEFT_OUT =
	"# Figures by source, feed, channel and integration are left out: send a token of a viewer who may see all tenants.\n";

/**
 * The process's own figures in Prometheus format. /metrics needs no sign-in, so none names a tenant, tells which
 * catalogue runs, or what a known hole of the runtime could be looked up by. Figures of sources, feeds, channels and
 * integrations bear the operator's names for them: they are told only when `isNamed`.
 */
export function createSelfMetrics(sources: MetricSources): {
	readonly contentType: string;
	text(isNamed: boolean): Promise<string>;
	observeIngest(route: string, status: number): void;
} {
	const registry = new Registry();
	const named = new Registry();
	collectDefaultMetrics({ register: registry, prefix: PREFIX });
	registry.removeSingleMetric(`${PREFIX}nodejs_version_info`);
	const requests = new Counter({
		name: `${PREFIX}ingest_requests_total`,
		help: "Telemetry requests by route and answered status",
		labelNames: ["route", "status"],
		registers: [registry],
	});
	const gauge = (name: string, help: string, labelNames: string[] = []) =>
		new Gauge({
			name: PREFIX + name,
			help,
			labelNames,
			registers: [labelNames.some((label) => label === "source" || label === "feed") ? named : registry],
		});
	const gauges = {
		configOk: gauge(
			"config_reload_ok",
			"1: the last attempt to load the catalogue was taken; 0: it was refused and the one before goes on",
		),
		wallSteps: gauge("wall_clock_steps_total", "Steps of the wall clock over two seconds since start"),
		timersPending: gauge("timers_pending", "Durable timers that wait"),
		timersLate: gauge("timers_oldest_overdue_seconds", "Lateness of the most overdue timer; 0: none is overdue"),
		timersFired: gauge("timers_fired_total", "Timers fired since start"),
		timersFailed: gauge("timers_failed_total", "Timer handlers that threw since start"),
		outbox: gauge("outbox_messages", "Outgoing messages by state", ["state"]),
		outboxLate: gauge(
			"outbox_oldest_overdue_seconds",
			"Lateness of the most overdue outgoing message; 0: none is overdue",
		),
		sent: gauge("deliveries_total", "Attempts to send since start by outcome", ["outcome"]),
		breaches: gauge("breach_queue_depth", "Breach events that wait for their control transaction"),
		streams: gauge("live_streams", "Open server-sent event streams"),
		up: gauge("telemetry_up", "1: the telemetry thread takes data"),
		// Without the prefix: benches that compare stores read this one name from all of them.
		samples: new Gauge({
			name: "samples_total",
			help: "Points counted since the store was made",
			registers: [registry],
		}),
		series: gauge("telemetry_streams", "Streams known"),
		pairs: gauge("pairs", "(tenant, SLO) pairs whose windows are kept"),
		journalRows: gauge("journal_rows", "Journal rows not folded yet"),
		journalBytes: gauge("journal_bytes", "Bytes of the journal not folded yet"),
		storage: gauge("telemetry_storage_bytes", "Bytes of the telemetry file: used, its limit, its log", ["of"]),
		tierBytes: gauge("rollup_bytes", "Bytes of roll-ups by class and tier", ["class", "tier"]),
		tierKept: gauge("rollup_kept_seconds", "How long a tier is kept now; less than configured for want of room", [
			"class",
			"tier",
		]),
		shortenings: gauge("retention_shortenings", "How often retention was shortened for want of room; 0: as configured"),
		damaged: gauge("damaged_ranges", "Stored ranges that were found damaged and are left out"),
		commits: gauge("journal_commits_total", "Journal commits since start"),
		commitFailures: gauge("journal_commit_failures_total", "Journal commits that failed since start"),
		malformed: gauge("malformed_requests_total", "Telemetry requests that could not be read since start"),
		heap: gauge("telemetry_heap_bytes", "Heap of the telemetry thread"),
		evaluations: gauge("evaluations_total", "Rounds of detection since start"),
		evaluationS: gauge("evaluation_seconds_total", "CPU spent in detection since start"),
		missedEvaluations: gauge("missed_evaluations_total", "Rounds of detection that came late or never since start"),
		radarLearnt: gauge("radar_learnt_ratio", "Share of what is usual that the radar has learnt since start"),
		lastSample: gauge("last_sample_timestamp_seconds", "When the last point was counted"),
		points: gauge("points_total", "Points by protocol and what became of them", ["protocol", "outcome"]),
		sourceUp: gauge("source_up", "1: the pulled source answered last; 0: it fails or has not answered", ["source"]),
		sourceWatermark: gauge("source_watermark_timestamp_seconds", "The pulled source's data are complete up to here", [
			"source",
		]),
		sourceQueue: gauge("source_queue", "Queries of the pulled source that are due", ["source"]),
		sourceQueries: gauge("source_queries_total", "Queries of the pulled source since start", ["source"]),
		sourceRows: gauge("source_rows_total", "Rows and samples of the pulled source since start", ["source"]),
		sourceFailures: gauge("source_failures_total", "Failed queries since start by reason", ["source", "reason"]),
		feedUp: gauge("feed_up", "1: the feed that is asked answered last; 0: it fails or has not answered", ["feed"]),
		feedRequests: gauge("feed_requests_total", "Requests to the feed that is asked since start", ["feed"]),
		feedFailures: gauge("feed_failures_total", "Failed turns of the feed that is asked since start by reason", [
			"feed",
			"reason",
		]),
		sourceLast: gauge("source_last_request_timestamp_seconds", "When the source that sends was last taken from", [
			"source",
		]),
		sourceLag: gauge("source_lag_seconds", "Age of the newest event time up to which the source's data are complete", [
			"source",
		]),
		sourceLateness: gauge("source_usual_lateness_seconds", "How long after a time was shown older data still come", [
			"source",
		]),
		sourceRefused: gauge("source_refused_requests_total", "Requests refused for the source's limits since start", [
			"source",
		]),
		overQuota: gauge("tenants_over_quota", "Key tenants that were refused points within the last minute"),
		dropped: gauge("points_rejected_total", "Points rejected by reason", ["protocol", "reason"]),
	};

	const setWatchdog = watchdogGauges(registry, PREFIX);

	const setChannels = channelGauges(named, PREFIX);

	const setTickets = ticketGauges(named, PREFIX);

	async function collect(): Promise<void> {
		setWatchdog(sources.watchdog());
		const now = sources.now();
		gauges.configOk.set(sources.isConfigOk() ? 1 : 0);
		const timers = sources.timers();
		gauges.wallSteps.set(timers.wallSteps);
		gauges.timersFired.set(timers.fired);
		gauges.timersFailed.set(timers.failed);
		gauges.breaches.set(sources.breachQueueDepth());
		gauges.streams.set(sources.streams());
		const { sent, failed, uncertain, retried } = sources.dispatcher();
		for (const [outcome, count] of Object.entries({ sent, failed, uncertain, retried }))
			gauges.sent.set({ outcome }, count);
		collectSources();
		collectFeeds();
		setChannels(await sources.channels());
		setTickets(await sources.tickets(), now);
		await collectSenders(now);
		await collectQueues(now);
		await collectTelemetry();
	}

	function collectSources(): void {
		const { sourceUp, sourceWatermark, sourceQueue, sourceQueries, sourceRows, sourceFailures } = gauges;
		for (const each of [sourceUp, sourceWatermark, sourceQueue, sourceQueries, sourceRows, sourceFailures])
			each.reset();
		for (const { source, state, watermarkAt, queue, queries, rows, failures } of sources.pulled()) {
			sourceUp.set({ source }, state === "ok" || state === "behind" ? 1 : 0);
			if (watermarkAt !== undefined) sourceWatermark.set({ source }, watermarkAt / 1000);
			sourceQueue.set({ source }, queue);
			sourceQueries.set({ source }, queries);
			sourceRows.set({ source }, rows);
			for (const [reason, count] of Object.entries(failures)) sourceFailures.set({ source, reason }, count ?? 0);
		}
	}

	function collectFeeds(): void {
		const { feedUp, feedRequests, feedFailures } = gauges;
		for (const each of [feedUp, feedRequests, feedFailures]) each.reset();
		for (const { feed, state, requests: asked, failures } of sources.pulledFeeds()) {
			feedUp.set({ feed }, state === "ok" ? 1 : 0);
			feedRequests.set({ feed }, asked);
			for (const [reason, count] of Object.entries(failures)) feedFailures.set({ feed, reason }, count ?? 0);
		}
	}

	/** Tokens may be named after tenants: what comes by them is told by GET /api/v1/sources. */
	async function collectSenders(now: number): Promise<void> {
		const { sourceLast, sourceLag, sourceLateness, sourceRefused } = gauges;
		for (const each of [sourceLast, sourceLag, sourceLateness, sourceRefused]) each.reset();
		for (const sender of await sources.senders()) {
			const { source, completeUntil } = sender;
			if (source.startsWith("token:")) continue;
			sourceLast.set({ source }, sender.lastRequestAt / 1000);
			if (completeUntil !== undefined) sourceLag.set({ source }, Math.max(0, now - completeUntil) / 1000);
			sourceLateness.set({ source }, sender.usualLatenessMs / 1000);
			sourceRefused.set({ source }, sender.refusedRequests);
		}
	}

	async function collectQueues(now: number): Promise<void> {
		const { db } = sources.store;
		const pending = await db
			.selectFrom("timers")
			.select((select) => [select.fn.countAll<number>().as("count"), select.fn.min("due_at").as("oldest")])
			.where("state", "=", "pending")
			.executeTakeFirst();
		gauges.timersPending.set(Number(pending?.count ?? 0));
		gauges.timersLate.set(overdueS(pending?.oldest, now));
		const outbox = await db
			.selectFrom("outbox")
			.select((select) => [
				"state" as const,
				select.fn.countAll<number>().as("count"),
				select.fn.min("next_at").as("oldest"),
			])
			.groupBy("state")
			.execute();
		gauges.outbox.reset();
		for (const { state, count } of outbox) gauges.outbox.set({ state }, Number(count));
		gauges.outboxLate.set(overdueS(outbox.find((row) => row.state === "pending")?.oldest, now));
	}

	async function collectTelemetry(): Promise<void> {
		const figures = await sources.telemetry();
		gauges.up.set(figures?.state === "ready" ? 1 : 0);
		if (!figures) return;
		gauges.samples.set(figures.samplesTotal);
		gauges.series.set(figures.streams);
		gauges.pairs.set(figures.pairs);
		gauges.journalRows.set(figures.journalRows);
		gauges.journalBytes.set(figures.journalBytes);
		gauges.commits.set(figures.commits);
		const { storage } = figures;
		gauges.storage.set({ of: "used" }, storage.usedBytes);
		gauges.storage.set({ of: "limit" }, storage.limitBytes);
		gauges.storage.set({ of: "log" }, storage.logBytes);
		gauges.shortenings.set(storage.shortenings);
		gauges.damaged.set(storage.damaged.length);
		for (const { of, tier, bytes, keptMs } of storage.tiers) {
			gauges.tierBytes.set({ class: of, tier }, bytes);
			gauges.tierKept.set({ class: of, tier }, keptMs / 1000);
		}
		gauges.commitFailures.set(figures.commitFailures);
		gauges.malformed.set(figures.malformedRequests);
		gauges.heap.set(figures.heapBytes);
		gauges.overQuota.set(figures.overQuota.filter(({ isOver }) => isOver).length);
		gauges.evaluations.set(figures.evaluations);
		gauges.evaluationS.set(figures.evaluationMs / 1000);
		gauges.missedEvaluations.set(figures.missedEvaluations);
		gauges.radarLearnt.set(figures.radarLearnt);
		if (figures.lastSampleAt !== undefined) gauges.lastSample.set(figures.lastSampleAt / 1000);
		gauges.points.reset();
		gauges.dropped.reset();
		for (const { protocol, counted, duplicate, rejected } of await sources.accounting()) {
			gauges.points.inc({ protocol, outcome: "counted" }, counted);
			gauges.points.inc({ protocol, outcome: "duplicate" }, duplicate);
			for (const [reason, count] of Object.entries(rejected)) gauges.dropped.inc({ protocol, reason }, count);
		}
	}

	return {
		contentType: registry.contentType,
		async text(isNamed) {
			await collect();
			return (await registry.metrics()) + (isNamed ? await named.metrics() : LEFT_OUT);
		},
		observeIngest: (route, status) => requests.inc({ route, status: String(status) }),
	};
}

function overdueS(dueAt: number | null | undefined, now: number): number {
	return dueAt == null ? 0 : Math.max(0, now - dueAt) / 1000;
}
