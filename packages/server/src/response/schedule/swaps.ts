import type { OnCallRoleName, Person } from "#catalogue";
import { type Db, enqueue, SYSTEM, setTimer, type Timer, type TimerHandler, type Tx } from "#platform";
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
import { cancelOverride, makeOverride } from "./overrides.ts";
import { type Swap, type SwapEvent, type SwapState, stepSwap, wakeFor } from "./swap-lifecycle.ts";

export const SWAP_TIMER = "oncall.swap";

/** Channels that wake nobody at night; a reminder of a swap is no page. */
const QUIET_CHANNELS: readonly string[] = ["mail", "phone-panel", "teams", "slack"];

export interface SwapRecord extends Swap {
	readonly id: string;
	readonly schedule: string;
	readonly role: OnCallRoleName;
	readonly reason: string;
	readonly requestedBy: string;
	readonly requestedAt: number;
	readonly changedBy: string;
	readonly changedAt: number;
	readonly version: number;
}

export interface SwapDeps extends OnCallDeps {
	readonly publicUrl: () => string;
}

/** Asks for somebody who takes the duty of a person for a stretch; reminders follow until it is taken or begins. */
export async function requestSwap(
	tx: Tx,
	deps: SwapDeps,
	request: OnCallRequest,
	asked: {
		readonly schedule: string;
		readonly role: OnCallRoleName;
		readonly person: string;
		readonly from: number;
		readonly to: number;
		readonly reason: string;
	},
): Promise<ActOutcome<SwapRecord>> {
	const key = requestKey("swap", request);
	if (key !== null) {
		const row = await tx.selectFrom("oncall_swaps").selectAll().where("request_key", "=", key).executeTakeFirst();
		const { schedule, role, person, from, to } = asked;
		if (row) return repeated<SwapRecord>(toRecord(row), { schedule, role, person, from, to });
	}
	const catalogue = deps.catalogue();
	const schedule = scheduleNamed(catalogue, asked.schedule);
	if (!schedule) return { status: "not-found" };
	const fault =
		stretchFault(asked, request.now) ??
		(asked.from <= request.now
			? { place: "from", message: "It has begun already.", remedy: "Make an override instead." }
			: undefined) ??
		missingRole(schedule, asked.role) ??
		unknownPerson(catalogue, [asked.person]);
	if (fault) return { status: "refused", ...fault };
	const id = deps.ids.next("swp");
	const row = {
		id,
		schedule: asked.schedule,
		role: asked.role,
		person: asked.person,
		from_at: asked.from,
		to_at: asked.to,
		reason: asked.reason.trim(),
		state: "open" as const,
		requested_by: request.principal.name,
		requested_at: request.now,
		taken_by: null,
		changed_by: request.principal.name,
		changed_at: request.now,
		version: 1,
		request_key: key,
	};
	await tx.insertInto("oncall_swaps").values(row).execute();
	const record = toRecord(row);
	await tellAct(tx, deps, request, {
		type: "oncall.swap_requested",
		subject: `swap:${id}`,
		detail: { schedule: asked.schedule, role: asked.role, person: asked.person, from: asked.from, to: asked.to },
	});
	await wake(tx, deps, id, wakeFor(record, request.now).at, request.now);
	await remind(tx, deps, record, request.now);
	return { status: "changed", record };
}

/** Takes, or cancels, a swap. Taking it makes the override in the same transaction. */
export async function changeSwap(
	tx: Tx,
	deps: SwapDeps,
	request: OnCallRequest & { readonly expectedVersion?: number | undefined },
	id: string,
	event: Extract<SwapEvent, { type: "take" | "cancel" }>,
): Promise<ActOutcome<SwapRecord> | { readonly status: "conflict"; readonly record: SwapRecord }> {
	const before = await getSwap(tx, id);
	if (!before) return { status: "not-found" };
	if (request.expectedVersion !== undefined && request.expectedVersion !== before.version)
		return { status: "conflict", record: before };
	if (event.type === "take") {
		const fault = unknownPerson(deps.catalogue(), [event.by]);
		if (fault) return { status: "refused", ...fault };
	}
	const step = stepSwap(before, event, request.now);
	if (step.status === "refused") return step;
	if (step.status === "unchanged") return { status: "unchanged", record: before };
	for (const effect of step.effects) {
		if (effect.type === "cover") {
			const outcome = await makeOverride(
				tx,
				deps,
				{ ...request, key: undefined },
				overrideOf(before, effect.person, request.now),
			);
			if (outcome.status === "refused") return outcome;
			if (outcome.status === "not-found") return outcome;
		}
		if (effect.type === "uncover") await uncover(tx, deps, request, id);
	}
	const record = await keep(tx, id, step.next, request.principal.name, request.now);
	await tellAct(tx, deps, request, {
		type: event.type === "take" ? "oncall.swap_taken" : "oncall.swap_cancelled",
		subject: `swap:${id}`,
		detail: { schedule: record.schedule, person: record.person, takenBy: record.takenBy ?? null },
	});
	return { status: "changed", record };
}

/** Swaps of a schedule that touch the range, by their beginning. */
export async function listSwaps(db: Db | Tx, schedule: string, from: number, to: number): Promise<SwapRecord[]> {
	const rows = await db
		.selectFrom("oncall_swaps")
		.selectAll()
		.where("schedule", "=", schedule)
		.where("to_at", ">", from)
		.where("from_at", "<", to)
		.orderBy("from_at")
		.limit(500)
		.execute();
	return rows.map(toRecord);
}

