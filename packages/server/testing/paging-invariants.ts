import { HOUR_MS, type ManualClock, SECOND_MS } from "@bellwether/model";
import { expect } from "vitest";
import { getIncident } from "#incidents";
import { type Db, SYSTEM, scopeOf } from "#platform";
import { isSpokenFor } from "#response";
import type { Outside, PagingWorld } from "./paging-world.ts";

const ALL = scopeOf(SYSTEM);
const STEPS = ["escalation.next", "escalation.retry"];

/** What a detector holds to be true, whatever became of the incidents: "tenant slo" → since when it burns. */
export type Burning = ReadonlyMap<string, number>;

/** Checks what holds after every commit, whatever happened before (reliability: C6 to C11). */
export async function checkPaging(
	world: PagingWorld,
	clock: ManualClock,
	outside: Outside,
	run: { readonly crashes: number; readonly perHour: number; readonly burning: Burning },
): Promise<void> {
	const { db } = world.store;
	const incidents = await db.selectFrom("incidents").selectAll().execute();
	const timers = await db.selectFrom("timers").selectAll().where("state", "=", "pending").execute();
	const routed = new Map((await db.selectFrom("routed").selectAll().execute()).map((row) => [row.incident_id, row]));
	for (const incident of incidents) {
		const { id, state, tenant, slo, parent_id: parentId, signal_cleared_at: clearedAt } = incident;
		const { detected_at: detectedAt, reopened_at: reopenedAt } = incident;
		const own = timers.filter((timer) => timer.incident_id === id);
		const steps = own.filter(({ kind }) => STEPS.includes(kind));
		const looks = own.filter(({ kind }) => kind === "routing.look");
		const chains = await db.selectFrom("escalations").select("state").where("incident_id", "=", id).execute();
		const running = chains.filter((chain) => chain.state === "running").length;
		expect(running, `one chain of ${id}`).toBeLessThanOrEqual(1);
		if (state !== "detected") {
			if (running === 0) expect(steps.length, `C10: ${id} has no next step`).toBe(0);
			expect(looks.length, `C10: routing of ${id} is over`).toBe(0);
			continue;
		}
		const same = incidents.filter((each) => each.tenant === tenant && each.slo === slo && each.state === "detected");
		expect(same.length, `C6: one open incident of ${tenant} and ${slo}`).toBe(1);
		if (await isSpokenFor(db, { id, parentId: parentId ?? undefined })) {
			expect(steps.length + looks.length, `${id} is spoken for`).toBe(0);
			await checkVoice(db, id, String(parentId), reopenedAt ?? detectedAt);
			continue;
		}
		const routing = routed.get(id)?.state;
		const pagesItself = routing === undefined || routing === "paging" || routing === "over";
		const next = pagesItself ? steps : looks;
		expect(next.length, `C8: ${id} (${routing}) has one next step`).toBe(1);
		expect(next[0]?.due_at, `C8: ${id} is not overdue`).toBeGreaterThanOrEqual(clock.now() - 5 * SECOND_MS);
		if (!pagesItself) expect(steps.length, `${id} (${routing}) pages nobody`).toBe(0);
		if (routing === "quiet") expect(clearedAt, `${id} is quiet and does not burn`).not.toBeNull();
		if (routing === "held") {
			const holds = await db
				.selectFrom("page_holds")
				.select("kind")
				.where("incident_id", "=", id)
				.where("ended_at", "is", null)
				.execute();
			expect(holds.length, `what holds ${id} back is on record`).toBeGreaterThan(0);
		}
		if (!pagesItself && routing !== "sharing") continue;
		const named = pagesItself ? id : (routed.get(id)?.lead_id ?? "");
		if (routing === "sharing") {
			const lead = await db
				.selectFrom("escalations")
				.select("id")
				.where("incident_id", "=", named)
				.where("state", "=", "running")
				.executeTakeFirst();
			expect(lead, `C8: ${named}, whose page ${id} shares, pages`).toBeDefined();
		}
		if (await saysThatNobodyCanBeReached(db, named)) continue;
		const paged = await db.selectFrom("page_incidents").select("page_id").where("incident_id", "=", named).execute();
		const waits = await db.selectFrom("waiting_pages").select("person").where("incident_id", "=", named).execute();
		expect(paged.length + waits.length, `C9: somebody is paged for ${id}`).toBeGreaterThan(0);
	}
	for (const [pair, since] of run.burning) {
		const [tenant, slo] = pair.split(" ");
		const known = await db
			.selectFrom("breaches")
			.select("incident_id")
			.where("tenant", "=", String(tenant))
			.where("slo", "=", String(slo))
			.where("state", "=", "open")
			.executeTakeFirst();
		const incident = known?.incident_id ? await getIncident(db, ALL, known.incident_id) : undefined;
		expect(incident, `C7: ${pair} burns and has an incident`).toBeDefined();
		// Nobody but a person who judged it ends one that burns.
		const isOpen = incident?.resolvedAt === undefined || incident.resolvedAt >= since;
		expect(isOpen, `C7: ${pair} burns since after ${incident?.id} was resolved`).toBe(true);
	}
	await checkPages(world, outside, timers, run);
}

