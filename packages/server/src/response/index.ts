/** Signatures first; the bodies follow. */
import type { Catalogue, Person, Schedule } from "#catalogue";
import type { Db, EventBus, Message, SendResult, TenantScope, TimerHandler, Tx } from "#platform";
import type { DeliveryRecord, EscalationView, OnCall, OnCallView, PendingTimer, ResponseDeps } from "./types.ts";

export * from "./types.ts";
export declare function listenToIncidents(bus: EventBus, deps: ResponseDeps): void;
/** For createTimerRunner's handlers. */
export declare function escalationTimers(deps: ResponseDeps): Record<string, TimerHandler>;
/** For the dispatcher: what became of an attempt, in the transaction that records it. Ignores notices. */
export declare function recordPageOutcome(
	tx: Tx,
	deps: ResponseDeps,
	message: Message,
	result: SendResult,
	now: number,
): Promise<void>;
export declare function onCallAt(schedule: Schedule, at: number): OnCall;
export declare function onCallView(catalogue: Catalogue, at: number): OnCallView;
export declare function escalationView(
	db: Db | Tx,
	scope: TenantScope,
	catalogue: Catalogue,
	incidentId: string,
): Promise<EscalationView>;
/** Incident id → when its acknowledgement is due, for those whose chain runs. */
export declare function acknowledgeDueTimes(db: Db | Tx, scope: TenantScope): Promise<ReadonlyMap<string, number>>;
export declare function pendingTimers(db: Db | Tx, scope: TenantScope): Promise<PendingTimer[]>;
export declare function listDeliveries(
	db: Db | Tx,
	scope: TenantScope,
	filter?: { after?: number; incidentId?: string; limit?: number },
): Promise<DeliveryRecord[]>;
export declare function personName(catalogue: Catalogue, person: Person["name"]): string;