/** Handler of the room's timers for swaps: reminders, and that nobody took it. */
export function swapTimers(deps: SwapDeps): Record<string, TimerHandler> {
	return { [SWAP_TIMER]: (tx, timer, now) => tick(tx, deps, timer, now) };
}

async function tick(tx: Tx, deps: SwapDeps, timer: Timer, now: number): Promise<void> {
	const before = await getSwap(tx, timer.data.swapId as string);
	if (!before) return;
	const step = stepSwap(before, { type: "tick" }, now);
	if (step.status === "refused") return;
	for (const effect of step.effects) {
		if (effect.type === "remind") await remind(tx, deps, before, now);
		if (effect.type === "wake") await wake(tx, deps, before.id, effect.at, now);
	}
	if (step.status === "unchanged") return;
	await keep(tx, before.id, step.next, SYSTEM.name, now);
	await tellAct(
		tx,
		deps,
		{ principal: SYSTEM, now, requestId: "" },
		{
			type: "oncall.swap_past_due",
			subject: `swap:${before.id}`,
			detail: { schedule: before.schedule, person: before.person, from: before.from, to: before.to },
		},
	);
}

function wake(tx: Tx, deps: SwapDeps, swapId: string, dueAt: number, now: number): Promise<string> {
	return setTimer(tx, deps.ids, now, { kind: SWAP_TIMER, tenant: "", dueAt, data: { swapId } });
}

/** Everybody of the schedule but who asks, by channels that wake nobody. */
async function remind(tx: Tx, deps: SwapDeps, swap: SwapRecord, now: number): Promise<void> {
	const catalogue = deps.catalogue();
	const schedule = scheduleNamed(catalogue, swap.schedule);
	const person = catalogue.people.find((each) => each.name === swap.person);
	const who = person?.displayName ?? swap.person;
	const url = `${deps.publicUrl().replace(/\/+$/, "")}/oncall/schedules/${swap.schedule}`;
	for (const each of catalogue.people) {
		if (each.name === swap.person || !schedule?.people.includes(each.name)) continue;
		const contact = quietContact(each, catalogue.channels);
		if (!contact) continue;
		const when = `${words(swap.from, each.timeZone)} to ${words(swap.to, each.timeZone)}`;
		await enqueue(tx, deps.ids, now, {
			kind: "page",
			delivery: "at-least-once",
			tenant: "",
			channel: contact.channel,
			address: contact.address,
			payload: {
				subject: `${who} asks for a swap: ${schedule.displayName}`,
				text: `${who} asks to be relieved from ${when}.${swap.reason ? `\n\n${swap.reason}` : ""}\n\nTake it: ${url}`,
				url,
				person: each.displayName,
				data: { type: "oncall.swap_reminder", swap: swap.id, schedule: swap.schedule, person: each.name },
			},
		});
	}
	await deps.bus.publish(tx, {
		type: "oncall.swap_reminded",
		at: now,
		tenant: "",
		actor: SYSTEM,
		data: { subject: `swap:${swap.id}`, schedule: swap.schedule, from: swap.from },
	});
}

function quietContact(person: Person, channels: readonly { readonly name: string; readonly kind: string }[]) {
	return person.contacts.find(({ channel }) =>
		QUIET_CHANNELS.includes(channels.find((each) => each.name === channel)?.kind ?? ""),
	);
}

function words(at: number, timeZone: string): string {
	const format = new Intl.DateTimeFormat("en-GB", {
		timeZone,
		day: "numeric",
		month: "short",
		year: "numeric",
		hour: "2-digit",
		minute: "2-digit",
		timeZoneName: "short",
	});
	return format.format(at);
}

/** Whoever takes it late is on call from then on: who was before stays. */
function overrideOf(swap: SwapRecord, by: string, now: number) {
	const { schedule, role, to, person, id } = swap;
	const from = Math.max(swap.from, now);
	return { schedule, role, from, to, people: [by], replaces: person, reason: `swap with ${person}`, swap: id };
}

async function uncover(tx: Tx, deps: SwapDeps, request: OnCallRequest, swapId: string): Promise<void> {
	const rows = await tx.selectFrom("oncall_overrides").select("id").where("swap_id", "=", swapId).execute();
	for (const { id } of rows) await cancelOverride(tx, deps, request, id);
}

async function keep(tx: Tx, id: string, next: Swap, by: string, now: number): Promise<SwapRecord> {
	await tx
		.updateTable("oncall_swaps")
		.set((is) => ({
			state: next.state,
			taken_by: next.takenBy ?? null,
			changed_by: by,
			changed_at: now,
			version: is("version", "+", 1),
		}))
		.where("id", "=", id)
		.execute();
	return (await getSwap(tx, id)) as SwapRecord;
}

async function getSwap(db: Db | Tx, id: string): Promise<SwapRecord | undefined> {
	const row = await db.selectFrom("oncall_swaps").selectAll().where("id", "=", id).executeTakeFirst();
	return row && toRecord(row);
}

function toRecord(row: {
	id: string;
	schedule: string;
	role: OnCallRoleName;
	person: string;
	from_at: number;
	to_at: number;
	reason: string;
	state: SwapState;
	requested_by: string;
	requested_at: number;
	taken_by: string | null;
	changed_by: string;
	changed_at: number;
	version: number;
}): SwapRecord {
	return {
		id: row.id,
		schedule: row.schedule,
		role: row.role,
		person: row.person,
		from: row.from_at,
		to: row.to_at,
		reason: row.reason,
		state: row.state,
		requestedBy: row.requested_by,
		requestedAt: row.requested_at,
		takenBy: row.taken_by ?? undefined,
		changedBy: row.changed_by,
		changedAt: row.changed_at,
		version: row.version,
	};
}
