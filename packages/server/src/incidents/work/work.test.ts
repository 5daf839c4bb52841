import { HOUR_MS, MINUTE_MS } from "@bellwether/model";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { type Principal, SYSTEM, scopeOf } from "#platform";
import { breachOpened, exampleCatalogue, START } from "../../../testing/catalogue.ts";
import { ALL, OPERATOR, openRooms } from "../../../testing/rooms.ts";
import {
	addTask,
	alsoAffected,
	assignRole,
	changeTask,
	endRole,
	getIncident,
	listBreaches,
	listIncidents,
	openTasksOf,
	resolveIncident,
	rolesOf,
	setReaders,
	type TaskChange,
	tasksOf,
	timelineOf,
} from "../index.ts";

// A real store syncs each commit; on a busy machine many of them take their time.
vi.setConfig({ testTimeout: 60_000 });

const ANA: Principal = { name: "ana", role: "responder" };
const ADMIN: Principal = { name: "root", role: "admin" };

/** Rooms with one incident, INC-1001 of woodgrove, and what people do with it. */
async function oneIncident() {
	const rooms = await openRooms(exampleCatalogue());
	onTestFinished(() => rooms.remove());
	await rooms.open(breachOpened("woodgrove"));
	const { store, deps, request } = rooms;
	const of = (principal?: Principal) => request("INC-1001", principal);
	return {
		...rooms,
		role: (role: "commander" | "scribe", person: string, principal?: Principal) =>
			store.transaction((tx) => assignRole(tx, deps, { ...of(principal), role, person })),
		endRole: (role: "commander") => store.transaction((tx) => endRole(tx, deps, { ...of(), role })),
		add: (task: { text: string; owner?: string; dueAt?: number; requestKey?: string }, principal?: Principal) =>
			store.transaction((tx) => addTask(tx, deps, { ...of(principal), ...task })),
		change: (taskId: string, change: TaskChange, taskVersion?: number) =>
			store.transaction((tx) => changeTask(tx, deps, { ...of(), taskId, change, taskVersion })),
		readers: (readers: string[] | undefined, principal?: Principal) =>
			store.transaction((tx) => setReaders(tx, deps, { ...of(principal), readers })),
		tasks: () => tasksOf(rooms.db, ALL, "INC-1001"),
	};
}

describe("a part in the work", () => {
	test("is one person's; the next one has it handed over, and who had it stays known", async () => {
		const { role, db, clock, timeline } = await oneIncident();
		expect(await role("commander", "m-ito")).toMatchObject({ status: "changed" });
		clock.advance(MINUTE_MS);
		await role("commander", "lead");
		expect(await rolesOf(db, ALL, "INC-1001")).toMatchObject([
			{ role: "commander", person: "m-ito", assignedAt: START, endedAt: START + MINUTE_MS },
			{ role: "commander", person: "lead", assignedBy: "n.patel", endedAt: undefined },
		]);
		expect((await timeline("INC-1001")).slice(-2)).toEqual([
			"n.patel made m-ito incident commander.",
			"m-ito handed the part of incident commander over to lead.",
		]);
	});
	test("given twice to the same person changes nothing the second time", async () => {
		const { role, timeline } = await oneIncident();
		await role("scribe", "n.patel");
		const before = await timeline("INC-1001");
		expect(await role("scribe", "n.patel", ANA)).toMatchObject({ status: "unchanged", by: "n.patel", at: START });
		expect(await timeline("INC-1001")).toEqual(before);
		expect(before.at(-1)).toBe("n.patel is scribe now.");
	});
	test("ends without a successor, and is refused for somebody nobody knows", async () => {
		const { role, endRole, db } = await oneIncident();
		await role("commander", "m-ito");
		expect((await endRole("commander")).status).toBe("changed");
		expect((await endRole("commander")).status).toBe("unchanged");
		expect((await rolesOf(db, ALL, "INC-1001")).filter(({ endedAt }) => endedAt === undefined)).toEqual([]);
		expect(await role("commander", "nobody")).toMatchObject({ status: "refused", reason: "person-unknown" });
	});
});

