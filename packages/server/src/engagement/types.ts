import type { Catalogue } from "#catalogue";
import type { EventBus, Ids, Principal, TenantScope } from "#platform";

export type Audience = "csam" | "support" | "customer";
export type NoticeState = "draft" | "approved" | "sending" | "sent" | "uncertain" | "discarded";

export interface Notice {
	readonly id: string;
	readonly incidentId: string;
	readonly tenant: string;
	readonly audience: Audience;
	readonly state: NoticeState;
	readonly language: string;
	readonly template: string;
	readonly subject: string;
	readonly body: string;
	/** Taken from the tenant's own contacts at approval; until then those who would be told. */
	readonly recipients: readonly string[];
	/** SHA-256 over tenant, audience and recipients, hex; bound at approval. */
	readonly recipientsDigest: string;
	readonly createdAt: number;
	readonly approvedBy: string | undefined;
	readonly approvedAt: number | undefined;
	readonly sentAt: number | undefined;
	readonly version: number;
}

export interface EngagementDeps {
	readonly ids: Ids;
	readonly bus: EventBus;
	readonly catalogue: () => Catalogue;
	readonly publicUrl: () => string;
}

export interface NoticeRequest {
	readonly scope: TenantScope;
	readonly principal: Principal;
	readonly noticeId: string;
	readonly now: number;
	readonly expectedVersion?: number | undefined;
	readonly requestId?: string | undefined;
}

/** Something in a draft that the customer must not read. */
export interface LeakFinding {
	/** "subject" or "body", with the 1-based line. */
	readonly place: string;
	/** What stands there and why it may not. */
	readonly message: string;
	readonly remedy: string;
}

export type NoticeOutcome =
	| { readonly status: "changed"; readonly notice: Notice }
	| { readonly status: "unchanged"; readonly notice: Notice }
	| { readonly status: "not-found" }
	| { readonly status: "conflict"; readonly notice: Notice }
	| { readonly status: "leak"; readonly notice: Notice; readonly findings: readonly LeakFinding[] }
	| {
			readonly status: "refused";
			readonly notice: Notice;
			readonly reason: "state" | "no-recipients" | "no-mail-channel" | "text-invalid";
			readonly message: string;
			readonly remedy: string;
	  };
