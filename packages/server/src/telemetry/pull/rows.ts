import type { PullQuery } from "#catalogue";
import { ByteReader, ByteWriter } from "../core/bytes.ts";
import { type PulledRow, PullFailure } from "./pull-engine.ts";

/** One (tenant value, time) of an answer. NaN: the engine gave no usable number or time. */
export interface CountRow {
	readonly tenant: string;
	readonly at: number;
	readonly bad: number;
	readonly total: number;
}

/**
 * Rows of an answer as counts in few bytes, which move between threads without copying. `value`: the rows carry a value that a
 * threshold SLO judges; it stands in `bad`.
 */
export class CountRows {
	readonly #query: PullQuery;
	readonly #stepMs: number;
	readonly #fallbackAt: number;
	readonly #tenants = new Map<string, number>();
	readonly #names = new ByteWriter();
	readonly #rows = new ByteWriter();
	/** Events by tenant and bucket, when each row is one event. */
	readonly #events = new Map<string, { tenant: string; at: number; bad: number; total: number }>();
	#count = 0;
	/** Rows that came, events included. */
	received = 0;

	/** `fallbackAt`: time of rows without one (a state as it is now). */
	constructor(query: PullQuery, stepMs: number, fallbackAt: number) {
		this.#query = query;
		this.#stepMs = stepMs;
		this.#fallbackAt = fallbackAt;
	}

	/** Throws PullFailure when the answer's columns are not those that the query names. */
	add(row: PulledRow): void {
		const { columns, goodWhen } = this.#query;
		if (this.received++ === 0) this.#checkColumns(row);
		const tenant = textOf(fieldOf(row, columns.tenant));
		const written = fieldOf(row, columns.time);
		const at = written === undefined ? this.#fallbackAt : timeOf(written);
		if (goodWhen) {
			const isGood = Object.entries(goodWhen).every(([name, values]) => values.includes(textOf(fieldOf(row, name))));
			const bucket = Math.floor(at / this.#stepMs) * this.#stepMs;
			const key = `${bucket} ${tenant}`;
			const event = this.#events.get(key) ?? { tenant, at: bucket, bad: 0, total: 0 };
			this.#events.set(key, event);
			event.total++;
			if (!isGood) event.bad++;
			return;
		}
		if (columns.value !== undefined) {
			this.#put(tenant, at, numberOf(fieldOf(row, columns.value)), 0);
			return;
		}
		const total = numberOf(fieldOf(row, columns.total as string));
		const part = numberOf(fieldOf(row, (columns.good ?? columns.bad) as string));
		this.#put(tenant, at, columns.bad === undefined ? total - part : part, total);
	}

	take(): Uint8Array {
		for (const { tenant, at, bad, total } of this.#events.values()) this.#put(tenant, at, bad, total);
		this.#events.clear();
		const out = new ByteWriter();
		out.byte(this.#query.columns.value === undefined ? 0 : 1);
		out.varint(this.#tenants.size);
		out.append(this.#names);
		out.varint(this.#count);
		out.append(this.#rows);
		return out.take();
	}

	#put(tenant: string, at: number, bad: number, total: number): void {
		let index = this.#tenants.get(tenant);
		if (index === undefined) {
			index = this.#tenants.size;
			this.#tenants.set(tenant, index);
			this.#names.text(tenant);
		}
		this.#count++;
		this.#rows.varint(index);
		this.#rows.double(at);
		this.#rows.double(bad);
		this.#rows.double(total);
	}

	#checkColumns(row: PulledRow): void {
		const { columns, goodWhen } = this.#query;
		const wanted = [
			columns.tenant,
			columns.good,
			columns.bad,
			columns.total,
			columns.value,
			...Object.keys(goodWhen ?? {}),
		];
		for (const name of wanted) {
			if (name === undefined || fieldOf(row, name) !== undefined) continue;
			const given = Object.keys(row).slice(0, 20).join(", ");
			throw new PullFailure(
				"malformed",
				`the answer has no column ${JSON.stringify(name)}; it has ${given || "none"}`,
				"name the query's own columns in columns of the source, or rename them in the query",
			);
		}
	}
}

export function* readCountRows(body: Uint8Array): Generator<CountRow & { readonly isValue: boolean }> {
	const from = new ByteReader(body);
	const isValue = from.byte() === 1;
	const tenants = Array.from({ length: from.varint() }, () => from.text());
	for (let left = from.varint(); left > 0; left--) {
		const tenant = tenants[from.varint()] as string;
		yield { isValue, tenant, at: from.double(), bad: from.double(), total: from.double() };
	}
}

/** The column of this name, else the field that its dots lead to. */
function fieldOf(row: PulledRow, name: string): unknown {
	if (Object.hasOwn(row, name)) return row[name] ?? null;
	let value: unknown = row;
	for (const step of name.split(".")) {
		if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) return undefined;
		value = (value as PulledRow)[step];
	}
	return value ?? null;
}

function textOf(value: unknown): string {
	return typeof value === "string" ? value : value == null || typeof value === "object" ? "" : String(value);
}

function numberOf(value: unknown): number {
	if (typeof value === "number") return value;
	if (typeof value === "bigint") return Number(value);
	if (typeof value === "string" && /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(value)) return Number(value);
	return Number.NaN;
}

/** Seconds below this, milliseconds from it on: 1e11 s is the year 5138. */
const LARGEST_SECONDS = 1e11;

/** Dates, seconds or milliseconds, and texts; a text without a zone is UTC. */
function timeOf(value: unknown): number {
	if (value instanceof Date) return value.getTime();
	if (typeof value === "number") return Math.abs(value) < LARGEST_SECONDS ? value * 1000 : value;
	if (typeof value !== "string") return Number.NaN;
	const plain = /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)$/.exec(value);
	return Date.parse(plain ? `${plain[1]}T${plain[2]}Z` : value);
}
