import type { Catalogue, OnCallRoleName } from "#catalogue";
import type { EventBus, Ids } from "#platform";
import type { ReceiptState } from "./channels/receipt-states.ts";

export interface ResponseDeps {
	readonly ids: Ids;
	readonly bus: EventBus;
	/** The catalogue that is active now; asked when a chain starts and when a page is written. */
	readonly catalogue: () => Catalogue;
	/** What links in pages start with, without a slash at the end. */
	readonly publicUrl: () => string;
}

export interface OnCall {
	readonly person: string;
	/** When somebody else, or nobody, takes over, ms epoch; undefined: not within three months. */
	readonly until: number | undefined;
	/** Undefined: nobody does. */
	readonly next: string | undefined;
}

/** Who is on call, per schedule, at an instant; what the wire shows. */
export interface OnCallView {
	readonly at: number;
	readonly schedules: readonly {
		readonly name: string;
		readonly displayName: string;
		readonly timeZone: string;
		/** The first primary; undefined: nobody is. */
		readonly person: string | undefined;
		readonly personDisplayName: string | undefined;
		readonly until: number | undefined;
		readonly next: string | undefined;
		readonly nextDisplayName: string | undefined;
		readonly roles: readonly {
			readonly role: OnCallRoleName;
			readonly people: readonly NamedPerson[];
			/** Layers and overrides that put them there. */
			readonly by: readonly string[];
			readonly until: number | undefined;
			readonly next: readonly NamedPerson[];
		}[];
	}[];
}

export interface NamedPerson {
	readonly name: string;
	readonly displayName: string;
}

export type EscalationState = "running" | "acknowledged" | "exhausted" | "stopped" | "none";

export interface EscalationView {
	readonly state: EscalationState;
	readonly policy: string | undefined;
	readonly steps: readonly {
		/** When the step is, or was, due. */
		readonly dueAt: number | undefined;
		/** Display name of who is paged: on a schedule, who is on call when the step is due. Else what the step does. */
		readonly person: string;
		/** False: it pages nobody. */
		readonly pages: boolean;
		readonly state: "done" | "pending" | "cancelled";
	}[];
	readonly nextPerson: string | undefined;
	readonly nextAt: number | undefined;
	readonly acknowledgeDueAt: number | undefined;
}

export interface PendingTimer {
	readonly id: string;
	readonly kind: string;
	readonly tenant: string;
	readonly incident: string | undefined;
	readonly dueAt: number;
}

export interface DeliveryRecord {
	readonly seq: number;
	/** The logical id, the same for all attempts. */
	readonly id: string;
	readonly kind: "page" | "notice";
	readonly tenant: string;
	readonly incident: string | undefined;
	readonly attempt: number;
	readonly channel: string;
	readonly targetDigest: string;
	readonly startedAt: number;
	readonly endedAt: number | undefined;
	readonly outcome: "sending" | "sent" | "failed" | "uncertain";
	readonly uncertain: boolean;
	readonly detail: string;
	/** What the provider told of the message after it took it, the last. */
	readonly receipt: { readonly state: ReceiptState; readonly at: number } | undefined;
}
