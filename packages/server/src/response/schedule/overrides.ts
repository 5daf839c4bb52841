import type { OnCallRoleName } from "#catalogue";
import type { Db, Tx } from "#platform";
import {
	type ActOutcome,
	missingRole,
	type OnCallDeps,
	type OnCallRequest,
	repeated,
	requestKey,
	scheduleNamed,
	stretchFault,
	tellAct,
	unknownPerson,
} from "./acts.ts";
import type { Override } from "./types.ts";

/** An override with who made it and why. */
export interface OverrideRecord extends Override {
	readonly reason: string;
	readonly madeBy: string;
	readonly cancelledBy: string | undefined;
	readonly cancelledAt: number | undefined;
	/** The swap that it carries out. */
	readonly swap: string | undefined;
}

export interface NewOverride {
	readonly schedule: string;
	readonly role: OnCallRoleName;
	readonly from: number;
	readonly to: number;
	readonly people: readonly string[];
	readonly replaces?: string | undefined;
	readonly reason: string;
	readonly swap?: string | undefined;
}

/** These people are on call for the stretch, from this commit on. */
export async function makeOverride(
	tx: Tx,
	deps: OnCallDeps,
	request: OnCallRequest,
	asked: NewOverride,
): Promise<ActOutcome<OverrideRecord>> {
	const key = requestKey("override", request);
	const before = key === null ? undefined : await byKey(tx, key);
	const people = [...new Set(asked.people)];
	if (before) {
		const { schedule, role, from, to, replaces } = asked;
		return repeated<OverrideRecord>(before, { schedule, role, from, to, people, ...(replaces ? { replaces } : {}) });
	}
	const catalogue = deps.catalogue();
	const schedule = scheduleNamed(catalogue, asked.schedule);
	if (!schedule) return { status: "not-found" };
	const fault =
		stretchFault(asked, request.now) ??
		missingRole(schedule, asked.role) ??
		unknownPerson(catalogue, asked.replaces === undefined ? people : [...people, asked.replaces], "people") ??
		(asked.replaces !== undefined && people.includes(asked.replaces)
			? { place: "replaces", message: "Somebody would stand in for themselves.", remedy: "Name somebody else." }
			: undefined);
	if (fault) return { status: "refused", ...fault };
	const id = deps.ids.next("ovr");
	await tx
		.insertInto("oncall_overrides")
		.values({
			id,
			schedule: asked.schedule,
			role: asked.role,
			from_at: asked.from,
			to_at: asked.to,
			people: JSON.stringify(people),
			replaces: asked.replaces ?? null,
			reason: asked.reason.trim(),
			made_by: request.principal.name,
			made_at: await nextMadeAt(tx, request.now),
			cancelled_by: null,
			cancelled_at: null,
			swap_id: asked.swap ?? null,
			request_key: key,
		})
		.execute();
	const record = (await getOverride(tx, id)) as OverrideRecord;
	const { schedule: name, role, from, to, replaces, reason } = record;
	await tellAct(tx, deps, request, {
		type: "oncall.override_made",
		subject: `override:${id}`,
		detail: { schedule: name, role, from, to, people, replaces: replaces ?? null, reason },
	});
	return { status: "changed", record };
}

/** Ends an override at once; what it did until then stays as it was. */
export async function cancelOverride(
	tx: Tx,
	deps: OnCallDeps,
	request: OnCallRequest,
	id: string,
): Promise<ActOutcome<OverrideRecord>> {
	const before = await getOverride(tx, id);
	if (!before) return { status: "not-found" };
	if (before.cancelledAt !== undefined || before.to <= request.now) return { status: "unchanged", record: before };
	// One that has begun keeps its past: the load report and the hand-over look back.
	const change =
		before.from < request.now
			? { to_at: request.now, cancelled_by: request.principal.name }
			: { cancelled_at: request.now, cancelled_by: request.principal.name };
	await tx.updateTable("oncall_overrides").set(change).where("id", "=", id).execute();
	await tellAct(tx, deps, request, {
		type: "oncall.override_cancelled",
		subject: `override:${id}`,
		detail: { schedule: before.schedule, from: before.from, to: before.to },
	});
	return { status: "changed", record: (await getOverride(tx, id)) as OverrideRecord };
}

/** Overrides of a schedule that touch the range, cancelled ones as well, the newest first. */
export async function listOverrides(
	db: Db | Tx,
	schedule: string,
	from: number,
	to: number,
): Promise<OverrideRecord[]> {
	const rows = await db
		.selectFrom("oncall_overrides")
		.selectAll()
		.where("schedule", "=", schedule)
		.where("to_at", ">", from)
		.where("from_at", "<", to)
		.orderBy("made_at", "desc")
		.limit(500)
		.execute();
	return rows.map(toRecord);
}

async function getOverride(db: Db | Tx, id: string): Promise<OverrideRecord | undefined> {
	const row = await db.selectFrom("oncall_overrides").selectAll().where("id", "=", id).executeTakeFirst();
	return row && toRecord(row);
}

async function byKey(tx: Tx, key: string): Promise<OverrideRecord | undefined> {
	const row = await tx.selectFrom("oncall_overrides").selectAll().where("request_key", "=", key).executeTakeFirst();
	return row && toRecord(row);
}

/** The order of making decides who wins, also of two made in one millisecond or after the clock was set back. */
async function nextMadeAt(tx: Tx, now: number): Promise<number> {
	const last = await tx
		.selectFrom("oncall_overrides")
		.select((select) => select.fn.max("made_at").as("at"))
		.executeTakeFirst();
	return Math.max(now, (last?.at ?? 0) + 1);
}

function toRecord(row: {
	id: string;
	schedule: string;
	role: OnCallRoleName;
	from_at: number;
	to_at: number;
	people: string;
	replaces: string | null;
	reason: string;
	made_by: string;
	made_at: number;
	cancelled_by: string | null;
	cancelled_at: number | null;
	swap_id: string | null;
}): OverrideRecord {
	return {
		id: row.id,
		schedule: row.schedule,
		role: row.role,
		from: row.from_at,
		to: row.to_at,
		people: JSON.parse(row.people) as string[],
		...(row.replaces === null ? {} : { replaces: row.replaces }),
		reason: row.reason,
		madeBy: row.made_by,
		madeAt: row.made_at,
		cancelledBy: row.cancelled_by ?? undefined,
		cancelledAt: row.cancelled_at ?? undefined,
		swap: row.swap_id ?? undefined,
	};
}
