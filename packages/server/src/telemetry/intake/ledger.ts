import { isOwnName } from "@bellwether/model";
import type { AccountingRow } from "../store/store.ts";
import type { Accounting, RejectReason } from "../types.ts";
import { MAX_ORIGINS, Origins } from "./origins.ts";
import { PROTOCOLS, REASON, REASONS } from "./reasons.ts";

export const COUNTED = 0;
export const DUPLICATE = 1;
/** + reason. */
export const REJECTED = 2;
const KEYS: readonly string[] = ["counted", "duplicate", ...REASONS];
const OVER_QUOTA = REJECTED + REASON.over_quota;
const NO_SLI = REJECTED + REASON.no_sli;
const NO_VALUE = REJECTED + REASON.no_value;

/** `at`: where the count is kept. */
export interface LedgerRow extends AccountingRow {
	readonly at: number;
}

/**
 * What became of every point, by tenant and origin (source and protocol). Received is not kept: it is the sum, so the books
 * always balance.
 */
export class Ledger {
	readonly origins = new Origins();
	/** Points by tenant since this ledger was made that its limit is charged with: those that were looked at one by one. */
	readonly received: Float64Array;
	/** Points that somebody should look into, since this ledger was made. */
	refused = 0;
	readonly #tenants: readonly string[];
	/** By origin, made when something of it comes. */
	readonly #unfolded: Float64Array[] = [];
	readonly #dirty = new Set<number>();
	#stored: readonly AccountingRow[];

	constructor(tenants: readonly string[], stored: readonly AccountingRow[]) {
		this.#tenants = tenants;
		this.#stored = stored;
		this.received = new Float64Array(tenants.length);
	}

	add(tenant: number, origin: number, key: number, count: number): void {
		if (count === 0) return;
		const counts = this.#unfolded[origin] ?? this.#open(origin);
		const at = tenant * KEYS.length + key;
		const before = counts[at] as number;
		if (before === 0) this.#dirty.add(at * MAX_ORIGINS + origin);
		counts[at] = before + count;
		if (key >= REJECTED && key !== NO_SLI && key !== NO_VALUE) this.refused += count;
		if (key !== OVER_QUOTA && key !== NO_SLI) this.received[tenant] = (this.received[tenant] as number) + count;
	}

	#open(origin: number): Float64Array {
		const counts = new Float64Array(this.#tenants.length * KEYS.length);
		this.#unfolded[origin] = counts;
		return counts;
	}

	/** What the store does not have yet. */
	unfolded(): LedgerRow[] {
		return [...this.#dirty].map((at) => this.#row(at));
	}

	/** `rows`, taken from `unfolded` earlier, are in the store now; what came meanwhile is still to be stored. */
	folded(rows: readonly LedgerRow[], stored: readonly AccountingRow[]): void {
		this.#stored = stored;
		for (const { at, count } of rows) {
			const origin = at % MAX_ORIGINS;
			const counts = this.#unfolded[origin] as Float64Array;
			const place = (at - origin) / MAX_ORIGINS;
			const rest = (counts[place] as number) - count;
			counts[place] = rest;
			if (rest === 0) this.#dirty.delete(at);
		}
	}

	/** Rows that another transaction has stored already. */
	addStored(rows: readonly AccountingRow[]): void {
		this.#stored = [...this.#stored, ...rows];
	}

	/** Without the system's checks of itself. */
	counted(): number {
		const isTold = ({ key, protocol, tenant }: AccountingRow) =>
			key === "counted" && protocol !== "import" && !isOwnName(tenant);
		return this.#all().reduce((sum, row) => (isTold(row) ? sum + row.count : sum), 0);
	}

	report(tenant: string | undefined, source?: string): Accounting[] {
		const byName = new Map<string, Book>();
		for (const row of this.#all()) {
			if (tenant !== undefined && row.tenant !== tenant) continue;
			if (source !== undefined && row.source !== source) continue;
			const name = `${row.tenant}\n${row.source}\n${row.protocol}`;
			const entry = byName.get(name) ?? { ...row, counts: new Map() };
			byName.set(name, entry);
			entry.counts.set(row.key, (entry.counts.get(row.key) ?? 0) + row.count);
		}
		return [...byName.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => accountingOf(entry));
	}

	#all(): AccountingRow[] {
		return [...this.#stored, ...this.unfolded()];
	}

	#row(at: number): LedgerRow {
		const origin = at % MAX_ORIGINS;
		const place = (at - origin) / MAX_ORIGINS;
		const key = place % KEYS.length;
		const { source, protocol } = this.origins.at(origin);
		return {
			at,
			tenant: this.#tenants[(place - key) / KEYS.length] as string,
			source,
			protocol: PROTOCOLS[protocol] as string,
			key: KEYS[key] as string,
			count: (this.#unfolded[origin] as Float64Array)[place] as number,
		};
	}
}

interface Book {
	readonly tenant: string;
	readonly source: string;
	readonly protocol: string;
	readonly counts: Map<string, number>;
}

function accountingOf(entry: Book): Accounting {
	const counted = entry.counts.get("counted") ?? 0;
	const duplicate = entry.counts.get("duplicate") ?? 0;
	const rejected: Partial<Record<RejectReason, number>> = {};
	let received = counted + duplicate;
	for (const reason of REASONS) {
		const count = entry.counts.get(reason);
		if (!count) continue;
		rejected[reason] = count;
		received += count;
	}
	const protocol = entry.protocol as Accounting["protocol"];
	return { tenant: entry.tenant, source: entry.source, protocol, received, counted, duplicate, rejected };
}
