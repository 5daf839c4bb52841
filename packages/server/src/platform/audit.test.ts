import { ManualClock } from "@bellwether/model";
import { sql } from "kysely";
import { expect, onTestFinished, test, vi } from "vitest";
import { temporaryControlStore } from "../adapters/sqlite/control-store-temporary.ts";
import { audit, auditHead, verifyAudit } from "./audit.ts";
import type { ControlStore, Tx } from "./types.ts";

// Disks, sockets and processes set the pace here: on a busy machine everything takes longer.
vi.setConfig({ testTimeout: 30_000 });

async function logOf(entries: number): Promise<ControlStore> {
	const temporary = await temporaryControlStore(new ManualClock(0));
	onTestFinished(() => temporary.remove());
	for (let n = 1; n <= entries; n++) await temporary.store.transaction((tx) => audit(tx, entry(n)));
	return temporary.store;
}

const entry = (n: number) => ({
	at: n,
	actor: "ada",
	action: "incident.acknowledged",
	tenant: "contoso",
	subject: `inc_${n}`,
	requestId: `req_${n}`,
	detail: { after: "acknowledged", before: "detected" },
});

/** Whoever edits the file does not stop at a trigger. */
const tamper = (store: ControlStore, act: (tx: Tx) => Promise<unknown>) =>
	store.transaction(async (tx) => {
		await sql`drop trigger audit_append_only_update`.execute(tx);
		await sql`drop trigger audit_append_only_delete`.execute(tx);
		await act(tx);
	});

test("an untouched log is intact, and its head is the last entry", async () => {
	const store = await logOf(5);
	const head = await auditHead(store.db);
	expect(head.seq).toBe(5);
	expect(await verifyAudit(store.db, head)).toEqual({ status: "intact", ...head });
});

test("an empty log is intact", async () => {
	expect(await verifyAudit((await logOf(0)).db)).toMatchObject({ status: "intact", seq: 0 });
});

test("the order of an entry's details does not matter to its hash", async () => {
	const [one, other] = await Promise.all([logOf(0), logOf(0)]);
	await one.transaction((tx) => audit(tx, { ...entry(1), detail: { a: 1, b: { c: 2, d: 3 } } }));
	await other.transaction((tx) => audit(tx, { ...entry(1), detail: { b: { d: 3, c: 2 }, a: 1 } }));
	expect(await auditHead(one.db)).toEqual(await auditHead(other.db));
});

test("a transaction that fails leaves no gap in the numbers", async () => {
	const store = await logOf(2);
	await store
		.transaction(async (tx) => {
			await audit(tx, entry(3));
			throw new Error("undone");
		})
		.catch(() => undefined);
	expect(await store.transaction((tx) => audit(tx, entry(3)))).toMatchObject({ seq: 3 });
	expect(await verifyAudit(store.db)).toMatchObject({ status: "intact", seq: 3 });
});

test.each<{ what: string; act: (tx: Tx) => Promise<unknown>; seq: number; reason: string }>([
	{
		what: "an edited entry",
		act: (tx) => tx.updateTable("audit").set({ actor: "eve" }).where("seq", "=", 3).execute(),
		seq: 3,
		reason: "altered entry",
	},
	{
		what: "an edited instant",
		act: (tx) => tx.updateTable("audit").set({ at: 99 }).where("seq", "=", 1).execute(),
		seq: 1,
		reason: "altered entry",
	},
	{
		what: "a detail that is no JSON",
		act: (tx) => tx.updateTable("audit").set({ detail: "{" }).where("seq", "=", 4).execute(),
		seq: 4,
		reason: "altered entry",
	},
	{
		what: "a removed entry",
		act: (tx) => tx.deleteFrom("audit").where("seq", "=", 2).execute(),
		seq: 2,
		reason: "missing entry",
	},
	{
		what: "a removed entry with the later ones moved up",
		act: async (tx) => {
			await tx.deleteFrom("audit").where("seq", "=", 2).execute();
			for (const seq of [3, 4, 5]) {
				await tx
					.updateTable("audit")
					.set({ seq: seq - 1 })
					.where("seq", "=", seq)
					.execute();
			}
		},
		seq: 2,
		reason: "altered entry",
	},
	{
		what: "two entries that changed places",
		act: async (tx) => {
			for (const [from, to] of [
				[2, 99],
				[3, 2],
				[99, 3],
			] as const) {
				await tx.updateTable("audit").set({ seq: to }).where("seq", "=", from).execute();
			}
		},
		seq: 2,
		reason: "altered entry",
	},
])("$what is found, with its place", async ({ act, seq, reason }) => {
	const store = await logOf(5);
	await tamper(store, act);
	expect(await verifyAudit(store.db)).toEqual({ status: "broken", seq, reason });
});

test("a cut tail and a log written anew are whole in themselves; the head that was noted elsewhere gives them away", async () => {
	const store = await logOf(5);
	const head = await auditHead(store.db);
	await tamper(store, (tx) => tx.deleteFrom("audit").where("seq", ">", 3).execute());
	expect(await verifyAudit(store.db)).toMatchObject({ status: "intact", seq: 3 });
	expect(await verifyAudit(store.db, head)).toEqual({
		status: "broken",
		seq: 4,
		reason: "shorter than the known head",
	});
	for (const n of [4, 5]) await store.transaction((tx) => audit(tx, { ...entry(n), actor: "eve" }));
	expect(await verifyAudit(store.db, head)).toEqual({
		status: "broken",
		seq: 5,
		reason: "differs from the known head",
	});
});
