import type { Source } from "#catalogue";
import type { Accounting } from "#telemetry";
import { rejectionViews, sumRejected } from "./rejection-words.ts";
import type { SourceView } from "./schemas-operations.ts";
import type { PullStatus } from "./sources-port.ts";

const PROTOCOLS_OF: Readonly<Record<string, readonly string[]>> = {
	otlp: ["otlp-protobuf", "otlp-json", "otlp-traces", "otlp-logs"],
	"remote-write": ["remote-write-1", "remote-write-2"],
	events: ["events"],
};

export interface SourceFacts {
	readonly sources: readonly Source[];
	readonly statuses: readonly PullStatus[];
	readonly accounting: readonly Accounting[];
	readonly lastTakenAt: ReadonlyMap<string, number>;
	readonly now: number;
	/** Whether the reader may see what names tenants. */
	readonly seesAll: boolean;
}

/** Every source that is declared, then the kinds of senders that nobody declared but that have sent. */
export function sourceViews(facts: SourceFacts): SourceView[] {
	const declared = facts.sources.map((source) =>
		source.pull ? pulledView(source, facts) : pushedView(source.kind, facts, source),
	);
	const known = new Set<string>(facts.sources.map((source) => source.kind));
	const seen = Object.keys(PROTOCOLS_OF)
		.filter((kind) => !known.has(kind))
		.map((kind) => pushedView(kind, facts, undefined))
		.filter((view) => view.rows > 0 || view.lastSuccessAt !== null);
	return [...declared, ...seen];
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
	kind: string,
	{ accounting, lastTakenAt, now, seesAll }: SourceFacts,
	source: Source | undefined,
): SourceView {
	const protocols = PROTOCOLS_OF[kind] ?? [];
	const books = accounting.filter((each) => protocols.includes(each.protocol));
	const taken = protocols.flatMap((protocol) => lastTakenAt.get(protocol) ?? []);
	const lastSuccessAt = taken.length > 0 ? Math.max(...taken) : null;
	const count = (of: (each: Accounting) => number) => books.reduce((sum, each) => sum + of(each), 0);
	return {
		name: source?.name ?? kind,
		displayName: source?.displayName ?? kind,
		kind,
		how: "push",
		declared: source !== undefined,
		state: lastSuccessAt === null ? "silent" : "ok",
		slos: [],
		lastAttemptAt: null,
		lastSuccessAt,
		nextAt: null,
		watermarkAt: null,
		lagMs: lastSuccessAt === null ? null : Math.max(0, now - lastSuccessAt),
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
		note: "",
	};
}

function wholeMs(at: number | undefined): number | null {
	return at === undefined ? null : Math.round(at);
}
