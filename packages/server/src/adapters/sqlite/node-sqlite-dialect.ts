import type { DatabaseSync, StatementSync } from "node:sqlite";
import {
	type CompiledQuery,
	type DatabaseConnection,
	type Dialect,
	type Driver,
	type QueryCompiler,
	type QueryResult,
	SqliteAdapter,
	SqliteIntrospector,
	SqliteQueryCompiler,
} from "kysely";

/** Prepared statements kept per connection. The product has far fewer distinct ones; lists of varying length are the rest. */
const MAX_STATEMENTS = 500;

/**
 * Kysely over the runtime's own SQLite. One connection; Kysely hands it to one user at a time, so transactions are
 * serialised. They begin `immediate`: a transaction that has begun cannot fail to become a writer half-way.
 */
export function nodeSqliteDialect(database: DatabaseSync): Dialect {
	return {
		createAdapter: () => new SqliteAdapter(),
		createDriver: () => new NodeSqliteDriver(database),
		createIntrospector: (db) => new SqliteIntrospector(db),
		createQueryCompiler: () => new SqliteQueryCompiler(),
	};
}

class NodeSqliteDriver implements Driver {
	readonly #database: DatabaseSync;
	readonly #connection: NodeSqliteConnection;
	constructor(database: DatabaseSync) {
		this.#database = database;
		this.#connection = new NodeSqliteConnection(database);
	}
	async init(): Promise<void> {}
	async acquireConnection(): Promise<DatabaseConnection> {
		return this.#connection;
	}
	async beginTransaction(): Promise<void> {
		this.#database.exec("begin immediate");
	}
	async commitTransaction(): Promise<void> {
		this.#database.exec("commit");
	}
	async rollbackTransaction(): Promise<void> {
		// After a full disk or an I/O error SQLite has rolled back by itself; saying so again would hide the cause.
		if (this.#database.isTransaction) this.#database.exec("rollback");
	}
	async savepoint(_: DatabaseConnection, name: string): Promise<void> {
		this.#database.exec(`savepoint ${quoted(name)}`);
	}
	async rollbackToSavepoint(_: DatabaseConnection, name: string): Promise<void> {
		this.#database.exec(`rollback to ${quoted(name)}`);
	}
	async releaseSavepoint(_: DatabaseConnection, name: string, _compile: QueryCompiler["compileQuery"]): Promise<void> {
		this.#database.exec(`release ${quoted(name)}`);
	}
	async releaseConnection(): Promise<void> {}
	async destroy(): Promise<void> {
		if (this.#database.isOpen) this.#database.close();
	}
}

class NodeSqliteConnection implements DatabaseConnection {
	readonly #database: DatabaseSync;
	readonly #statements = new Map<string, { readonly statement: StatementSync; readonly isReader: boolean }>();
	constructor(database: DatabaseSync) {
		this.#database = database;
	}

	async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
		const { statement, isReader } = this.#prepare(query.sql);
		const values = query.parameters.map(toSqlite);
		if (isReader) return { rows: statement.all(...values) as R[] };
		const { changes, lastInsertRowid } = statement.run(...values);
		return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) };
	}

	async *streamQuery<R>(query: CompiledQuery): AsyncIterableIterator<QueryResult<R>> {
		// Its own statement: a cached one could be run anew while this iteration is still under way.
		const statement = this.#database.prepare(query.sql);
		for (const row of statement.iterate(...query.parameters.map(toSqlite))) yield { rows: [row as R] };
	}

	#prepare(sql: string) {
		const known = this.#statements.get(sql);
		if (known) return known;
		const statement = this.#database.prepare(sql);
		const prepared = { statement, isReader: statement.columns().length > 0 };
		if (this.#statements.size >= MAX_STATEMENTS) this.#statements.delete(this.#statements.keys().next().value ?? "");
		this.#statements.set(sql, prepared);
		return prepared;
	}
}

function toSqlite(value: unknown): null | number | bigint | string | Uint8Array {
	if (typeof value === "boolean") return value ? 1 : 0;
	return value as null | number | bigint | string | Uint8Array;
}

function quoted(name: string): string {
	return `"${name.replaceAll('"', '""')}"`;
}
