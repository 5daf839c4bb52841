import { DAY_MS, HOUR_MS, MINUTE_MS } from "@bellwether/model";
import { boxOf, type Catalogue, domainOf, isEmpty, type Matcher, parseMatchers } from "#catalogue";
import { audit, inScope, type Principal, SYSTEM, setTimer, type TenantScope, type Timer, type Tx } from "#platform";
import type { ResponseDeps } from "../types.ts";
import { writeSets } from "./mute-matchers.ts";
import { getMute, type Mute } from "./mute-queries.ts";
import { utc } from "./words.ts";

/** Longer, and it would no longer be looked at. */
export const MAX_MUTE_MS = 30 * DAY_MS;
const MAX_AHEAD_MS = 90 * DAY_MS;
const MIN_MUTE_MS = MINUTE_MS;
const MAX_SETS = 20;
const MAX_OPEN = 1_000;
/** Before its end the owner is reminded: an hour, of a short one half of it. */
const REMIND_BEFORE_MS = HOUR_MS;

export const MUTE_TIMER = "mute.due";

export interface MuteRequest {
	readonly scope: TenantScope;
	readonly principal: Principal;
	readonly requestId: string;
	readonly now: number;
}

export interface NewMute {
	/** Sets of matchers in PromQL; one set is enough. */
	readonly matchers: readonly string[];
	readonly owner: string;
	readonly reason: string;
	/** Undefined: now. */
	readonly startsAt?: number | undefined;
	readonly endsAt: number;
}

export type MuteOutcome =
	| { readonly status: "made" | "changed" | "unchanged"; readonly mute: Mute }
	| { readonly status: "not-found" }
	| { readonly status: "conflict"; readonly mute: Mute }
	| { readonly status: "refused"; readonly field: string; readonly message: string; readonly remedy: string };

type Refusal = Extract<MuteOutcome, { readonly status: "refused" }>;

function refused(field: string, message: string, remedy: string): Refusal {
	return { status: "refused", field, message, remedy };
}

/** Holds back the pages of what it matches, from its start until its end; what burns then pages. */
export async function makeMute(
	tx: Tx,
	deps: ResponseDeps,
	request: MuteRequest,
	wanted: NewMute,
): Promise<MuteOutcome> {
	const sets = readMatchers(scoped(deps.catalogue(), request.scope), wanted.matchers);
	if ("status" in sets) return sets;
	const startsAt = Math.max(wanted.startsAt ?? request.now, request.now);
	const fault = faultOf({ ...wanted, startsAt }, request.now);
	if (fault) return fault;
	const open = await tx
		.selectFrom("mutes")
		.select((select) => select.fn.countAll<number>().as("count"))
		.where("ended_at", "is", null)
		.where("ends_at", ">", request.now)
		.executeTakeFirstOrThrow();
	if (Number(open.count) >= MAX_OPEN)
		return refused("matchers", `There are ${MAX_OPEN} mutes already.`, "End some, or write a Maintenance.");
	const id = deps.ids.next("mut");
	await tx
		.insertInto("mutes")
		.values({
			id,
			matchers: writeSets(sets),
			owner: wanted.owner.trim(),
			reason: wanted.reason.trim(),
			starts_at: startsAt,
			ends_at: wanted.endsAt,
			tenants: request.scope.all ? null : JSON.stringify([...request.scope.tenants].toSorted()),
			created_by: request.principal.name,
			created_at: request.now,
			changed_by: null,
			changed_at: null,
			ended_by: null,
			ended_at: null,
			reminded_at: null,
			version: 1,
		})
		.execute();
	return record(tx, deps, request, id, "made");
}

export interface MuteChange {
	readonly id: string;
	readonly expectedVersion?: number | undefined;
	readonly reason?: string | undefined;
	readonly owner?: string | undefined;
	readonly endsAt?: number | undefined;
}

