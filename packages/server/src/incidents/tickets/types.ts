import type { SeverityKey } from "@bellwether/model";
import type { TicketState } from "#catalogue";

/** What a ticket says, in our words; the adapter writes it in the system's. Nothing here names another tenant. */
export interface TicketContent {
	/** At most 200 characters. */
	readonly title: string;
	/** Plain text for the description; lines are separated by \n. */
	readonly text: string;
	/** Address of the incident in the console. */
	readonly link: string;
	readonly severity: SeverityKey;
	readonly state: TicketState;
	/** Why it is over, in one line; empty while it is not. */
	readonly resolution: string;
	/** What field templates may name. `theirSeverity` and `theirState` are the adapter's to add. */
	readonly facts: Readonly<Record<string, string>>;
}

/** A person's words that go to the ticket; `marker` is the last line of `text` and tells our own note when it comes back. */
export interface TicketNote {
	readonly seq: number;
	readonly text: string;
	readonly marker: string;
	/** An earlier attempt may have arrived: look for the marker first, where the system lets its notes be read. */
	readonly mayBeThere: boolean;
}

/** What of a ticket changed since the system was told last. */
export interface TicketChange {
	readonly title?: string | undefined;
	readonly severity?: SeverityKey | undefined;
	readonly state?: TicketState | undefined;
}

/** How the system names a ticket. */
export interface TicketRef {
	/** What later requests and messages name it by. */
	readonly id: string;
	/** What people call it, such as INC0010023 or CRE-7. */
	readonly name: string;
	readonly url?: string | undefined;
	/** A second id by which the system's messages may name it. */
	readonly alias?: string | undefined;
	/** Its state now, where the answer tells it. */
	readonly state?: TicketState | undefined;
}

/**
 * What became of a request that failed. `retry`: surely nothing happened; `uncertain`: it may have happened;
 * `refused`: asking again is in vain until somebody changes something; `gone`: there is no such ticket any more.
 */
export interface TicketFailure {
	readonly status: "retry" | "uncertain" | "refused" | "gone";
	/** For people; names host and status, never a path, a query or a secret. */
	readonly detail: string;
	readonly retryAfterMs?: number | undefined;
}

/** `proof`: what the system itself said, such as an id and a status. */
export type TicketResult = { readonly status: "done"; readonly proof: string } | TicketFailure;
export type CreateResult = { readonly status: "done"; readonly proof: string; readonly ref: TicketRef } | TicketFailure;
/** Oldest first; more than one means that somebody doubled it. */
export type FindResult =
	| { readonly status: "done"; readonly proof: string; readonly refs: readonly TicketRef[] }
	| TicketFailure;

/** Something that happened to a ticket in the system, as its message tells it. */
export interface InboundEvent {
	readonly kind: "acknowledged" | "resolved" | "reopened" | "note" | "deleted" | "other";
	/** What the message names the ticket by; one that fits is enough. */
	readonly key?: string | undefined;
	readonly id?: string | undefined;
	readonly alias?: string | undefined;
	/** Who did it, as the system shows it; empty when it does not say. */
	readonly actor: string;
	/** Words of a note. */
	readonly text?: string | undefined;
	/** When it happened, ms. */
	readonly at?: number | undefined;
	/** The system says that we did it ourselves. */
	readonly isOurs: boolean;
	readonly name?: string | undefined;
	readonly url?: string | undefined;
}

export type InboundMessage =
	/** `id`: the sender's own id of this message, the same when it sends it again. */
	| { readonly status: "read"; readonly id?: string | undefined; readonly events: readonly InboundEvent[] }
	| { readonly status: "malformed"; readonly message: string };

/** One system of record; implemented in adapters. Methods never throw and never wait longer than their own time-out. */
export interface TicketSystem {
	/**
	 * After a create whose outcome is not known, this long until a look-up can be trusted, ms: the system may still be
	 * working on it, or index it late.
	 */
	readonly settleMs: number;
	/** Tickets that carry our key. */
	find(key: string): Promise<FindResult>;
	create(key: string, content: TicketContent): Promise<CreateResult>;
	/** Sets what changed; `content` is the whole for systems that want more. What the system cannot hold is left out. */
	update(ref: TicketRef, key: string, change: TicketChange, content: TicketContent): Promise<TicketResult>;
	note(ref: TicketRef, key: string, note: TicketNote): Promise<TicketResult>;
	/** Asks something harmless that needs our credentials, and changes nothing. */
	check(): Promise<TicketResult>;
	/** Reads a message of the system; its proof was checked before. Headers by lower-case name. */
	read(headers: Readonly<Record<string, string | undefined>>, body: unknown): InboundMessage;
}

/** A ticket as its row holds it. Instants ms. */
export interface Ticket {
	readonly id: string;
	readonly incidentId: string;
	readonly tenant: string;
	readonly integration: string;
	/** Our key in the system: the incident's id and a random part, made before anything is sent. */
	readonly key: string;
	readonly ref: TicketRef | undefined;
	/**
	 * `absent`: surely not there; `creating`: a create was sent and its outcome is not known; `linked`: it is there;
	 * `gone`: deleted there; `dropped`: the incident was over before a ticket was made.
	 */
	readonly phase: "absent" | "creating" | "linked" | "gone" | "dropped";
	/** `synced`: the system knows all; `failed`: somebody must look. */
	readonly sync: "pending" | "sending" | "synced" | "failed";
	/** What both sides agree on; a difference to the incident is sent. */
	readonly agreed: TicketChange;
	/** State there, as far as we know. */
	readonly theirs: TicketState | undefined;
	/** Timeline entries up to here were told. */
	readonly noteSeq: number;
	/** State changes of ours whose message may still come back. */
	readonly told: readonly { readonly state: TicketState; readonly at: number }[];
	readonly createdAt: number;
	/** When the create was sent whose outcome is not known. */
	readonly createSentAt: number | undefined;
	readonly syncedAt: number | undefined;
	/** Attempts that failed in a row. */
	readonly failures: number;
	readonly failingSince: number | undefined;
	readonly nextAt: number;
	readonly lastError: string | undefined;
	readonly version: number;
}
