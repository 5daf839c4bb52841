import { AsyncLocalStorage } from "node:async_hooks";
import { chmodSync, closeSync, existsSync, mkdirSync, openSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Clock } from "@bellwether/model";
import { Kysely } from "kysely";
import { type ControlStore, type ControlTables, StoreUnavailable, type Tx } from "#platform";
import { CONTROL_MIGRATIONS } from "./control-store-migrations.ts";
import { nodeSqliteDialect } from "./node-sqlite-dialect.ts";
import { createReserve, type Reserve } from "./reserve.ts";

/** Marks a SQLite file as ours: "BELL". Another program's file is left alone. */
const APPLICATION_ID = 0x42454c4c;
const BUSY_TIMEOUT_MS = 5_000;
/** How often the reserve is looked at: it must outlast this many commits. */
const FILL_EVERY_COMMITS = 64;

/** The file cannot be used as it is. Nothing in it was changed; the message says what to do. */
export class ControlStoreRefused extends Error {
	override readonly name = "ControlStoreRefused";
}

/**
 * Opens (or makes) the control plane's file and brings its schema up to date in one transaction. Every commit is on
 * the disk before it is answered (WAL, synchronous=FULL). Reading and writing have a connection each, so that readers
 * see committed state alone and never wait. Refuses files of other programs and of newer versions, untouched.
 *
 * `reserveBytes` of the file are kept free inside it, so that pages and acknowledgements go on while the disk is full.
 */
export async function openControlStore(options: {
	readonly path: string;
	readonly clock: Clock;
	readonly reserveBytes?: number;
}): Promise<ControlStore> {
	const { path, clock } = options;
	refuseStrangers(path);
	preparePath(path);
	const writer = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
	try {
		writer.exec(`
			pragma journal_mode = wal;
			pragma synchronous = full;
			pragma foreign_keys = on;
		`);
		migrate(writer, clock);
	} catch (error) {
		writer.close();
		if (!isStoreFault(error)) throw error;
		throw new ControlStoreRefused(
			`${path} cannot be written (${(error as Error).message}): look at the disk it lies on`,
		);
	}
	const reader = new DatabaseSync(path, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
	const reserve = createReserve(writer, options.reserveBytes ?? 0);
	reserve.fill();
	return storeOver(writer, reader, reserve);
}

function storeOver(writer: DatabaseSync, reader: DatabaseSync, reserve: Reserve): ControlStore {
	const writing = new Kysely<ControlTables>({ dialect: nodeSqliteDialect(writer) });
	const reading = new Kysely<ControlTables>({ dialect: nodeSqliteDialect(reader) });
	const under = new AsyncLocalStorage<{ isOpen: boolean }>();
	const listeners = new Set<() => void>();
	let fault: string | undefined;
	let commits = 0;

	async function transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
		if (under.getStore()?.isOpen) {
			throw new Error("a transaction is open already and would wait for itself: pass its `tx` on");
		}
		const mark = { isOpen: true };
		try {
			const result = await under.run(mark, () => writing.transaction().execute(work));
			fault = undefined;
			return result;
		} catch (error) {
			if (!isStoreFault(error)) throw error;
			fault = (error as Error).message;
			throw new StoreUnavailable(fault, { cause: error });
		} finally {
			mark.isOpen = false;
		}
	}

	return {
		db: reading,
		async transaction(work) {
			const result = await transaction(work);
			if (++commits % FILL_EVERY_COMMITS === 0) reserve.fill();
			for (const listener of [...listeners]) listener();
			return result;
		},
		writeFault: () => fault,
		onCommit(listener) {
			listeners.add(listener);
			return () => listeners.delete(listener);
		},
		async close() {
			listeners.clear();
			// Kysely closes only what was used.
			await Promise.all([reading.destroy(), writing.destroy()]);
			for (const database of [reader, writer]) if (database.isOpen) database.close();
		},
	};
}

/** SQLite's primary result codes that speak of the disk or the file, not of what was asked. */
const STORE_FAULTS: ReadonlySet<number> = new Set([
	5, // busy
	8, // read-only
	10, // I/O error
	11, // corrupt
	13, // full
	14, // cannot open
	26, // no database
]);

function isStoreFault(error: unknown): boolean {
	const code = (error as { errcode?: number } | null)?.errcode;
	return code !== undefined && STORE_FAULTS.has(code & 0xff);
}

/** Tenants' health data lie here: the file, and a folder that is made for it, are for their owner alone. */
function preparePath(path: string): void {
	mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
	// Only a file that is not there yet: closing a descriptor would end this process's locks on an open database.
	if (!existsSync(path)) closeSync(openSync(path, "ax", 0o600));
	chmodSync(path, 0o600);
}

/** Looks before anything is written. */
function refuseStrangers(path: string): void {
	if (!existsSync(path) || statSync(path).size === 0) return;
	let applicationId: number;
	let version: number;
	let isEmpty: boolean;
	let damage: string;
	try {
		const database = new DatabaseSync(path, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
		try {
			applicationId = pragma(database, "application_id");
			version = pragma(database, "user_version");
			isEmpty = database.prepare("select 1 from sqlite_schema limit 1").get() === undefined;
			// Pages that point nowhere would otherwise be met in the middle of an incident.
			damage = String(Object.values(database.prepare("pragma quick_check(1)").get() ?? {})[0]);
		} finally {
			database.close();
		}
	} catch (error) {
		throw new ControlStoreRefused(
			`${path} cannot be read as a database (${(error as Error).message}): restore it from a backup, or choose another data folder`,
		);
	}
	// A crash before the first migration leaves an empty database without our mark.
	if (applicationId !== APPLICATION_ID && !isEmpty) {
		throw new ControlStoreRefused(`${path} belongs to another program: choose another data folder`);
	}
	if (damage !== "ok") {
		throw new ControlStoreRefused(`${path} is damaged (${damage.split("\n", 1)[0]}): restore it from a backup`);
	}
	if (version > CONTROL_MIGRATIONS.length) {
		throw new ControlStoreRefused(
			`${path} has schema ${version}, this version of Bellwether knows ${CONTROL_MIGRATIONS.length}: start the newer version, or restore a backup from before the upgrade`,
		);
	}
}

function migrate(database: DatabaseSync, clock: Clock): void {
	const version = pragma(database, "user_version");
	if (version === CONTROL_MIGRATIONS.length) return;
	database.exec("begin immediate");
	try {
		for (const step of CONTROL_MIGRATIONS.slice(version)) database.exec(step);
		database
			.prepare("insert into meta (key, value) values (?, ?) on conflict (key) do update set value = excluded.value")
			.run("schema_at", new Date(clock.now()).toISOString());
		database.exec(`pragma application_id = ${APPLICATION_ID}`);
		database.exec(`pragma user_version = ${CONTROL_MIGRATIONS.length}`);
		database.exec("commit");
	} catch (error) {
		if (database.isTransaction) database.exec("rollback");
		throw error;
	}
}

function pragma(database: DatabaseSync, name: "application_id" | "user_version"): number {
	return Number(database.prepare(`pragma ${name}`).get()?.[name]);
}
