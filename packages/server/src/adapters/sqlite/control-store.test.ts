import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { ManualClock } from "@bellwether/model";
import { expect, onTestFinished, test, vi } from "vitest";
import { sequenceIds, setTimer } from "#platform";
import { openControlStore } from "./control-store.ts";
import { CONTROL_MIGRATIONS } from "./control-store-migrations.ts";
import { temporaryControlStore } from "./control-store-temporary.ts";

// Disks, sockets and processes set the pace here: on a busy machine everything takes longer.
vi.setConfig({ testTimeout: 30_000 });

const clock = new ManualClock(1_700_000_000_000);

async function open() {
	const temporary = await temporaryControlStore(clock);
	onTestFinished(() => temporary.remove());
	return temporary;
}

function folder(): string {
	const path = mkdtempSync(join(tmpdir(), "bellwether-"));
	onTestFinished(() => rmSync(path, { recursive: true, force: true }));
	return path;
}

const putMeta = (value: string) => ({ key: "colour", value });

test("a committed transaction is there for readers and after reopening", async () => {
	const path = join(folder(), "control.db");
	const first = await openControlStore({ path, clock });
	await first.transaction((tx) => tx.insertInto("meta").values(putMeta("red")).execute());
	expect(await first.db.selectFrom("meta").selectAll().where("key", "=", "colour").execute()).toEqual([putMeta("red")]);
	await first.close();
	const second = await openControlStore({ path, clock });
	onTestFinished(() => second.close());
	expect(await second.db.selectFrom("meta").selectAll().where("key", "=", "colour").execute()).toEqual([
		putMeta("red"),
	]);
});

test("a transaction that throws leaves nothing behind and passes its error on", async () => {
	const { store } = await open();
	const failing = store.transaction(async (tx) => {
		await tx.insertInto("meta").values(putMeta("red")).execute();
		throw new Error("second thoughts");
	});
	await expect(failing).rejects.toThrow("second thoughts");
	expect(await store.db.selectFrom("meta").selectAll().where("key", "=", "colour").execute()).toEqual([]);
	await store.transaction((tx) => tx.insertInto("meta").values(putMeta("blue")).execute());
});

test("readers do not see a transaction that is under way", async () => {
	const { store } = await open();
	await store.transaction(async (tx) => {
		await tx.insertInto("meta").values(putMeta("red")).execute();
		expect(await store.db.selectFrom("meta").select("key").where("key", "=", "colour").execute()).toEqual([]);
	});
	expect(await store.db.selectFrom("meta").select("key").where("key", "=", "colour").execute()).toHaveLength(1);
});

test("writers take turns, in the order they came", async () => {
	const { store } = await open();
	const order: string[] = [];
	const slow = store.transaction(async (tx) => {
		order.push("first begins");
		await tx.insertInto("meta").values(putMeta("red")).execute();
		await new Promise((resolve) => setImmediate(resolve));
		order.push("first ends");
	});
	const quick = store.transaction(async (tx) => {
		order.push("second begins");
		await tx.updateTable("meta").set({ value: "blue" }).where("key", "=", "colour").execute();
	});
	await Promise.all([slow, quick]);
	expect(order).toEqual(["first begins", "first ends", "second begins"]);
	const row = await store.db.selectFrom("meta").select("value").where("key", "=", "colour").executeTakeFirstOrThrow();
	expect(row.value).toBe("blue");
});

test("a transaction inside a transaction is refused instead of waiting for ever", async () => {
	const { store } = await open();
	const nested = store.transaction(() => store.transaction(async () => undefined));
	await expect(nested).rejects.toThrow("pass its `tx` on");
	await expect(store.transaction(async () => "still works")).resolves.toBe("still works");
});

test("writing outside a transaction is refused", async () => {
	const { store } = await open();
	await expect(store.db.insertInto("meta").values(putMeta("red")).execute()).rejects.toThrow("readonly");
});

test("listeners hear of commits, not of rollbacks, until they leave", async () => {
	const { store } = await open();
	let commits = 0;
	const leave = store.onCommit(() => commits++);
	await store.transaction(async () => undefined);
	await store.transaction(() => Promise.reject(new Error("no"))).catch(() => undefined);
	expect(commits).toBe(1);
	leave();
	await store.transaction(async () => undefined);
	expect(commits).toBe(1);
});

test("every commit is on the disk before it is answered: WAL with full synchronisation", async () => {
	const { store } = await open();
	const { sql } = await import("kysely");
	await store.transaction(async (tx) => {
		const synchronous = await sql<{ synchronous: number }>`pragma synchronous`.execute(tx);
		const mode = await sql<{ journal_mode: string }>`pragma journal_mode`.execute(tx);
		const keys = await sql<{ foreign_keys: number }>`pragma foreign_keys`.execute(tx);
		expect([synchronous.rows[0]?.synchronous, mode.rows[0]?.journal_mode, keys.rows[0]?.foreign_keys]).toEqual([
			2,
			"wal",
			1,
		]);
	});
});

test("the files and a new folder are for their owner alone", async () => {
	const path = join(folder(), "data", "control.db");
	const store = await openControlStore({ path, clock });
	onTestFinished(() => store.close());
	await store.transaction((tx) => tx.insertInto("meta").values(putMeta("red")).execute());
	const mode = (file: string) => (statSync(file).mode & 0o777).toString(8);
	expect([mode(join(path, "..")), mode(path), mode(`${path}-wal`)]).toEqual(["700", "600", "600"]);
});

