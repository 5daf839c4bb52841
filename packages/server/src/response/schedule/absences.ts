import type { Db, Tx } from "#platform";
import {
	type ActOutcome,
	type OnCallDeps,
	type OnCallRequest,
	repeated,
	requestKey,
	stretchFault,
	tellAct,
	unknownPerson,
} from "./acts.ts";
import type { Unavailability } from "./types.ts";

/** Somebody is away; every schedule passes them over meanwhile. */
export interface AbsenceRecord extends Unavailability {
	readonly id: string;
	readonly reason: string;
	readonly madeBy: string;
	readonly madeAt: number;
	readonly cancelledBy: string | undefined;
	readonly cancelledAt: number | undefined;
}

export async function makeAbsence(
	tx: Tx,
	deps: OnCallDeps,
	request: OnCallRequest,
	asked: Unavailability & { readonly reason: string },
): Promise<ActOutcome<AbsenceRecord>> {
	const key = requestKey("absence", request);
	if (key !== null) {
		const row = await tx.selectFrom("oncall_absences").selectAll().where("request_key", "=", key).executeTakeFirst();
		const { person, from, to } = asked;
		if (row) return repeated<AbsenceRecord>(toRecord(row), { person, from, to });
	}
	const fault = stretchFault(asked, request.now) ?? unknownPerson(deps.catalogue(), [asked.person]);
	if (fault) return { status: "refused", ...fault };
	const id = deps.ids.next("abs");
	const row = {
		id,
		person: asked.person,
		from_at: asked.from,
		to_at: asked.to,
		reason: asked.reason.trim(),
		made_by: request.principal.name,
		made_at: request.now,
		cancelled_by: null,
		cancelled_at: null,
		request_key: key,
	};
	await tx.insertInto("oncall_absences").values(row).execute();
	await tellAct(tx, deps, request, {
		type: "oncall.absence_made",
		subject: `absence:${id}`,
		detail: { person: asked.person, from: asked.from, to: asked.to, reason: row.reason },
	});
	return { status: "changed", record: toRecord(row) };
}

/** They are there after all, from now on. */
export async function cancelAbsence(
	tx: Tx,
	deps: OnCallDeps,
	request: OnCallRequest,
	id: string,
): Promise<ActOutcome<AbsenceRecord>> {
	const row = await tx.selectFrom("oncall_absences").selectAll().where("id", "=", id).executeTakeFirst();
	if (!row) return { status: "not-found" };
	if (row.cancelled_at !== null || row.to_at <= request.now) return { status: "unchanged", record: toRecord(row) };
	const by = { cancelled_by: request.principal.name };
	const change = row.from_at < request.now ? { ...by, to_at: request.now } : { ...by, cancelled_at: request.now };
	await tx.updateTable("oncall_absences").set(change).where("id", "=", id).execute();
	await tellAct(tx, deps, request, {
		type: "oncall.absence_cancelled",
		subject: `absence:${id}`,
		detail: { person: row.person, from: row.from_at, to: row.to_at },
	});
	return { status: "changed", record: toRecord({ ...row, ...change }) };
}

/** Absences that touch the range and hold, the earliest first. */
export async function listAbsences(db: Db | Tx, from: number, to: number): Promise<AbsenceRecord[]> {
	const rows = await db
		.selectFrom("oncall_absences")
		.selectAll()
		.where("cancelled_at", "is", null)
		.where("to_at", ">", from)
		.where("from_at", "<", to)
		.orderBy("from_at")
		.limit(1_000)
		.execute();
	return rows.map(toRecord);
}

function toRecord(row: {
	id: string;
	person: string;
	from_at: number;
	to_at: number;
	reason: string;
	made_by: string;
	made_at: number;
	cancelled_by: string | null;
	cancelled_at: number | null;
}): AbsenceRecord {
	return {
		id: row.id,
		person: row.person,
		from: row.from_at,
		to: row.to_at,
		reason: row.reason,
		madeBy: row.made_by,
		madeAt: row.made_at,
		cancelledBy: row.cancelled_by ?? undefined,
		cancelledAt: row.cancelled_at ?? undefined,
	};
}
