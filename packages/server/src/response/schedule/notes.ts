import type { Db, Tx } from "#platform";
import {
	type ActOutcome,
	type OnCallDeps,
	type OnCallRequest,
	repeated,
	requestKey,
	scheduleNamed,
	tellAct,
} from "./acts.ts";

export const MAX_NOTE_LENGTH = 4_000;

/** What whoever leaves tells whoever comes. */
export interface HandOverNote {
	readonly seq: number;
	readonly schedule: string;
	readonly at: number;
	readonly by: string;
	readonly text: string;
}

export async function writeHandOverNote(
	tx: Tx,
	deps: OnCallDeps,
	request: OnCallRequest,
	asked: { readonly schedule: string; readonly text: string },
): Promise<ActOutcome<HandOverNote>> {
	if (!scheduleNamed(deps.catalogue(), asked.schedule)) return { status: "not-found" };
	const key = requestKey("note", request);
	const before =
		key === null
			? undefined
			: await tx.selectFrom("oncall_notes").selectAll().where("request_key", "=", key).executeTakeFirst();
	const text = asked.text.trim();
	if (before) {
		const { seq, schedule, at, by, text: written } = before;
		return repeated<HandOverNote>({ seq, schedule, at, by, text: written }, { schedule: asked.schedule, text });
	}
	if (text === "" || text.length > MAX_NOTE_LENGTH) {
		const message = `The note has ${text.length} characters.`;
		return { status: "refused", place: "text", message, remedy: `Write 1 to ${MAX_NOTE_LENGTH} characters.` };
	}
	const record = await tx
		.insertInto("oncall_notes")
		.values({
			schedule: asked.schedule,
			at: request.now,
			by: request.principal.name,
			text,
			request_key: key,
		})
		.returning(["seq", "schedule", "at", "by", "text"])
		.executeTakeFirstOrThrow();
	await tellAct(tx, deps, request, {
		type: "oncall.note_written",
		subject: `schedule:${asked.schedule}`,
		detail: { characters: text.length },
	});
	return { status: "changed", record };
}

/** The newest first. */
export function handOverNotes(db: Db | Tx, schedule: string, limit: number): Promise<HandOverNote[]> {
	return db
		.selectFrom("oncall_notes")
		.select(["seq", "schedule", "at", "by", "text"])
		.where("schedule", "=", schedule)
		.orderBy("seq", "desc")
		.limit(limit)
		.execute();
}