/** Another end, owner or reason. Whom it matches does not change: that is another mute, with another history. */
export async function changeMute(
	tx: Tx,
	deps: ResponseDeps,
	request: MuteRequest,
	change: MuteChange,
): Promise<MuteOutcome> {
	const mute = await getMute(tx, request.scope, change.id, request.now);
	if (!mute) return { status: "not-found" };
	if (change.expectedVersion !== undefined && change.expectedVersion !== mute.version)
		return { status: "conflict", mute };
	if (mute.state === "over")
		return refused("id", `${mute.id} is over since ${utc(mute.endedAt ?? mute.endsAt)}.`, "Make a new one.");
	const wanted = {
		owner: change.owner ?? mute.owner,
		reason: change.reason ?? mute.reason,
		startsAt: mute.startsAt,
		endsAt: change.endsAt ?? mute.endsAt,
	};
	const fault = faultOf(wanted, request.now);
	if (fault) return fault;
	const { owner, reason, endsAt } = wanted;
	if (owner === mute.owner && reason === mute.reason && endsAt === mute.endsAt) return { status: "unchanged", mute };
	await tx
		.updateTable("mutes")
		.set({
			owner: owner.trim(),
			reason: reason.trim(),
			ends_at: endsAt,
			changed_by: request.principal.name,
			changed_at: request.now,
			reminded_at: null,
			version: mute.version + 1,
		})
		.where("id", "=", mute.id)
		.execute();
	return record(tx, deps, request, mute.id, "changed");
}

/** Ends it now; what it held back and still burns pages. */
export async function endMute(
	tx: Tx,
	deps: ResponseDeps,
	request: MuteRequest,
	id: string,
	expectedVersion?: number,
): Promise<MuteOutcome> {
	const mute = await getMute(tx, request.scope, id, request.now);
	if (!mute) return { status: "not-found" };
	if (expectedVersion !== undefined && expectedVersion !== mute.version) return { status: "conflict", mute };
	if (mute.state === "over") return { status: "unchanged", mute };
	await tx
		.updateTable("mutes")
		.set({ ended_by: request.principal.name, ended_at: request.now, version: mute.version + 1 })
		.where("id", "=", id)
		.execute();
	return record(tx, deps, request, id, "ended");
}

/** The event, the audit entry and the timers of a change; listeners of the event hold back and release pages. */
async function record(
	tx: Tx,
	deps: ResponseDeps,
	request: MuteRequest,
	id: string,
	what: "made" | "changed" | "ended",
): Promise<MuteOutcome> {
	const { now, principal } = request;
	const mute = (await getMute(tx, request.scope, id, now)) as Mute;
	if (what !== "ended") {
		const at = (dueAt: number, due: string) =>
			setTimer(tx, deps.ids, now, {
				kind: MUTE_TIMER,
				tenant: "",
				dueAt,
				data: { muteId: id, version: mute.version, due },
			});
		if (mute.startsAt > now) await at(mute.startsAt, "starts");
		const remindAt = Math.max(mute.endsAt - REMIND_BEFORE_MS, (Math.max(now, mute.startsAt) + mute.endsAt) / 2);
		await at(Math.floor(remindAt), "ending");
		await at(mute.endsAt, "ended");
	}
	const detail = {
		matchers: mute.matchers,
		owner: mute.owner,
		startsAt: mute.startsAt,
		endsAt: mute.endsAt,
		version: mute.version,
	};
	await audit(tx, {
		at: now,
		actor: principal.name,
		action: `mute.${what === "made" ? "make" : what === "changed" ? "change" : "end"}`,
		tenant: "",
		subject: id,
		requestId: request.requestId,
		detail,
	});
	await deps.bus.publish(tx, {
		type: `mute.${what}`,
		at: now,
		tenant: "",
		actor: principal,
		data: { muteId: id, ...detail },
	});
	const after = (await getMute(tx, request.scope, id, now)) as Mute;
	return { status: what === "made" ? "made" : "changed", mute: after };
}

