import { describeDuration } from "@bellwether/model";

/** What is expected of one installation. ms. */
export interface WatchTerms {
	/** A heartbeat must come this often. */
	readonly withinMs: number;
	/** A clock that differs by more than this is a fault: what the other side says of time cannot be relied on. */
	readonly skewMs: number;
	/** While it is missing, somebody is paged again this often. */
	readonly repeatMs: number;
}

/** What a heartbeat says, after its signature was checked. */
export interface Statement {
	/** When the checks passed, by the clock of the other side, ms epoch. */
	readonly at: number;
	/** How often the other side means to say so, ms. */
	readonly everyMs?: number | undefined;
	readonly audit?: { readonly seq: number; readonly hash: string } | undefined;
}

/** Monotonic instants (ms), so that a step of this machine's clock makes no alarm. */
export interface WatchState {
	readonly lastGoodAt: number;
	readonly newest: Statement | undefined;
	/** Why what came lately does not count. */
	readonly fault: string | undefined;
	readonly missingSince: number | undefined;
	readonly pagedAt: number | undefined;
	/** Somebody must still be told that it is back. */
	readonly isReturnUntold: boolean;
}

/** Of the watch: the two clocks at one moment. */
export interface Moment {
	readonly now: number;
	readonly monotonic: number;
}

export function watchFrom({ monotonic }: Moment): WatchState {
	return {
		lastGoodAt: monotonic,
		newest: undefined,
		fault: undefined,
		missingSince: undefined,
		pagedAt: undefined,
		isReturnUntold: false,
	};
}

/** A heartbeat came. One that was heard before says nothing new; one with a fault is remembered as the reason. */
export function hear(state: WatchState, statement: Statement, moment: Moment, terms: WatchTerms): WatchState {
	const { newest } = state;
	if (newest && statement.at === newest.at) return state;
	const skewMs = statement.at - moment.now;
	if (Math.abs(skewMs) > terms.skewMs) {
		const way = skewMs > 0 ? "ahead of" : "behind";
		return failed(state, `its clock is ${describeDuration(Math.abs(skewMs))} ${way} this machine's`);
	}
	if (newest && statement.at < newest.at) return failed(state, "its last statement is older than the one before");
	const fault = auditFault(newest?.audit, statement.audit);
	if (fault) return failed(state, fault);
	const isBack = state.missingSince !== undefined && state.pagedAt !== undefined;
	return {
		lastGoodAt: moment.monotonic,
		newest: statement,
		fault: undefined,
		missingSince: undefined,
		pagedAt: undefined,
		isReturnUntold: state.isReturnUntold || isBack,
	};
}

/** Something else than a good heartbeat came, or nothing was reached: the reason, should it stay so. */
export function failed(state: WatchState, fault: string): WatchState {
	return { ...state, fault };
}

/** Kept outside, the head of the audit log shows when it was cut or rewritten. */
function auditFault(before: Statement["audit"], now: Statement["audit"]): string | undefined {
	if (!before || !now) return undefined;
	if (now.seq < before.seq) return `its audit log was cut: ${now.seq} entries where there were ${before.seq}`;
	if (now.seq === before.seq && now.hash !== before.hash) return "its audit log was rewritten";
	return undefined;
}

export type WatchNews =
	| { readonly type: "missing"; readonly forMs: number; readonly fault: string | undefined; readonly isRepeat: boolean }
	| { readonly type: "returned" };

/** What somebody must be told now; `told` says that it was. */
export function newsAt(state: WatchState, { monotonic }: Moment, terms: WatchTerms): WatchNews | undefined {
	const forMs = monotonic - state.lastGoodAt;
	if (forMs <= terms.withinMs) return state.isReturnUntold ? { type: "returned" } : undefined;
	const { pagedAt, fault } = state;
	if (pagedAt !== undefined && monotonic - pagedAt < terms.repeatMs) return undefined;
	return { type: "missing", forMs, fault: fault ?? rhythmFault(state, terms), isRepeat: pagedAt !== undefined };
}

/** What is expected more often than it is sent is always missing. */
function rhythmFault({ newest }: WatchState, { withinMs }: WatchTerms): string | undefined {
	const everyMs = newest?.everyMs;
	if (everyMs === undefined || everyMs < withinMs) return undefined;
	return `it sends one every ${describeDuration(everyMs)} at most, and one is expected within ${describeDuration(withinMs)}`;
}

export function told(state: WatchState, news: WatchNews, { monotonic }: Moment): WatchState {
	if (news.type === "returned") return { ...state, isReturnUntold: false };
	return { ...state, missingSince: state.missingSince ?? state.lastGoodAt, pagedAt: monotonic, isReturnUntold: false };
}