describe("a task", () => {
	test("that is due and not done is told once, pages nobody, and stands first in its owner's list", async () => {
		const { add, acknowledge, pass, tasks, db, sent, timeline, clock } = await oneIncident();
		await acknowledge("INC-1001");
		await add({ text: "Ask the author of the change", owner: "m-ito" });
		await add({ text: "Raise the quota", owner: "m-ito", dueAt: clock.now() + 10 * MINUTE_MS });
		const pages = sent.filter(({ kind }) => kind === "page").length;
		await pass(30 * MINUTE_MS, MINUTE_MS);
		expect(await tasks()).toMatchObject([{ overdueAt: undefined }, { overdueAt: START + 10 * MINUTE_MS }]);
		expect(sent.filter(({ kind }) => kind === "page").length).toBe(pages);
		expect((await timeline("INC-1001")).filter((text) => text.startsWith("Overdue"))).toHaveLength(1);
		expect((await openTasksOf(db, ALL, { owner: "m-ito" })).map(({ text }) => text)).toEqual([
			"Raise the quota",
			"Ask the author of the change",
		]);
	});
	test("that is done, or has another due time, is not told of as overdue at the old one", async () => {
		const { add, change, pass, tasks, timeline } = await oneIncident();
		await add({ text: "one", dueAt: START + 10 * MINUTE_MS });
		await add({ text: "two", dueAt: START + 10 * MINUTE_MS });
		const [one, two] = await tasks();
		await change(one?.id ?? "", { done: true });
		await change(two?.id ?? "", { dueAt: START + HOUR_MS });
		await pass(20 * MINUTE_MS, MINUTE_MS);
		expect((await timeline("INC-1001")).filter((text) => text.startsWith("Overdue"))).toEqual([]);
		await pass(45 * MINUTE_MS, MINUTE_MS);
		expect((await timeline("INC-1001")).filter((text) => text.startsWith("Overdue"))).toHaveLength(1);
	});
	test("done and not done after all is reminded of again", async () => {
		const { add, change, pass, tasks, timeline } = await oneIncident();
		await add({ text: "one", dueAt: START + 10 * MINUTE_MS });
		const [task] = await tasks();
		expect(await change(task?.id ?? "", { done: true })).toMatchObject({ status: "changed" });
		expect(await change(task?.id ?? "", { done: true })).toMatchObject({ status: "unchanged", by: "n.patel" });
		await change(task?.id ?? "", { done: false });
		await pass(20 * MINUTE_MS, MINUTE_MS);
		expect((await timeline("INC-1001")).filter((text) => text.startsWith("Overdue"))).toHaveLength(1);
	});
	test("is added once per request, also by a sender that repeats itself", async () => {
		const { add, tasks } = await oneIncident();
		await add({ text: "once", requestKey: "k1" });
		expect(await add({ text: "once", requestKey: "k1" })).toMatchObject({ status: "unchanged", by: "n.patel" });
		expect(await tasks()).toHaveLength(1);
	});
	test("changed meanwhile is told; one of another incident is not found", async () => {
		const { add, change, tasks, open, request, store, deps } = await oneIncident();
		await add({ text: "one" });
		const [task] = await tasks();
		await change(task?.id ?? "", { text: "more" }, 1);
		expect(await change(task?.id ?? "", { text: "less" }, 1)).toEqual({ status: "task-conflict", version: 2 });
		await open(breachOpened("city-power"));
		const other = { ...request("INC-1002"), taskId: task?.id ?? "", change: { done: true } };
		expect(await store.transaction((tx) => changeTask(tx, deps, other))).toEqual({ status: "task-not-found" });
	});
	test("without words, or for somebody nobody knows, is refused", async () => {
		const { add } = await oneIncident();
		expect(await add({ text: "  " })).toMatchObject({ reason: "text-unfit" });
		expect(await add({ text: "x".repeat(501) })).toMatchObject({ reason: "text-unfit" });
		expect(await add({ text: "x", owner: "nobody" })).toMatchObject({ reason: "person-unknown" });
	});
});

