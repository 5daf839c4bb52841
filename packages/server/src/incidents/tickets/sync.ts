import type {
	CreateResult,
	FindResult,
	Ticket,
	TicketChange,
	TicketContent,
	TicketFailure,
	TicketNote,
	TicketRef,
	TicketResult,
} from "./types.ts";

/** What to do next for a ticket. One step at a time, so that its order is kept. */
export type Step =
	/** Look up by key, adopt what is found, else create. */
	| { readonly do: "create" }
	| { readonly do: "note"; readonly note: TicketNote }
	| { readonly do: "update"; readonly change: TicketChange }
	| { readonly do: "wait"; readonly until: number; readonly reason: string }
	/** Everything is told, or nothing more is to be told. `drop`: no ticket is needed any more. */
	| { readonly do: "nothing"; readonly drop: boolean };

export interface SyncPolicy {
	/** Waits between attempts, ms; the last one repeats. */
	readonly retryDelaysMs: readonly number[];
	/** The longest wait that a system may ask for. */
	readonly retryAfterCapMs: number;
	/** Failing for this long without a break, the ticket waits for a person or for news. */
	readonly giveUpAfterMs: number;
}

/** Somebody is paged by other means, so a ticket may wait longer than a page; a system that asks for peace gets it. */
export const SYNC_POLICY: SyncPolicy = {
	retryDelaysMs: [2_000, 10_000, 30_000, 60_000, 300_000],
	retryAfterCapMs: 300_000,
	giveUpAfterMs: 24 * 3_600_000,
};

/** Our messages come back within minutes; what comes later is taken for somebody's own doing. */
export const ECHO_WITHIN_MS = 10 * 60_000;

/**
 * The next step, from what the ticket knows and what the incident says. Notes go first: a ticket that is closed may not
 * take them any more.
 */
export function nextStep(
	ticket: Ticket,
	content: TicketContent,
	notes: readonly TicketNote[],
	settleMs: number,
	now: number,
): Step {
	switch (ticket.phase) {
		case "gone":
		case "dropped":
			return { do: "nothing", drop: false };
		case "absent":
			// Nobody needs a new ticket for what is over.
			return content.state === "resolved" ? { do: "nothing", drop: true } : { do: "create" };
		case "creating": {
			const until = (ticket.createSentAt ?? 0) + settleMs;
			if (now < until)
				return { do: "wait", until, reason: "whether it was created is looked up when it is sure to be seen" };
			return { do: "create" };
		}
		case "linked": {
			const note = notes.find(({ seq }) => seq > ticket.noteSeq);
			if (note) return { do: "note", note };
			const change = changeOf(ticket, content);
			return change ? { do: "update", change } : { do: "nothing", drop: false };
		}
	}
}

function changeOf(ticket: Ticket, content: TicketContent): TicketChange | undefined {
	const { agreed, theirs } = ticket;
	// They are ahead and we only come after: there is nothing to tell. When we go back, they are told.
	const isBehind = isAhead(theirs, content.state) && !isAhead(agreed.state, content.state);
	const isStateNew = content.state !== agreed.state && content.state !== theirs && !isBehind;
	const change: TicketChange = {
		...(content.title === agreed.title ? {} : { title: content.title }),
		...(content.severity === agreed.severity ? {} : { severity: content.severity }),
		...(isStateNew ? { state: content.state } : {}),
	};
	return Object.keys(change).length === 0 ? undefined : change;
}

/** Something of the incident changed: whatever waited for a person is tried again as well. */
export function stirred(ticket: Ticket, now: number): Ticket {
	if (ticket.phase === "gone" || ticket.phase === "dropped") return ticket;
	// Whatever becomes of the exchange under way, the news is looked at after it.
	if (ticket.sync === "sending") return { ...ticket, version: ticket.version + 1 };
	// What fails keeps its back-off, so that a busy incident does not hammer a system that is down.
	if (ticket.sync === "pending") return ticket;
	return { ...ticket, sync: "pending", nextAt: now, failingSince: undefined };
}

/** A person asks for another attempt; what was deleted there, or not needed, is made anew. */
export function retried(ticket: Ticket, now: number): Ticket {
	if (ticket.sync === "sending") return ticket;
	const isAnew = ticket.phase === "gone" || ticket.phase === "dropped";
	return {
		...ticket,
		...(isAnew ? { phase: "creating", createSentAt: 0, ref: undefined, agreed: {}, theirs: undefined } : {}),
		sync: "pending",
		nextAt: now,
		failures: 0,
		failingSince: undefined,
		version: ticket.version + 1,
	};
}

/** After a kill: whatever was under way may have happened. `toldState`: it was a change of the state. */
export function recovered(ticket: Ticket, toldState: boolean, now: number): Ticket {
	const known = toldState ? withUnknownState(ticket) : ticket;
	return { ...known, sync: "pending", nextAt: now, lastError: "interrupted while sending" };
}

/** Whether a change of the state arrived is not known, so the state is told again, even if it is as it was before. */
function withUnknownState(ticket: Ticket): Ticket {
	const { state: _unknown, ...agreed } = ticket.agreed;
	return { ...ticket, agreed, theirs: undefined };
}

const ORDER = ["open", "acknowledged", "mitigated", "resolved"] as const;

function isAhead(state: (typeof ORDER)[number] | undefined, of: (typeof ORDER)[number]): boolean {
	return state !== undefined && ORDER.indexOf(state) > ORDER.indexOf(of);
}

/**
 * A look-up that found the ticket, so nothing is created. What it says is not known, so all of it is told again, but for
 * the state where people there are further than we: telling ours would reopen what they closed.
 */
