import { PROTOCOLS, REASONS } from "./reasons.ts";
import type { AccountingRow } from "./store.ts";
import type { Accounting, RejectReason } from "./types.ts";

export const COUNTED = 0;
export const DUPLICATE = 1;
/** + reason. */
export const REJECTED = 2;
const KEYS: readonly string[] = ["counted", "duplicate", ...REASONS];

/** `at`: where the count is kept. */
export interface LedgerRow extends AccountingRow {
	readonly at: number;
}

/** What became of every point, by tenant and protocol. Received is not kept: it is the sum, so the books always balance. */
export class Ledger {
	readonly #tenants: readonly string[];
	readonly #unfolded: Float64Array;
	readonly #dirty = new Set<number>();
	#stored: readonly AccountingRow[];

	constructor(tenants: readonly string[], stored: readonly AccountingRow[]) {
		this.#tenants = tenants;
		this.#stored = stored;
		this.#unfolded = new Float64Array(tenants.length * PROTOCOLS.length * KEYS.length);
	}

	add(tenant: number, protocol: number, key: number, count: number): void {
		const at = (tenant * PROTOCOLS.length + protocol) * KEYS.length + key;
		if (count === 0) return;
		const before = this.#unfolded[at] as number;
		if (before === 0) this.#dirty.add(at);
		this.#unfolded[at] = before + count;
	}

	/** What the store does not have yet. */
	unfolded(): LedgerRow[] {
		return [...this.#dirty].map((at) => this.#row(at));
	}

	/** `rows`, taken from `unfolded` earlier, are in the store now; what came meanwhile is still to be stored. */
	folded(rows: readonly LedgerRow[], stored: readonly AccountingRow[]): void {
		this.#stored = stored;
		for (const { at, count } of rows) {
			const rest = (this.#unfolded[at] as number) - count;
			this.#unfolded[at] = rest;
			if (rest === 0) this.#dirty.delete(at);
		}
	}

	/** Rows that another transaction has stored already. */
	addStored(rows: readonly AccountingRow[]): void {
		this.#stored = [...this.#stored, ...rows];
	}

	counted(): number {
		return this.#all().reduce(
			(sum, row) => (row.key === "counted" && row.protocol !== "import" ? sum + row.count : sum),
			0,
		);
	}

	report(tenant: string | undefined): Accounting[] {
		const byName = new Map<string, { tenant: string; protocol: string; counts: Map<string, number> }>();
		for (const row of this.#all()) {
			if (tenant !== undefined && row.tenant !== tenant) continue;
			const name = `${row.tenant}\n${row.protocol}`;
			const entry = byName.get(name) ?? { tenant: row.tenant, protocol: row.protocol, counts: new Map() };
			byName.set(name, entry);
			entry.counts.set(row.key, (entry.counts.get(row.key) ?? 0) + row.count);
		}
		return [...byName.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => accountingOf(entry));
	}

	#all(): AccountingRow[] {
		return [...this.#stored, ...this.unfolded()];
	}

	#row(at: number): LedgerRow {
		const key = at % KEYS.length;
		const owner = (at - key) / KEYS.length;
		const protocol = owner % PROTOCOLS.length;
		return {
			at,
			tenant: this.#tenants[(owner - protocol) / PROTOCOLS.length] as string,
			protocol: PROTOCOLS[protocol] as string,
			key: KEYS[key] as string,
			count: this.#unfolded[at] as number,
		};
	}
}

function accountingOf(entry: { tenant: string; protocol: string; counts: Map<string, number> }): Accounting {
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
	return { tenant: entry.tenant, protocol, received, counted, duplicate, rejected };
}
