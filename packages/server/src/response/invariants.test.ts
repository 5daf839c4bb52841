import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HOUR_MS, ManualClock, MINUTE_MS, SECOND_MS } from "@bellwether/model";
import fc from "fast-check";
import { expect, test, vi } from "vitest";
import type { Catalogue } from "#catalogue";
import { closeBreach, getIncident, openForBreach, resolveIncident } from "#incidents";
import {
	type ControlStore,
	createDispatcher,
	createTimerRunner,
	EventBus,
	type Message,
	type SendResult,
	scopeOf,
	systemIds,
} from "#platform";
import { breachClosed, breachOpened, exampleCatalogue, exampleTenant, START } from "../../testing/catalogue.ts";
import { openControlStore } from "../adapters/sqlite/control-store.ts";
import {
	acknowledgePage,
	escalationTimers,
	listenToIncidents,
	passOn,
	type ResponseDeps,
	recordPageOutcome,
} from "./index.ts";

vi.setConfig({ testTimeout: 120_000 });

const TENANTS = ["t0", "t1", "t2", "t3"];
const PER_HOUR = 8;
const PERSON = { name: "s-haas", role: "responder" } as const;

/** Two people with rules, a lead, steps of several sorts; short times, so that much happens. */
function catalogue(): Catalogue {
	const example = exampleCatalogue();
	const contact = (name: string) => [
		{ channel: "hook", address: `https://pager.example/${name}` },
		{ channel: "mail", address: `${name}@vendor.example` },
	];
	const rules = {
		default: [
			{ afterMs: 0, contacts: ["hook"] },
			{ afterMs: MINUTE_MS, contacts: ["mail"] },
		],
	};
	return {
		...example,
		settings: { ...example.settings, paging: { perPersonPerHour: PER_HOUR } },
		tenants: TENANTS.map((name) => exampleTenant(name, name)),
		people: ["m-ito", "s-haas", "lead"].map((name) => ({
			name,
			displayName: name,
			timeZone: "UTC",
			contacts: contact(name),
			...(name === "m-ito" ? { rules } : {}),
		})),
		escalations: [
			{
				name: "default",
				repeatEveryMs: 2 * MINUTE_MS,
				acknowledgeWithinMs: 15 * MINUTE_MS,
				lead: { person: "lead" },
				afterAcknowledge: { remindAfterMs: 30 * MINUTE_MS, escalateAfterMs: 15 * MINUTE_MS },
				steps: [
					{ afterMs: 0, notify: { schedule: "primary" } },
					{ afterMs: 5 * MINUTE_MS, notify: { inTurn: ["s-haas", "m-ito"] }, rule: "important" },
					{ afterMs: 8 * MINUTE_MS, act: { kind: "declare", severity: "2" } },
					{ afterMs: 10 * MINUTE_MS, act: { kind: "repeat", max: 1 } },
				],
			},
		],
	};
}

interface World {
	readonly store: ControlStore;
	readonly deps: ResponseDeps;
	readonly close: () => Promise<void>;
	readonly runTimers: () => Promise<void>;
	readonly deliver: () => Promise<void>;
}

/** What a person's devices got, beyond any crash of ours. */
interface Outside {
	readonly arrived: Map<string, number>;
	readonly faults: string[];
	answer: (message: Message) => SendResult | "hang";
}