test("a file of a newer version is refused, and not a byte of it changes", async () => {
	const path = join(folder(), "control.db");
	await (await openControlStore({ path, clock })).close();
	const database = new DatabaseSync(path);
	database.exec(`pragma user_version = ${CONTROL_MIGRATIONS.length + 1}; pragma wal_checkpoint(truncate)`);
	database.close();
	const before = readFileSync(path);
	await expect(openControlStore({ path, clock })).rejects.toThrow(
		`has schema ${CONTROL_MIGRATIONS.length + 1}, this version of Bellwether knows ${CONTROL_MIGRATIONS.length}`,
	);
	expect(readFileSync(path).equals(before)).toBe(true);
});

test.each([
	{
		what: "another program's database",
		write: (path: string) => {
			const database = new DatabaseSync(path);
			database.exec("create table recipes (name text)");
			database.close();
		},
		message: "belongs to another program",
	},
	{
		what: "a file that is no database",
		write: (path: string) => writeFileSync(path, "shopping list ".repeat(500)),
		message: "cannot be read as a database",
	},
])("$what is refused, untouched", async ({ write, message }) => {
	const path = join(folder(), "control.db");
	write(path);
	const before = readFileSync(path);
	await expect(openControlStore({ path, clock })).rejects.toThrow(message);
	expect(readFileSync(path).equals(before)).toBe(true);
});

const BREACH = {
	tenant: "contoso",
	slo: "sign-in",
	detector: "burn-rate",
	monitor: "default",
	scope: "tenant",
	state: "open" as const,
	opened_at: 1,
	closed_at: null,
	evidence: "{}",
	incident_id: null,
};

test("a second open breach of one tenant, SLO and detector cannot be stored; after closing, a new one can", async () => {
	const { store } = await open();
	await store.transaction((tx) =>
		tx
			.insertInto("breaches")
			.values({ ...BREACH, id: "a" })
			.execute(),
	);
	const second = () =>
		store.transaction((tx) =>
			tx
				.insertInto("breaches")
				.values({ ...BREACH, id: "b" })
				.execute(),
		);
	await expect(second()).rejects.toThrow("UNIQUE");
	await store.transaction((tx) => tx.updateTable("breaches").set({ state: "closed", closed_at: 2 }).execute());
	await second();
});

test("a breach of an incident that does not exist cannot be stored", async () => {
	const { store } = await open();
	const orphan = store.transaction((tx) =>
		tx
			.insertInto("breaches")
			.values({ ...BREACH, id: "a", incident_id: "inc_none" })
			.execute(),
	);
	await expect(orphan).rejects.toThrow("FOREIGN KEY");
	expect(await store.db.selectFrom("breaches").selectAll().execute()).toEqual([]);
});

const INCIDENT = {
	slo: "sign-in",
	workload: "identity",
	kind: "tenant" as const,
	severity_key: "2.5",
	severity_rank: 25,
	state: "detected" as const,
	title: "t",
	monitor: "default",
	detected_by: "monitor" as const,
	detected_at: 1,
	evidence: "{}",
	version: 1,
};

test("a row of one tenant cannot hang on another tenant's incident; on the fleet's it can", async () => {
	const { store } = await open();
	await store.transaction((tx) =>
		tx
			.insertInto("incidents")
			.values([
				{ ...INCIDENT, id: "inc_contoso", number: 1, tenant: "contoso" },
				{ ...INCIDENT, id: "inc_fleet", number: 2, tenant: "", kind: "platform" },
			])
			.execute(),
	);
	const link = (id: string, tenant: string, incident_id: string) =>
		store.transaction((tx) =>
			tx
				.insertInto("breaches")
				.values({ ...BREACH, id, tenant, incident_id })
				.execute(),
		);
	await expect(link("a", "fabrikam", "inc_contoso")).rejects.toThrow("the incident belongs to another tenant");
	await link("b", "contoso", "inc_contoso");
	await link("c", "fabrikam", "inc_fleet");
	const move = store.transaction((tx) =>
		tx.updateTable("breaches").set({ incident_id: "inc_contoso" }).where("id", "=", "c").execute(),
	);
	await expect(move).rejects.toThrow("the incident belongs to another tenant");
});

test.each(["update", "delete"])("events and audit entries cannot be changed: %s", async (act) => {
	const { store } = await open();
	await store.transaction((tx) =>
		tx
			.insertInto("events")
			.values({ at: 1, type: "x", tenant: "", incident_id: null, actor: "a", data: "{}" })
			.execute(),
	);
	const change = store.transaction(async (tx) => {
		if (act === "update") await tx.updateTable("events").set({ actor: "someone else" }).execute();
		else await tx.deleteFrom("events").execute();
	});
	await expect(change).rejects.toThrow("append-only");
});

test("looking for due timers and messages uses an index, however many are done", async () => {
	const { store } = await open();
	const { sql } = await import("kysely");
	await store.transaction((tx) => setTimer(tx, sequenceIds(), 1, { kind: "k", tenant: "", dueAt: 1, data: {} }));
	const plans = await Promise.all(
		[
			sql<{
				detail: string;
			}>`explain query plan select * from timers where state = 'pending' and coalesce(retry_at, due_at) <= 5`,
			sql<{
				detail: string;
			}>`explain query plan select id from outbox where state = 'pending' and channel = 'c' and next_at <= 5`,
			sql<{ detail: string }>`explain query plan select min(next_at) from outbox where state = 'pending'`,
		].map((query) => query.execute(store.db)),
	);
	for (const plan of plans) expect(plan.rows[0]?.detail).toMatch(/USING (COVERING )?INDEX/);
});