async function saysThatNobodyCanBeReached(db: Db, id: string): Promise<boolean> {
	const chain = await db
		.selectFrom("escalations")
		.select("state")
		.where("incident_id", "=", id)
		.orderBy("started_at", "desc")
		.orderBy("id", "desc")
		.executeTakeFirst();
	if (chain?.state !== "exhausted") return false;
	const said = await db
		.selectFrom("events")
		.select("seq")
		.where("incident_id", "=", id)
		.where("type", "=", "escalation.exhausted")
		.executeTakeFirst();
	return said !== undefined;
}

/** A platform incident that nobody took, and that pages no more, speaks for nothing that came when it did not page. */
async function checkVoice(db: Db, id: string, parentId: string, cameAt: number): Promise<void> {
	const parent = await getIncident(db, ALL, parentId);
	const chain = await db
		.selectFrom("escalations")
		.select(["state", "ended_at"])
		.where("incident_id", "=", parentId)
		.orderBy("started_at", "desc")
		.orderBy("id", "desc")
		.executeTakeFirst();
	const routed = await db.selectFrom("routed").select("state").where("incident_id", "=", parentId).executeTakeFirst();
	if (parent?.state !== "detected" || !chain || chain.state === "running" || routed?.state !== "held") return;
	expect(cameAt, `C9: ${id} came while ${parentId} paged`).toBeLessThanOrEqual(chain.ended_at ?? 0);
}

async function checkPages(
	{ store: { db } }: PagingWorld,
	outside: Outside,
	timers: readonly { readonly kind: string; readonly data: string }[],
	{ crashes, perHour }: { readonly crashes: number; readonly perHour: number },
): Promise<void> {
	for (const [id, count] of outside.arrived) expect(count, `C11: ${id}`).toBeLessThanOrEqual(1 + crashes);
	const pages = await db
		.selectFrom("pages")
		.select(["person", "created_at"])
		.where("reason", "!=", "withdrawn")
		.execute();
	for (const { person, created_at } of pages) {
		const hour = pages.filter(
			(each) => each.person === person && each.created_at >= created_at && each.created_at < created_at + HOUR_MS,
		);
		expect(hour.length, `pages to ${person} in an hour`).toBeLessThanOrEqual(perHour);
	}
	const queues = await db.selectFrom("waiting_pages").select("person").distinct().execute();
	for (const { person } of queues) {
		const flush = timers.filter((timer) => timer.kind === "page.flush" && JSON.parse(timer.data).person === person);
		expect(flush.length, `what waits for ${person} has a time`).toBe(1);
	}
	expect(outside.faults).toEqual([]);
}
