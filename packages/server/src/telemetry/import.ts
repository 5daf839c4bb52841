import { hash } from "node:crypto";
import { BUCKET_MS, BUCKETS_PER_HOUR, Cells, HOUR_MS } from "./cells.ts";
import { FINE_KEPT_MS, HOURS_KEPT_MS } from "./history.ts";
import type { Selection } from "./selection.ts";
import type { AccountingRow } from "./store.ts";
import type { ImportOutcome, RejectReason } from "./types.ts";
import { Malformed } from "./wire.ts";

export interface ParsedImport {
	readonly outcome: ImportOutcome & { status: "accepted" };
	readonly cells: Cells;
	readonly rows: readonly AccountingRow[];
	/** Of the body: the same key must bring the same lines. */
	readonly digest: string;
}

/** Reads NDJSON lines `{tenant, slo, at, good, total}`. Throws Malformed at the first bad line: then none counts. */
export function importLines(
	body: Uint8Array,
	selection: Selection,
	limits: { readonly now: number; readonly futureMs: number },
): ParsedImport {
	const cells = new Cells();
	const counts = new Map<string, number>();
	const rejected: Partial<Record<RejectReason, number>> = {};
	const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("utf8");
	let lines = 0;
	let counted = 0;
	let number = 0;
	for (let from = 0; from < text.length; ) {
		const newline = text.indexOf("\n", from);
		const end = newline < 0 ? text.length : newline;
		const line = text.slice(from, end).trim();
		from = end + 1;
		number++;
		if (line === "") continue;
		lines++;
		const { tenant, slo, at, good, total } = parseLine(line, number);
		const index = selection.tenantIndex(tenant);
		const owner = selection.tenants[index] as string;
		const reason: RejectReason | undefined = !selection.hasSlo(slo)
			? "no_sli"
			: at < limits.now - HOURS_KEPT_MS
				? "too_old"
				: at > limits.now + limits.futureMs
					? "future"
					: undefined;
		const key = `${owner}\n${reason ?? "counted"}`;
		counts.set(key, (counts.get(key) ?? 0) + 1);
		if (reason) {
			rejected[reason] = (rejected[reason] ?? 0) + 1;
			continue;
		}
		counted++;
		// What is too old for 10 s data is kept by the hour: put it there at once.
		const bucket =
			at < limits.now - FINE_KEPT_MS ? Math.floor(at / HOUR_MS) * BUCKETS_PER_HOUR : Math.floor(at / BUCKET_MS);
		for (const pair of selection.pairsFed(index, slo)) {
			const cell = cells.entry(pair, bucket);
			cells.bad[cell] = (cells.bad[cell] as number) + total - good;
			cells.total[cell] = (cells.total[cell] as number) + total;
		}
	}
	const rows = [...counts].map(([key, count]) => {
		const [tenant, name] = key.split("\n") as [string, string];
		return { tenant, protocol: "import", key: name, count };
	});
	const message =
		counted === lines ? "" : `${lines - counted} of ${lines} lines were of no use: ${JSON.stringify(rejected)}`;
	const outcome = { status: "accepted", lines, counted, rejected, message } as const;
	return { outcome, cells, rows, digest: hash("sha256", body, "hex") };
}

interface ImportLine {
	readonly tenant: string;
	readonly slo: string;
	readonly at: number;
	readonly good: number;
	readonly total: number;
}

function parseLine(line: string, number: number): ImportLine {
	let value: unknown;
	try {
		value = JSON.parse(line);
	} catch {
		throw new Malformed(`line ${number} is not JSON: ${line.slice(0, 60)}`);
	}
	const { tenant, slo, at, good, total } = (typeof value === "object" && value !== null ? value : {}) as Record<
		string,
		unknown
	>;
	if (typeof tenant !== "string") throw new Malformed(`line ${number}: tenant must be text ("" for the fleet alone)`);
	if (typeof slo !== "string") throw new Malformed(`line ${number}: slo must be the name of an SLO`);
	if (!isCount(at)) throw new Malformed(`line ${number}: at must be milliseconds since the epoch`);
	if (!isCount(total)) throw new Malformed(`line ${number}: total must be a number, not negative`);
	if (!isCount(good) || good > total) throw new Malformed(`line ${number}: good must be a number from 0 to total`);
	return { tenant, slo, at, good, total };
}

function isCount(value: unknown): value is number {
	return typeof value === "number" && value >= 0 && value <= Number.MAX_SAFE_INTEGER;
}
