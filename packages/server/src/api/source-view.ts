import { describeDuration } from "@bellwether/model";
import type { Source } from "#catalogue";
import { type Accounting, senderKind } from "#telemetry";
import { rejectionViews, sumRejected } from "./rejection-words.ts";
import type { SourceView } from "./schemas-operations.ts";
import { expectedWithinMs, punctualityOf, type SenderStatus } from "./sender-status.ts";
import type { PullStatus } from "./sources-port.ts";

/** Books that are of no sender. */
const NO_SENDERS = ["import", "pull"];
/** Names of tokens may name tenants. */
const TOKEN_PREFIX = "token:";

export interface SourceFacts {
	readonly sources: readonly Source[];
	readonly statuses: readonly PullStatus[];
	readonly accounting: readonly Accounting[];
	readonly senders: readonly SenderStatus[];
	readonly startedAt: number;
	readonly now: number;
	/** Whether the reader may see what names tenants. */
	readonly seesAll: boolean;
}

/** Every source that is declared, then the kinds of senders that nobody declared but that have sent. */
export function sourceViews(facts: SourceFacts): SourceView[] {
	const declared = facts.sources.map((source) =>
		source.pull ? pulledView(source, facts) : pushedView({ name: source.name, kind: source.kind, source }, facts),
	);
	const known = new Set<string>([...facts.sources.map((source) => source.name), ...NO_SENDERS]);
	const sent = facts.accounting.filter(({ source, protocol }) => !known.has(source) && protocol !== "pull");
	const names = new Set([...sent.map(({ source }) => source), ...facts.senders.map(({ source }) => source)]);
	const seen = [...names]
		.filter((name) => !known.has(name) && (facts.seesAll || !name.startsWith(TOKEN_PREFIX)))
		.sort()
		.map((name) => pushedView({ name, kind: kindOf(name, facts), source: undefined }, facts))
		.filter((view) => view.rows > 0 || view.lastSuccessAt !== null);
	return [...declared, ...seen];
}

function kindOf(name: string, { accounting }: SourceFacts): string {
	const protocol = accounting.find(({ source }) => source === name)?.protocol;
	return protocol === undefined || protocol === "pull" || protocol === "import" ? name : senderKind(protocol);
}

function pulledView(source: Source, { statuses, now, seesAll }: SourceFacts): SourceView {
	const status = statuses.find((each) => each.source === source.name);
	return {
		name: source.name,
		displayName: source.displayName,
		kind: source.kind,
		how: "pull",
		declared: true,
		state: status?.state ?? "starting",
		slos: source.pull?.queries.map((query) => query.slo) ?? [],
		lastAttemptAt: status?.lastAttemptAt ?? null,
		lastSuccessAt: status?.lastSuccessAt ?? null,
		nextAt: wholeMs(status?.nextAt),
		watermarkAt: status?.watermarkAt ?? null,
		lagMs: status?.watermarkAt === undefined ? null : Math.max(0, now - status.watermarkAt),
		queue: status?.queue ?? 0,
		queries: status?.queries ?? 0,
		rows: status?.rows ?? 0,
		rejected: status?.rejected ?? 0,
		usualLatenessMs: null,
		usualIntervalMs: source.pull?.intervalMs ?? null,
		isOverLimit: false,
		refusedRequests: 0,
		counted: null,
		duplicate: null,
		rejectedBy: [],
		revised: status?.revised ?? 0,
		vanished: status?.vanished ?? 0,
		skippedMs: status?.skippedMs ?? 0,
		failures: { ...status?.failures },
		// An engine's own words may name tenants.
		error: status?.error ? { ...status.error, message: seesAll ? status.error.message : "the source failed" } : null,
		note: seesAll ? (status?.note ?? "") : "",
	};
}

function pushedView(
	{ name, kind, source }: { readonly name: string; readonly kind: string; readonly source: Source | undefined },
	{ accounting, senders, now, startedAt, seesAll }: SourceFacts,
): SourceView {
	const books = accounting.filter((each) => each.source === name);
	const sender = senders.find((each) => each.source === name);
	const lastSuccessAt = sender?.lastRequestAt ?? null;
	const punctuality = sender && punctualityOf(sender, source, { now, startedAt });
	const isLate = punctuality === "late" || punctuality === "down";
	const completeUntil = sender?.completeUntil;
	const count = (of: (each: Accounting) => number) => books.reduce((sum, each) => sum + of(each), 0);
	return {
		name,
		displayName: source?.displayName ?? name,
		kind,
		how: "push",
		declared: source !== undefined,
		state: sender === undefined ? "silent" : isLate ? punctuality : "ok",
		slos: [],
		lastAttemptAt: null,
		lastSuccessAt,
		nextAt: null,
		watermarkAt: wholeMs(completeUntil),
		lagMs: completeUntil === undefined ? null : Math.round(Math.max(0, now - completeUntil)),
		usualLatenessMs: sender ? Math.round(sender.usualLatenessMs) : null,
		usualIntervalMs: wholeMs(sender?.usualIntervalMs),
		isOverLimit: sender?.isOver ?? false,
		refusedRequests: sender?.refusedRequests ?? 0,
		queue: 0,
		queries: 0,
		rows: seesAll ? count((each) => each.received) : 0,
		rejected: seesAll ? count((each) => Object.values(each.rejected).reduce((sum, n) => sum + (n ?? 0), 0)) : 0,
		counted: seesAll ? count((each) => each.counted) : null,
		duplicate: seesAll ? count((each) => each.duplicate) : null,
		rejectedBy: seesAll ? rejectionViews(sumRejected(books)) : [],
		revised: 0,
		vanished: 0,
		skippedMs: 0,
		failures: {},
		error: null,
		note: [noteOf(sender, source, isLate, now), source === undefined && name === kind ? sharedNote(kind) : ""]
			.filter((each) => each !== "")
			.join(" "),
	};
}

function noteOf(sender: SenderStatus | undefined, source: Source | undefined, isLate: boolean, now: number): string {
	if (!sender) return "";
	const withinMs = expectedWithinMs(sender, source);
	const silent = `It has sent nothing for ${describeDuration(now - sender.lastRequestAt)}; it is expected every ${describeDuration(source?.expectEveryMs ?? (withinMs ?? 0) / 3)}.`;
	const over = `It sends more than its limits: ${sender.refusedRequests} requests were refused since start, and asked for again later.`;
	return [...(isLate ? [silent] : []), ...(sender.isOver ? [over] : [])].join(" ");
}

/** Addresses and names of services do not tell senders apart safely: proxies share the one, replicas the other. */
function sharedNote(kind: string): string {
	return `All senders of ${kind} that nobody named are this one source: one that is silent, late or over its limits does not show while others send. Give each a token or the header X-Bellwether-Source with the name of a source of its own in sources/.`;
}

function wholeMs(at: number | undefined): number | null {
	return at === undefined ? null : Math.round(at);
}