export function adopted(
	ticket: Ticket,
	content: TicketContent,
	found: FindResult & { readonly status: "done" },
	now: number,
): Ticket {
	const [ref] = found.refs;
	const theirs = ref?.state;
	const agreed = isAhead(theirs, content.state) ? { state: content.state } : {};
	return succeeded({ ...ticket, phase: "linked", ref, createSentAt: undefined, agreed, theirs }, now);
}

/** The row before a create leaves: from here on its outcome is in doubt. */
export function createSent(ticket: Ticket, now: number): Ticket {
	return { ...ticket, phase: "creating", createSentAt: now };
}

export function created(
	ticket: Ticket,
	content: TicketContent,
	result: CreateResult,
	now: number,
	policy: SyncPolicy,
): Ticket {
	if (result.status === "done") {
		const agreed = { title: content.title, severity: content.severity, state: "open" } as const;
		return succeeded(
			{
				...ticket,
				phase: "linked",
				ref: result.ref,
				createSentAt: undefined,
				agreed,
				theirs: result.ref.state ?? "open",
			},
			now,
		);
	}
	const isSurelyAbsent = result.status !== "uncertain";
	return failed(
		isSurelyAbsent ? { ...ticket, phase: "absent", createSentAt: undefined } : ticket,
		result.status === "gone" ? { ...result, status: "refused" } : result,
		now,
		policy,
	);
}

export function updated(
	ticket: Ticket,
	change: TicketChange,
	result: TicketResult,
	now: number,
	policy: SyncPolicy,
): Ticket {
	// Also when it is not known whether it arrived: if it did, its message comes back.
	const told =
		change.state === undefined || result.status === "refused" ? ticket.told : toldOf(ticket, change.state, now);
	if (result.status !== "done") {
		const isDoubtful = result.status === "uncertain" && change.state !== undefined;
		return failed({ ...(isDoubtful ? withUnknownState(ticket) : ticket), told }, result, now, policy);
	}
	const { state = ticket.theirs } = change;
	return succeeded({ ...ticket, told, agreed: { ...ticket.agreed, ...change }, theirs: state }, now);
}

/** A note that the system refuses is passed over, so that it holds nothing up. */
export function noted(ticket: Ticket, note: TicketNote, result: TicketResult, now: number, policy: SyncPolicy): Ticket {
	if (result.status === "done" || result.status === "refused") {
		const next = succeeded({ ...ticket, noteSeq: note.seq }, now);
		return result.status === "done" ? next : { ...next, lastError: result.detail };
	}
	return failed(ticket, result, now, policy);
}

function toldOf(ticket: Ticket, state: NonNullable<TicketChange["state"]>, now: number): Ticket["told"] {
	return [...ticket.told.filter(({ at }) => now - at <= ECHO_WITHIN_MS), { state, at: now }].slice(-10);
}

function succeeded(ticket: Ticket, now: number): Ticket {
	return {
		...ticket,
		sync: "pending",
		nextAt: now,
		syncedAt: now,
		failures: 0,
		failingSince: undefined,
		lastError: undefined,
		version: ticket.version + 1,
	};
}

/** Retry-After counts up to the cap; refused and hopeless ones wait for a person or for news of the incident. */
export function failed(ticket: Ticket, failure: TicketFailure, now: number, policy: SyncPolicy): Ticket {
	const failures = ticket.failures + 1;
	const failingSince = ticket.failingSince ?? now;
	const base = { ...ticket, failures, failingSince, lastError: failure.detail, version: ticket.version + 1 };
	if (failure.status === "gone") return { ...base, phase: "gone", sync: "failed", nextAt: now };
	if (failure.status === "refused") return { ...base, sync: "failed", nextAt: now };
	if (now - failingSince >= policy.giveUpAfterMs) {
		return {
			...base,
			sync: "failed",
			nextAt: now,
			lastError: `given up after ${failures} attempts: ${failure.detail}`,
		};
	}
	const { retryDelaysMs } = policy;
	const delayMs = retryDelaysMs[Math.min(failures, retryDelaysMs.length) - 1] ?? 0;
	const askedMs = Math.min(failure.retryAfterMs ?? 0, policy.retryAfterCapMs);
	return { ...base, sync: "pending", nextAt: now + Math.max(delayMs, askedMs) };
}

/** Nothing is left to tell; `state` is what the incident was then. */
export function settled(ticket: Ticket, drop: boolean, state: TicketContent["state"] | undefined): Ticket {
	if (drop) return { ...ticket, sync: "synced", phase: "dropped" };
	if (ticket.phase !== "linked" || state === undefined) return { ...ticket, sync: "synced" };
	return { ...ticket, sync: "synced", agreed: { ...ticket.agreed, state } };
}

/** Whether a state that the system tells is only our own change coming back; the entry that explains it is used up. */
export function echoOf(
	ticket: Ticket,
	state: NonNullable<TicketChange["state"]>,
	now: number,
): { readonly isEcho: boolean; readonly ticket: Ticket } {
	const at = ticket.told.findIndex((each) => each.state === state && now - each.at <= ECHO_WITHIN_MS);
	if (at < 0) return { isEcho: false, ticket };
	return { isEcho: true, ticket: { ...ticket, told: ticket.told.toSpliced(at, 1) } };
}

/** What the ticket is called, learnt from the system's own message. */
export function withNames(ticket: Ticket, names: Partial<TicketRef> & { readonly id: string }): Ticket {
	const ref: TicketRef = { name: names.id, ...ticket.ref, ...defined(names) };
	const phase = ticket.phase === "absent" || ticket.phase === "creating" ? "linked" : ticket.phase;
	return { ...ticket, ref, phase, ...(phase === ticket.phase ? {} : { createSentAt: undefined }) };
}

function defined<T extends object>(value: T): T {
	return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as T;
}
