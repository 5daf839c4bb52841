import type { Slo } from "#catalogue";
import type { Cells } from "../counting/cells.ts";
import { addToWindows } from "../history/late-counts.ts";
import type { Ledger } from "../intake/ledger.ts";
import { meetsThreshold, type Selection } from "../selection/selection.ts";
import type { AccountingRow, FoldWriter, TelemetryStore } from "../store/store.ts";
import type { IngestOutcome, WindowSink } from "../types.ts";
import { type CountsResult, packCounts, replaceCounts, unpackCounts } from "./counts.ts";
import type { PullForm, PullState } from "./planner.ts";

/** The whole answer of one source for one SLO and range. `body`: CountRows or SeriesBytes, by `form`. */
export interface PulledAnswer {
	readonly source: string;
	readonly slo: string;
	readonly form: PullForm;
	readonly from: number;
	readonly to: number;
	readonly stepMs: number;
	/** How far behind the watermark counts stay replaceable. */
	readonly overlapMs: number;
	readonly tenantAttribute: string;
	readonly body: Uint8Array;
}

/** Everything of the answer is counted and stored, its new watermark included, or nothing. */
export type PullOutcome =
	| {
			readonly status: "accepted";
			readonly state: PullState;
			/** Rows or samples that came. */
			readonly rows: number;
			readonly rejected: number;
			/** Counts that replaced others. */
			readonly revised: number;
			/** Counts that an earlier answer had and this one has not: they stay. */
			readonly vanished: number;
			/** In words, what the operator should know; empty: nothing. */
			readonly message: string;
	  }
	/** The catalogue no longer has the SLO, or the body is larger than `telemetry.maxBodyBytes`. */
	| { readonly status: "refused"; readonly message: string }
	| { readonly status: "unavailable"; readonly message: string; readonly retryAfterS: number };

export interface PullDeps {
	readonly store: TelemetryStore;
	readonly selection: Selection;
	readonly ledger: Ledger;
	readonly sink: WindowSink;
	readonly slo: Slo | undefined;
	/** Adds cells to the stored roll-ups within the writer's transaction. */
	readonly merge: (writer: FoldWriter, cells: Cells) => void;
	/** Counts raw samples like pushed ones; durable when it returns. */
	readonly ingest: (body: Uint8Array) => IngestOutcome;
}

export function readPullState(store: TelemetryStore, source: string, slo: string): PullState | undefined {
	const text = store.meta(stateKey(source, slo));
	return text === undefined ? undefined : (JSON.parse(text) as PullState);
}

/** Throws when the store fails; then nothing of the answer is stored. */
export function takeAnswer(deps: PullDeps, answer: PulledAnswer): PullOutcome {
	if (!deps.slo) return { status: "refused", message: `the catalogue has no SLO ${JSON.stringify(answer.slo)}` };
	const state = readPullState(deps.store, answer.source, answer.slo);
	return answer.form === "samples" ? takeSamples(deps, answer, state) : takeCounts(deps, answer, state);
}

/**
 * Samples are safe to count twice: their streams know them again. So the watermark may follow in a transaction of its own; when
 * it is lost, the same range is asked for once more.
 */
function takeSamples(deps: PullDeps, answer: PulledAnswer, state: PullState | undefined): PullOutcome {
	const outcome = deps.ingest(answer.body);
	if (outcome.status === "unavailable") return outcome;
	if (outcome.status === "over-quota") return { ...outcome, status: "unavailable" };
	if (outcome.status !== "accepted") return { status: "refused", message: outcome.message };
	const next = nextState(answer, state, answer.from);
	deps.store.fold((writer) => writer.writeMeta(stateKey(answer.source, answer.slo), JSON.stringify(next)));
	const { points: rows, rejected, message } = outcome;
	return { status: "accepted", state: next, rows, rejected, revised: 0, vanished: 0, message };
}

function takeCounts(deps: PullDeps, answer: PulledAnswer, state: PullState | undefined): PullOutcome {
	const { store, selection, ledger, sink } = deps;
	const { source, slo } = answer;
	const isContinued = state !== undefined && state.form === answer.form && state.stepMs === answer.stepMs;
	// Counts of another step or form lie across these buckets: what they cover is not counted again.
	const floor = state && !isContinued ? Math.ceil(state.pulledUntil / answer.stepMs) * answer.stepMs : answer.from;
	const replaceableFrom = isContinued ? state.replaceableFrom : floor;
	const known = new Map<number, ReturnType<typeof unpackCounts>>();
	if (isContinued)
		for (const { at, packed } of store.pulled(source, slo, answer.from, answer.to)) known.set(at, unpackCounts(packed));
	const indicator = deps.slo?.indicator;
	const isGood =
		indicator?.kind === "threshold"
			? (value: number) => meetsThreshold(value, indicator.op, indicator.value)
			: undefined;
	const result = replaceCounts(selection, { ...answer, replaceableFrom, known, isGood });
	const next = nextState(answer, state, replaceableFrom);
	const rows = accountingRows(result, source);
	store.fold((writer) => {
		if (result.cells.count > 0) deps.merge(writer, result.cells);
		writer.addAccounting(rows);
		writer.dropPulledBefore(source, slo, next.replaceableFrom);
		for (const [at, counts] of result.changed)
			if (at >= next.replaceableFrom) writer.writePulled(source, slo, at, packCounts(counts));
		writer.writeMeta(stateKey(source, slo), JSON.stringify(next));
	});
	ledger.addStored(rows);
	addToWindows({ sink }, result.cells);
	return { status: "accepted", state: next, ...sums(result), message: messageOf(result) };
}

function nextState(answer: PulledAnswer, state: PullState | undefined, replaceableFrom: number): PullState {
	const { source, slo, stepMs, form, overlapMs } = answer;
	const pulledUntil = Math.max(state?.pulledUntil ?? 0, answer.to);
	const kept = Math.floor((pulledUntil - overlapMs) / stepMs) * stepMs;
	return { source, slo, stepMs, form, pulledUntil, replaceableFrom: Math.max(replaceableFrom, kept) };
}

function accountingRows({ accounts }: CountsResult, source: string): AccountingRow[] {
	return [...accounts].flatMap(([tenant, account]) =>
		Object.entries(account)
			.filter(([, count]) => count > 0)
			.map(([key, count]) => ({ tenant, source, protocol: "pull", key, count })),
	);
}

function sums({ accounts, revised, vanished }: CountsResult) {
	let rows = 0;
	let rejected = 0;
	for (const account of accounts.values())
		for (const [key, count] of Object.entries(account)) {
			rows += count;
			if (key !== "counted" && key !== "duplicate") rejected += count;
		}
	return { rows, rejected, revised, vanished };
}

function messageOf(result: CountsResult): string {
	const { vanished, firstVanished } = result;
	const parts: string[] = [];
	const { rejected } = sums(result);
	if (rejected > 0) {
		const reasons = new Map<string, number>();
		for (const account of result.accounts.values())
			for (const [key, count] of Object.entries(account))
				if (key !== "counted" && key !== "duplicate") reasons.set(key, (reasons.get(key) ?? 0) + count);
		parts.push(`rows of no use: ${[...reasons].map(([reason, count]) => `${count} ${reason}`).join(", ")}`);
	}
	if (firstVanished) {
		const whose = firstVanished.tenant === "" ? "other tenants" : firstVanished.tenant;
		const at = new Date(firstVanished.at).toISOString();
		parts.push(`${vanished} counts that the source gave before are missing now and stay (first: ${whose} at ${at})`);
	}
	return parts.join("; ");
}

function stateKey(source: string, slo: string): string {
	return `pull ${source} ${slo}`;
}
