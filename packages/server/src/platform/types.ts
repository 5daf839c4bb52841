import type { Kysely, Transaction } from "kysely";
import type { Principal } from "./access.ts";
import type { ControlTables } from "./tables.ts";

export type Tx = Transaction<ControlTables>;
export type Db = Kysely<ControlTables>;

/** The control-plane store. Writers are serialised; a transaction that throws leaves nothing behind. */
export interface ControlStore {
	/** For reading: sees what is committed, never a transaction under way. Writing through it fails. */
	readonly db: Db;
	/**
	 * All or nothing. A second one inside `work` would wait for the first for ever, so it is refused: pass `tx` on.
	 * Throws StoreUnavailable when the disk or the file is at fault.
	 */
	transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
	/** Why the last transaction could not be written; undefined since one was. */
	writeFault(): string | undefined;
	/** Told after each commit, so that timers, the outbox and live streams look at once. Answers how to leave. */
	onCommit(listener: () => void): () => void;
	close(): Promise<void>;
}

/** The store cannot write now: its disk is full, broken or busy. Nothing of the transaction is stored; later it may work. */
export class StoreUnavailable extends Error {
	override readonly name = "StoreUnavailable";
}

/** Ids and randomness come in from outside, so that tests decide them. */
export interface Ids {
	/** A new id with a prefix that tells its kind: `msg_…`, `tmr_…`; sortable by time. */
	next(prefix: string): string;
	/** Random bytes, hex. */
	secret(bytes: number): string;
}

export interface NewTimer {
	readonly kind: string;
	readonly tenant: string;
	readonly incidentId?: string | undefined;
	readonly dueAt: number;
	readonly data: Readonly<Record<string, unknown>>;
}

export interface Timer extends NewTimer {
	readonly id: string;
}

/** Carries out one kind of due timer, inside the transaction that marks it done: it fires once, whatever crashes. */
export type TimerHandler = (tx: Tx, timer: Timer, now: number) => Promise<void>;

export interface NewMessage {
	readonly kind: "page" | "notice";
	/** Pages: at-least-once (resent with the same id after a crash). Customer notices: at-most-once (`uncertain` after one). */
	readonly delivery: "at-least-once" | "at-most-once";
	readonly tenant: string;
	readonly incidentId?: string | undefined;
	/** Name of a channel of the catalogue. */
	readonly channel: string;
	readonly address: string;
	readonly payload: MessagePayload;
	readonly notBefore?: number | undefined;
}

/** What every channel can render. `data` is the structured body of webhooks. */
export interface MessagePayload {
	readonly subject: string;
	readonly text: string;
	readonly url?: string | undefined;
	readonly person?: string | undefined;
	readonly data: Readonly<Record<string, unknown>>;
	/** What channels make a card, a text message or a call of; those without it show subject and text. */
	readonly card?: MessageCard | undefined;
}

/** What a message says, in parts, the most important first. Links are absolute. */
export interface MessageCard {
	/** Who and what, as short as it can be: "Contoso: sign-in fails". The first that a text message says. */
	readonly short: string;
	/** What happened, in a sentence. */
	readonly sentence: string;
	/** For people, such as Tenant: Contoso. */
	readonly facts: readonly { readonly label: string; readonly value: string }[];
	readonly incidentUrl?: string | undefined;
	readonly runbookUrl?: string | undefined;
	/**
	 * How whoever was paged acknowledges without signing in. `url`: a page that asks once more, for a link opens by
	 * itself in some programs; `token`: what a chat's button sends back; `code`: what a text message is answered with.
	 */
	readonly acknowledge?:
		| { readonly url?: string | undefined; readonly token?: string | undefined; readonly code?: string | undefined }
		| undefined;
}

export interface Message extends NewMessage {
	/** The logical id: the same for all attempts; carried as webhook-id and Message-ID. */
	readonly id: string;
	readonly attempt: number;
	readonly createdAt: number;
}

/** What a channel says of one attempt. `uncertain`: it may or may not have arrived. */
export type SendResult =
	| { readonly status: "sent"; readonly detail: string }
	| { readonly status: "retry"; readonly detail: string; readonly retryAfterMs?: number | undefined }
	| { readonly status: "refused"; readonly detail: string }
	| { readonly status: "uncertain"; readonly detail: string };

/** One kind of outgoing channel; implemented in adapters. Never throws; never waits longer than its own time-out. */
export interface ChannelSender {
	send(message: Message): Promise<SendResult>;
}

/** A past-tense fact, e.g. `incident.opened`. Listeners run in the same transaction, in the order they were added. */
export interface DomainEvent {
	readonly type: string;
	readonly at: number;
	readonly tenant: string;
	readonly incidentId?: string | undefined;
	readonly actor: Principal;
	readonly data: Readonly<Record<string, unknown>>;
}
export type Listener = (tx: Tx, event: DomainEvent) => Promise<void>;

/**
 * What an attempt led to. `retrying`: this attempt failed, the next one comes at `nextAt`; the others are final.
 * `uncertain`: it may have arrived. At-most-once messages end so at once, and only a person sends them again; a page ends so
 * after five such attempts, and its escalation goes on.
 */
export type Outcome =
	| { readonly status: "sent" | "failed" | "uncertain"; readonly detail: string; readonly at: number }
	| { readonly status: "retrying"; readonly detail: string; readonly at: number; readonly nextAt: number };

/** Runs in the transaction that records the outcome. When it throws, the record is tried again, with back-off. */
export type OutcomeListener = (tx: Tx, message: Message, outcome: Outcome) => Promise<void>;