async function start(path: string, clock: ManualClock, outside: Outside, hung: (() => void)[]): Promise<World> {
	const store = await openControlStore({ path, clock });
	const bus = new EventBus();
	const known = catalogue();
	const deps = { ids: systemIds(clock), bus, catalogue: () => known, publicUrl: () => "https://b.example" };
	listenToIncidents(bus, deps);
	const onError = (error: unknown) => void (hung.length === 0 && outside.faults.push(String(error)));
	const timers = createTimerRunner({ store, clock, handlers: escalationTimers(deps), onError });
	const send = async (message: Message): Promise<SendResult> => {
		if (!(await isWanted(store, message))) outside.faults.push(`C10: ${message.id} left after its acknowledgement`);
		const result = outside.answer(message);
		if (result === "hang") {
			outside.arrived.set(message.id, (outside.arrived.get(message.id) ?? 0) + 1);
			await new Promise<void>((resolve) => hung.push(resolve));
			return { status: "uncertain", detail: "cut off" };
		}
		if (result.status === "sent") outside.arrived.set(message.id, (outside.arrived.get(message.id) ?? 0) + 1);
		return result;
	};
	const dispatcher = createDispatcher({
		store,
		clock,
		senders: () => ({ send }),
		onOutcome: (tx, message, outcome) => recordPageOutcome(tx, deps, message, outcome),
		onError,
		timeoutMs: 60_000,
	});
	return {
		store,
		deps,
		async close() {
			await store.close();
			for (const resolve of hung.splice(0)) resolve();
			await dispatcher.stop();
		},
		runTimers: async () => {
			while ((await timers.runDue(clock.now())) > 0);
		},
		deliver: async () => void (await dispatcher.runDue(clock.now())),
	};
}

/** Whether of the incidents that the message names one is not taken, or was taken before the message was written. */
async function isWanted(store: ControlStore, message: Message): Promise<boolean> {
	const { incident, incidents = [incident] } = message.payload.data as { incident: string; incidents?: string[] };
	const rows = await store.db
		.selectFrom("incidents")
		.select(["acknowledged_at", "resolved_at"])
		.where("id", "in", incidents)
		.execute();
	return rows.some((row) => {
		const takenAt = row.acknowledged_at ?? row.resolved_at;
		return takenAt === null || takenAt < message.createdAt;
	});
}

async function check(world: World, clock: ManualClock, outside: Outside, crashes: number): Promise<void> {
	const { db } = world.store;
	const incidents = await db.selectFrom("incidents").selectAll().execute();
	const timers = await db.selectFrom("timers").selectAll().where("state", "=", "pending").execute();
	for (const { id, state, tenant } of incidents) {
		const next = timers.filter(
			(timer) => timer.incident_id === id && ["escalation.next", "escalation.retry"].includes(timer.kind),
		);
		const chains = await db.selectFrom("escalations").select("state").where("incident_id", "=", id).execute();
		const isRunning = chains.some((chain) => chain.state === "running");
		if (state === "detected") {
			expect(next.length, `C8: ${id} has one next step`).toBe(1);
			expect(next[0]?.due_at, `C8: ${id} is not overdue`).toBeGreaterThanOrEqual(clock.now() - 5 * SECOND_MS);
			const paged = await db.selectFrom("page_incidents").select("page_id").where("incident_id", "=", id).execute();
			const waits = await db.selectFrom("waiting_pages").select("person").where("incident_id", "=", id).execute();
			expect(paged.length + waits.length, `C9: somebody is paged for ${id}`).toBeGreaterThan(0);
		} else if (!isRunning) expect(next.length, `C10: ${id} has no next step`).toBe(0);
		expect(chains.filter((chain) => chain.state === "running").length, `one chain of ${id}`).toBeLessThanOrEqual(1);
		const open = incidents.filter((each) => each.tenant === tenant && each.state === "detected");
		expect(open.length, `C6: one open incident of ${tenant}`).toBeLessThanOrEqual(1);
	}
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
		expect(hour.length, `pages to ${person} in an hour`).toBeLessThanOrEqual(PER_HOUR);
	}
	const queues = await db.selectFrom("waiting_pages").select("person").distinct().execute();
	for (const { person } of queues) {
		const flush = timers.filter((timer) => timer.kind === "page.flush" && JSON.parse(timer.data).person === person);
		expect(flush.length, `what waits for ${person} has a time`).toBe(1);
	}
	expect(outside.faults).toEqual([]);
}

type Act =
	| { readonly do: "open" | "close" | "acknowledge" | "resolve" | "pass"; readonly tenant: number }
	| { readonly do: "tick"; readonly ms: number }
	| { readonly do: "crash"; readonly isSending: boolean }
	| { readonly do: "receivers"; readonly answers: readonly number[] };

