import { createHash } from "node:crypto";
import type { Catalogue, OnCallRoleName, Schedule } from "#catalogue";
import { audit, type EventBus, type Ids, type Principal, type Tx } from "#platform";
import { layersOf } from "./compiled.ts";

/** What people may do about schedules needs this. */
export interface OnCallDeps {
	readonly ids: Ids;
	readonly bus: EventBus;
	readonly catalogue: () => Catalogue;
}

/** Somebody's request to change something. `key` names it: sent again, it is the same act and not a second one. */
export interface OnCallRequest {
	readonly principal: Principal;
	readonly now: number;
	readonly requestId: string;
	readonly key?: string | undefined;
}

/** `unchanged`: it was so already, or the same request came before. */
export type ActOutcome<T> =
	| { readonly status: "changed" | "unchanged"; readonly record: T }
	| { readonly status: "not-found" }
	/** `place`: the field that is wrong; undefined: the object as it is. */
	| {
			readonly status: "refused";
			readonly message: string;
			readonly remedy: string;
			readonly place?: string | undefined;
	  };

export const MAX_REASON_LENGTH = 500;
const DAY_MS = 86_400_000;
/** A stretch of more than a year is a mistake in a date. */
const MAX_STRETCH_MS = 400 * DAY_MS;
/** What is over cannot be changed; a little is allowed, for a form takes a while to fill in. */
const GRACE_MS = 15 * 60_000;

export interface Stretch {
	readonly from: number;
	readonly to: number;
}

/** What is wrong with a field of what was asked. */
export interface Fault {
	readonly place: string;
	readonly message: string;
	readonly remedy: string;
}

/** Why a stretch of time cannot be taken, with the remedy; undefined: it can. */
export function stretchFault({ from, to }: Stretch, now: number): Fault | undefined {
	if (to <= from)
		return { place: "to", message: "It ends before it begins.", remedy: "Write an end after the beginning." };
	if (to <= now - GRACE_MS)
		return { place: "to", message: "It is over already.", remedy: "Write times that are to come." };
	if (from < now - GRACE_MS)
		return {
			place: "from",
			message: "It begins in the past.",
			remedy: "Write a beginning from now on: who was on call stays.",
		};
	if (to - from > MAX_STRETCH_MS)
		return {
			place: "to",
			message: "It is longer than 400 days.",
			remedy: "Write a shorter one, or change the schedule itself.",
		};
	return undefined;
}

export function unknownPerson(catalogue: Catalogue, names: readonly string[], place = "person"): Fault | undefined {
	const unknown = names.find((name) => !catalogue.people.some((person) => person.name === name));
	if (unknown === undefined) return undefined;
	return { place, message: `There is no person "${unknown}".`, remedy: "Write the name of a Person of the catalogue." };
}

export function scheduleNamed(catalogue: Catalogue, name: string): Schedule | undefined {
	return catalogue.schedules.find((schedule) => schedule.name === name);
}

/** A role that no layer has: nobody would ever look whether somebody is there. */
export function missingRole(schedule: Schedule, role: OnCallRoleName): Fault | undefined {
	if (role === "primary" || layersOf(schedule).some((layer) => layer.role === role)) return undefined;
	return {
		place: "role",
		message: `${schedule.displayName} has no layer with the role ${role}.`,
		remedy: "Write primary.",
	};
}

/** Kept beside a row, so that a repeated request finds it. Keys of different people never meet. */
export function requestKey(what: string, { principal, key }: OnCallRequest): string | null {
	if (key === undefined) return null;
	return createHash("sha256")
		.update(JSON.stringify([what, principal.name, key]))
		.digest("hex");
}

/** What a repeated request answers: the record of the first, or a refusal where it asked for something else. */
export function repeated<T>(record: T, asked: Partial<T>): ActOutcome<T> {
	const isSame = Object.entries(asked).every(
		([field, value]) => JSON.stringify(record[field as keyof T]) === JSON.stringify(value),
	);
	if (isSame) return { status: "unchanged", record };
	const message = "This Idempotency-Key was sent before, with another request.";
	const place = "Idempotency-Key";
	return {
		status: "refused",
		place,
		message,
		remedy: "Send a new key with each act, and the same one only to repeat it.",
	};
}

/** States the act as an event and in the audit log; on-call is nobody's tenant. */
export async function tellAct(
	tx: Tx,
	deps: OnCallDeps,
	request: OnCallRequest,
	act: { readonly type: string; readonly subject: string; readonly detail: Readonly<Record<string, unknown>> },
): Promise<void> {
	const { principal, now, requestId } = request;
	await deps.bus.publish(tx, {
		type: act.type,
		at: now,
		tenant: "",
		actor: principal,
		data: { subject: act.subject, ...act.detail },
	});
	await audit(tx, {
		at: now,
		actor: principal.name,
		action: act.type,
		tenant: "",
		subject: act.subject,
		requestId,
		detail: act.detail,
	});
}