/** A mute's start, its reminder and its end, each told once as an event; one that was changed since has other timers. */
export async function muteDue(tx: Tx, deps: ResponseDeps, timer: Timer, now: number): Promise<void> {
	const { muteId, version, due } = timer.data as {
		muteId: string;
		version: number;
		due: "starts" | "ending" | "ended";
	};
	const row = await tx.selectFrom("mutes").selectAll().where("id", "=", muteId).executeTakeFirst();
	if (!row || row.version !== version || row.ended_at !== null) return;
	// Timers move with steps of the wall clock; a mute is until a time of the clock.
	const endsLater = due === "ended" && row.ends_at > now;
	if (endsLater || (due === "starts" && row.starts_at > now)) {
		const dueAt = endsLater ? row.ends_at : row.starts_at;
		await setTimer(tx, deps.ids, now, { kind: MUTE_TIMER, tenant: "", dueAt, data: timer.data });
		return;
	}
	if (due === "ending") await tx.updateTable("mutes").set({ reminded_at: now }).where("id", "=", muteId).execute();
	const type = due === "starts" ? "mute.started" : `mute.${due}`;
	const data = { muteId, owner: row.owner, reason: row.reason, endsAt: row.ends_at };
	await deps.bus.publish(tx, { type, at: now, tenant: "", actor: SYSTEM, data });
}

function faultOf(
	{ owner, reason, startsAt, endsAt }: Omit<NewMute, "matchers"> & { readonly startsAt: number },
	now: number,
): Refusal | undefined {
	if (reason.trim() === "" || reason.length > 500)
		return refused("reason", "A mute needs a reason of 1 to 500 characters.", "Say why nobody is to be woken.");
	if (owner.trim() === "" || owner.length > 200)
		return refused("owner", "A mute needs an owner.", "Name who ends it or answers for it.");
	if (startsAt > now + MAX_AHEAD_MS)
		return refused(
			"startsAt",
			"It begins in more than 90 days.",
			"Write a Maintenance for what is planned so far ahead.",
		);
	if (endsAt <= now || endsAt - startsAt < MIN_MUTE_MS)
		return refused(
			"endsAt",
			`It would end at ${utc(endsAt)}, less than a minute after it begins.`,
			"Choose a later end.",
		);
	if (endsAt - startsAt > MAX_MUTE_MS)
		return refused(
			"endsAt",
			"It would last longer than 30 days.",
			"Choose an earlier end; it can be put off while it lasts.",
		);
	return undefined;
}

/** Whoever may see some tenants learns nothing of others, not even that they are there. */
function scoped(catalogue: Catalogue, scope: TenantScope): Catalogue {
	if (scope.all) return catalogue;
	return { ...catalogue, tenants: catalogue.tenants.filter((tenant) => inScope(scope, tenant.name)) };
}

/** A mute that matches nothing would be a slip of the pen, one that matches everything the end of paging. */
function readMatchers(catalogue: Catalogue, texts: readonly string[]): Refusal | Matcher[][] {
	if (texts.length === 0 || texts.length > MAX_SETS)
		return refused(
			"matchers",
			`A mute needs 1 to ${MAX_SETS} sets of matchers.`,
			'Write one such as tenant="woodgrove".',
		);
	const domain = domainOf(catalogue);
	const sets: Matcher[][] = [];
	for (const text of texts) {
		const reading = parseMatchers(text.slice(0, 4_096));
		if (reading.status === "invalid")
			return refused("matchers", `${JSON.stringify(text.slice(0, 60))} ${reading.message}.`, reading.remedy);
		const unknown = reading.matchers.find((matcher) => !domain.labels.has(matcher.name));
		if (unknown) {
			const known = [...domain.labels.keys()].toSorted().join(", ");
			return refused("matchers", `No incident has the label ${JSON.stringify(unknown.name)}.`, `Known are ${known}.`);
		}
		const box = boxOf(domain, reading.matchers);
		if (isEmpty(box)) return refused("matchers", `${text} matches no incident that could open.`, "Correct its values.");
		if (box.every((set, k) => set === undefined || set.size === domain.dimensions[k]?.length))
			return refused(
				"matchers",
				`${text} matches every incident, so nobody would ever be paged.`,
				"Name a tenant, a workload, an SLO or a severity.",
			);
		sets.push([...reading.matchers]);
	}
	return sets;
}