const tenant = fc.nat(TENANTS.length - 1);
const acts = fc.array(
	fc.oneof(
		{ weight: 3, arbitrary: fc.record({ do: fc.constant("open" as const), tenant }) },
		{ weight: 2, arbitrary: fc.record({ do: fc.constantFrom("close" as const, "resolve" as const), tenant }) },
		{ weight: 2, arbitrary: fc.record({ do: fc.constantFrom("acknowledge" as const, "pass" as const), tenant }) },
		{
			weight: 5,
			arbitrary: fc.record({
				do: fc.constant("tick" as const),
				ms: fc.constantFrom(500, 7_000, 61_000, 130_000, 400_000, 2_000_000),
			}),
		},
		{ weight: 2, arbitrary: fc.record({ do: fc.constant("crash" as const), isSending: fc.boolean() }) },
		{
			weight: 2,
			arbitrary: fc.record({
				do: fc.constant("receivers" as const),
				answers: fc.array(fc.nat(3), { minLength: 1, maxLength: 5 }),
			}),
		},
	),
	{ minLength: 5, maxLength: 22 },
);

const ANSWERS: readonly SendResult[] = [
	{ status: "sent", detail: "taken" },
	{ status: "retry", detail: "503" },
	{ status: "refused", detail: "404" },
	{ status: "uncertain", detail: "cut off" },
];

async function play(script: readonly Act[]): Promise<void> {
	const folder = mkdtempSync(join(tmpdir(), "bellwether-"));
	const path = join(folder, "control.db");
	const clock = new ManualClock(START);
	let answers: readonly number[] = [0];
	let sends = 0;
	const outside: Outside = {
		arrived: new Map(),
		faults: [],
		answer: () => ANSWERS[answers[sends++ % answers.length] ?? 0] as SendResult,
	};
	const hung: (() => void)[] = [];
	let crashes = 0;
	let world = await start(path, clock, outside, hung);
	try {
		for (const act of script) {
			if (act.do === "tick") clock.advance(act.ms);
			else if (act.do === "receivers") answers = act.answers;
			else if (act.do === "crash") {
				crashes++;
				const before = outside.answer;
				if (act.isSending) {
					outside.answer = () => "hang";
					void world.deliver();
					await new Promise((resolve) => setTimeout(resolve, 5));
				}
				await world.close();
				outside.answer = before;
				world = await start(path, clock, outside, hung);
			} else await change(world, act.do, TENANTS[act.tenant] as string, clock);
			await world.runTimers();
			await world.deliver();
			await world.runTimers();
			await check(world, clock, outside, crashes);
		}
	} finally {
		await world.close();
		rmSync(folder, { recursive: true, force: true });
	}
}

async function change(world: World, what: string, name: string, clock: ManualClock): Promise<void> {
	const { deps } = world;
	const now = clock.now();
	await world.store.transaction(async (tx) => {
		if (what === "open") await openForBreach(tx, deps, breachOpened(name, { detectedAt: now }), deps.catalogue());
		else if (what === "close") await closeBreach(tx, deps, breachClosed(name, now));
		else {
			const rows = await tx
				.selectFrom("incidents")
				.select("id")
				.where("tenant", "=", name)
				.orderBy("number", "desc")
				.execute();
			const incidentId = rows[0]?.id;
			if (incidentId === undefined) return;
			const request = { scope: scopeOf(PERSON), principal: PERSON, incidentId, now };
			if (what === "acknowledge") await acknowledgePage(tx, deps, request);
			else if (what === "resolve") await resolveIncident(tx, deps, { ...request, verdict: "noise", reason: "a test" });
			else {
				const incident = await getIncident(tx, scopeOf(PERSON), incidentId);
				if (incident) await passOn(tx, deps, incident, now);
			}
		}
	});
}

test("whatever happens in whatever order: one next step, somebody paged, nothing after an acknowledgement, one id, one cap", async () => {
	await fc.assert(fc.asyncProperty(acts, play), { seed: 7, numRuns: Number(process.env.BELLWETHER_RUNS ?? 12) });
});
