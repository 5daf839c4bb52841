/** Signatures first; the bodies follow. */
import type { Catalogue } from "#catalogue";
import type { Db, EventBus, Message, SendResult, TenantScope, Tx } from "#platform";
import type { EngagementDeps, LeakFinding, Notice, NoticeOutcome, NoticeRequest } from "./types.ts";

export * from "./types.ts";
export declare function listenToIncidents(bus: EventBus, deps: EngagementDeps): void;
/** For the dispatcher, in the transaction that marks the message `sending`: undefined = send, a text = why not. */
export declare function withholdNotice(
	tx: Tx,
	deps: EngagementDeps,
	message: Message,
	now: number,
): Promise<string | undefined>;
/** For the dispatcher: what became of an attempt, in the transaction that records it. Ignores pages. */
export declare function recordNoticeOutcome(
	tx: Tx,
	deps: EngagementDeps,
	message: Message,
	result: SendResult,
	now: number,
): Promise<void>;
export declare function approveNotice(tx: Tx, deps: EngagementDeps, request: NoticeRequest): Promise<NoticeOutcome>;
export declare function editNotice(
	tx: Tx,
	deps: EngagementDeps,
	request: NoticeRequest & { subject?: string; body?: string },
): Promise<NoticeOutcome>;
export declare function discardNotice(tx: Tx, deps: EngagementDeps, request: NoticeRequest): Promise<NoticeOutcome>;
export declare function getNotice(db: Db | Tx, scope: TenantScope, id: string): Promise<Notice | undefined>;
export declare function listNotices(
	db: Db | Tx,
	scope: TenantScope,
	filter?: { incidentId?: string; tenant?: string; states?: readonly Notice["state"][]; limit?: number },
): Promise<Notice[]>;
export declare function findLeaks(
	catalogue: Catalogue,
	notice: Pick<Notice, "tenant" | "audience" | "subject" | "body">,
	publicUrl: string,
): LeakFinding[];