describe("a private incident", () => {
	test("does not exist for anybody who is not named, and does for administrators", async () => {
		const { readers, db } = await oneIncident();
		await readers(["lead"]);
		const ana = scopeOf(ANA);
		expect(await getIncident(db, ana, "INC-1001")).toBeUndefined();
		expect(await timelineOf(db, ana, "INC-1001")).toEqual([]);
		expect((await listIncidents(db, ana)).items).toEqual([]);
		expect((await listBreaches(db, ana)).map(({ incidentId }) => incidentId)).toEqual([""]);
		for (const name of ["lead", "n.patel"]) {
			const scope = scopeOf({ name, role: "responder" });
			expect((await getIncident(db, scope, "INC-1001"))?.readers).toContain("n.patel");
			expect((await listIncidents(db, scope)).items).toHaveLength(1);
		}
		expect((await listIncidents(db, scopeOf(ADMIN))).items).toHaveLength(1);
	});
	test("answers whoever may not read it as an incident that does not exist, whatever they do", async () => {
		const { readers, role, add, acknowledge, store, deps, request } = await oneIncident();
		await readers(["lead"]);
		for (const outcome of [
			await acknowledge("INC-1001", ANA),
			await role("commander", "ana", ANA),
			await add({ text: "x" }, ANA),
			await readers(undefined, ANA),
			await store.transaction((tx) =>
				resolveIncident(tx, deps, { ...request("INC-1001", ANA), verdict: "noise", reason: "x" }),
			),
		])
			expect(outcome).toEqual({ status: "not-found" });
	});
	test("pages all the same, and whom it pages may read it", async () => {
		const { readers, pass, db, sent } = await oneIncident();
		await readers([]);
		await pass(6 * MINUTE_MS);
		const paged = new Set(sent.filter(({ kind }) => kind === "page").map(({ payload }) => String(payload.data.person)));
		expect(paged.size).toBeGreaterThan(0);
		for (const name of paged)
			expect(await getIncident(db, scopeOf({ name, role: "responder" }), "INC-1001")).toBeDefined();
	});
	test("is read by whoever gets a part or a task, and nobody who has one is shut out", async () => {
		const { readers, role, add, incident } = await oneIncident();
		await readers([]);
		await role("commander", "lead");
		await add({ text: "x", owner: "s-haas" });
		expect((await incident("INC-1001"))?.readers).toEqual(expect.arrayContaining(["lead", "n.patel", "s-haas"]));
		await readers(["n.patel"]);
		expect((await incident("INC-1001"))?.readers).toEqual(expect.arrayContaining(["lead", "s-haas"]));
	});
	test("a name that only looks alike is another's", async () => {
		const { readers, db } = await oneIncident();
		await readers(["m-ito"]);
		for (const name of ["M-ITO", "m_ito", "%", "ito", '"m-ito"', "m-ito\\"])
			expect((await listIncidents(db, scopeOf({ name, role: "responder" }))).items, name).toEqual([]);
	});
	test("stays bound to its tenant: a name from elsewhere does not open it", async () => {
		const { readers, db } = await oneIncident();
		await readers(["lead"]);
		const scope = scopeOf({ name: "lead", role: "responder", tenants: ["city-power"] });
		expect(await getIncident(db, scope, "INC-1001")).toBeUndefined();
		const admin = scopeOf({ name: "root", role: "admin", tenants: ["city-power"] });
		expect(await getIncident(db, admin, "INC-1001")).toBeUndefined();
	});
	test("that shares another's page is read by whoever is paged by that", async () => {
		const { readers, incident, store, deps, clock } = await oneIncident();
		await readers([]);
		const fact = (type: string, incidentId: string, data: Readonly<Record<string, unknown>>) =>
			store.transaction((tx) =>
				deps.bus.publish(tx, { type, at: clock.now(), tenant: "woodgrove", incidentId, actor: SYSTEM, data }),
			);
		await fact("page.queued", "INC-1000", { person: "before" });
		await fact("routing.shared", "INC-1001", { leadId: "INC-1000" });
		await fact("page.queued", "INC-1000", { person: "after" });
		expect((await incident("INC-1001"))?.readers).toEqual(expect.arrayContaining(["after", "before"]));
	});
	test("is never the platform's", async () => {
		const { open, store, deps, request } = await oneIncident();
		await open(breachOpened("", { scope: "platform", detectedAt: START + HOUR_MS }));
		const asked = { ...request("INC-1002"), readers: [] };
		expect(await store.transaction((tx) => setReaders(tx, deps, asked))).toMatchObject({ reason: "target-unfit" });
	});
	test("is not told of by others of the same SLO, and ends being private", async () => {
		const { readers, open, incident, db } = await oneIncident();
		await open(breachOpened("city-power"));
		await readers([]);
		const other = await incident("INC-1002");
		if (!other) throw new Error("the breach opened an incident");
		expect(await alsoAffected(db, scopeOf(ANA), other)).not.toContain("woodgrove");
		await readers(undefined);
		expect(await getIncident(db, scopeOf(ANA), "INC-1001")).toMatchObject({ readers: undefined });
	});
});

test("a list is filtered by severity, workload and what is mine", async () => {
	const { role, open, acknowledge, add, db } = await oneIncident();
	await open(breachOpened("city-power"));
	await open(breachOpened("tailspin"));
	await role("scribe", "m-ito");
	await acknowledge("INC-1002", OPERATOR);
	await add({ text: "x", owner: "s-haas" });
	const ids = async (filter: Parameters<typeof listIncidents>[2]) =>
		(await listIncidents(db, ALL, filter)).items.map(({ id }) => id).sort();
	expect(await ids({ mine: "m-ito" })).toEqual(["INC-1001"]);
	expect(await ids({ mine: "n.patel" })).toEqual(["INC-1002"]);
	expect(await ids({ mine: "s-haas" })).toEqual(["INC-1001"]);
	expect(await ids({ mine: "nobody" })).toEqual([]);
	expect(await ids({ workload: "policy" })).toHaveLength(3);
	expect(await ids({ workload: "mail" })).toEqual([]);
	expect(await ids({ severities: ["1"] })).toEqual([]);
	expect(await ids({ severities: ["2", "2.5"] })).toHaveLength(3);
});
