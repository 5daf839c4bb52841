import { ByteReader, ByteWriter } from "../core/bytes.ts";
import { BUCKET_MS, Cells } from "../counting/cells.ts";
import type { Selection } from "../selection/selection.ts";
import { FLEET, type RejectReason } from "../types.ts";
import type { PullRange } from "./pull-engine.ts";
import { readCountRows } from "./rows.ts";

/** What one source gave for one bucket: tenant name → counts; "" is everybody who is no key tenant, as one. */
export type BucketCounts = ReadonlyMap<string, Counts>;
interface Counts {
	readonly bad: number;
	readonly total: number;
}

export interface CountsInput extends PullRange {
	readonly slo: string;
	readonly tenantAttribute: string;
	readonly body: Uint8Array;
	/** Buckets before this were given up for replacing. */
	readonly replaceableFrom: number;
	/** What the source gave before, by start of bucket. */
	readonly known: ReadonlyMap<number, BucketCounts>;
	/** Whether a threshold SLO calls the value good; undefined: not a threshold SLO. */
	readonly isGood: ((value: number) => boolean) | undefined;
}

export interface CountsResult {
	/** Differences to what the source gave before. */
	readonly cells: Cells;
	/** Buckets whose remembered counts change. */
	readonly changed: ReadonlyMap<number, BucketCounts>;
	/** Tenant name → what became of its rows. */
	readonly accounts: ReadonlyMap<string, Accounts>;
	/** (tenant, bucket) that had a count and now have another. */
	readonly revised: number;
	/** (tenant, bucket) that had a count and are not in this answer: the count stays. */
	readonly vanished: number;
	readonly firstVanished: { readonly tenant: string; readonly at: number } | undefined;
}
export type Accounts = { counted: number; duplicate: number } & Partial<Record<RejectReason, number>>;

/**
 * Replaces what a source gave earlier: the difference is counted, so the same range may be asked for again and again. A count
 * that is not in a later answer stays as it was: a missing row is not a zero.
 */
export function replaceCounts(selection: Selection, input: CountsInput): CountsResult {
	const { slo, known, from, to } = input;
	const accounts = new Map<string, Accounts>();
	const accountOf = (tenant: string): Accounts => {
		const account = accounts.get(tenant) ?? { counted: 0, duplicate: 0 };
		accounts.set(tenant, account);
		return account;
	};
	const fresh = gather(selection, input, accountOf);
	const cells = new Cells();
	const changed = new Map<number, BucketCounts>();
	let revised = 0;
	let vanished = 0;
	let firstVanished: CountsResult["firstVanished"];
	const buckets = new Set([...fresh.keys(), ...[...known.keys()].filter((at) => at >= from && at < to)]);
	for (const at of buckets) {
		const before = underPresentRegister(selection, known.get(at));
		const now = fresh.get(at) ?? new Map<string, Counts & { rows: number }>();
		const after = new Map(before);
		let isChanged = false;
		for (const [tenant, { bad, total, rows }] of now) {
			const old = before.get(tenant);
			if (old && old.bad === bad && old.total === total) {
				accountOf(tenant).duplicate += rows;
				continue;
			}
			accountOf(tenant).counted += rows;
			isChanged = true;
			after.set(tenant, { bad, total });
			if (old) revised++;
			const difference = { bad: bad - (old?.bad ?? 0), total: total - (old?.total ?? 0) };
			addCells(cells, selection.pairsFed(selection.tenantIndex(tenant), slo), at, difference, old !== undefined);
		}
		for (const tenant of before.keys()) {
			if (now.has(tenant)) continue;
			vanished++;
			firstVanished ??= { tenant, at };
		}
		if (isChanged) changed.set(at, after);
	}
	return { cells, changed, accounts, revised, vanished, firstVanished };
}

/** Rows by bucket and tenant: several values of one tenant add up. */
function gather(
	selection: Selection,
	{ body, slo, tenantAttribute, from, to, stepMs, replaceableFrom, isGood }: CountsInput,
	accountOf: (tenant: string) => Accounts,
): Map<number, Map<string, Counts & { rows: number }>> {
	const fresh = new Map<number, Map<string, Counts & { rows: number }>>();
	for (const row of readCountRows(body)) {
		const at = Math.floor(row.at / stepMs) * stepMs;
		const owner = ownerOf(selection, at, slo, tenantAttribute, row.tenant);
		let { bad, total } = row;
		if (row.isValue) {
			total = Number.isFinite(bad) ? 1 : Number.NaN;
			bad = isGood?.(bad) ? 0 : 1;
		}
		const reason = rejectReason(at, bad, total, Math.max(from, replaceableFrom), to);
		if (reason) {
			const account = accountOf(owner);
			account[reason] = (account[reason] ?? 0) + 1;
			continue;
		}
		const bucket = fresh.get(at) ?? new Map<string, Counts & { rows: number }>();
		fresh.set(at, bucket);
		const sum = bucket.get(owner) ?? { bad: 0, total: 0, rows: 0 };
		bucket.set(owner, { bad: sum.bad + bad, total: sum.total + total, rows: sum.rows + 1 });
	}
	return fresh;
}

function rejectReason(at: number, bad: number, total: number, from: number, to: number): RejectReason | undefined {
	if (Number.isNaN(at)) return "invalid_time";
	if (at < from) return "too_old";
	if (at >= to) return "future";
	if (!(total >= 0 && total <= Number.MAX_SAFE_INTEGER && bad >= 0 && bad <= total)) return "invalid_value";
	return undefined;
}

function ownerOf(selection: Selection, at: number, slo: string, attribute: string, value: string): string {
	if (value === "" || Number.isNaN(at)) return FLEET;
	return selection.tenants[Math.max(0, selection.tenantAt(at, slo, [[attribute, `s${value}`]]))] as string;
}

/** A tenant that left the register belongs to "" from then on, with what was counted for it. */
function underPresentRegister(selection: Selection, counts: BucketCounts | undefined): Map<string, Counts> {
	const present = new Map<string, Counts>();
	for (const [name, { bad, total }] of counts ?? []) {
		const tenant = selection.tenants[selection.tenantIndex(name)] as string;
		const sum = present.get(tenant);
		present.set(tenant, { bad: bad + (sum?.bad ?? 0), total: total + (sum?.total ?? 0) });
	}
	return present;
}

function addCells(cells: Cells, pairs: readonly number[], at: number, by: Counts, isRevision: boolean): void {
	for (const pair of pairs) {
		const cell = cells.entry(pair, Math.floor(at / BUCKET_MS));
		cells.bad[cell] = (cells.bad[cell] as number) + by.bad;
		cells.total[cell] = (cells.total[cell] as number) + by.total;
		if (!isRevision) continue;
		cells.late[cell] = (cells.late[cell] as number) + 1;
		cells.revision[cell] = 1;
	}
}

export function packCounts(counts: BucketCounts): Uint8Array {
	const out = new ByteWriter();
	for (const [tenant, { bad, total }] of counts) {
		out.text(tenant);
		out.double(bad);
		out.double(total);
	}
	return out.take();
}

export function unpackCounts(packed: Uint8Array): BucketCounts {
	const from = new ByteReader(packed);
	const counts = new Map<string, Counts>();
	while (!from.atEnd) counts.set(from.text(), { bad: from.double(), total: from.double() });
	return counts;
}
