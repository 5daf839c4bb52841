import { hash } from "node:crypto";
import { BUCKET_MS, BUCKETS_PER_HOUR, Cells, HOUR_MS } from "../counting/cells.ts";
import { FINE_KEPT_MS, HOURS_KEPT_MS } from "../history/history.ts";
import { Malformed, TooLarge } from "../intake/wire.ts";
import type { Selection } from "../selection/selection.ts";
import type { AccountingRow } from "../store/store.ts";
import type { ImportOutcome, RejectReason } from "../types.ts";
import { type ImportFormat, importRows } from "./import-lines.ts";

export interface ParsedImport {
	readonly outcome: ImportOutcome & { status: "accepted" };
	readonly cells: Cells;
	readonly rows: readonly AccountingRow[];
	/** Of the body: the same key must bring the same lines. */
	readonly digest: string;
}

export interface ImportLimits {
	/** ms epoch. */
	readonly now: number;
	readonly futureMs: number;
	readonly format?: ImportFormat;
}

/** `importLines`, with what is wrong with the body as the answer to it. */
export function parseImport(
	body: Uint8Array,
	selection: Selection,
	limits: ImportLimits & { readonly maxBodyBytes: number },
): ParsedImport | Exclude<ImportOutcome, { status: "accepted" }> {
	if (body.byteLength > limits.maxBodyBytes) {
		const message = `the import is ${body.byteLength} bytes, the limit telemetry.maxBodyBytes is ${limits.maxBodyBytes}: send it in parts, each with a key of its own`;
		return { status: "too-large", message };
	}
	try {
		return importLines(body, selection, limits);
	} catch (error) {
		if (error instanceof Malformed) return { status: "malformed", message: error.message };
		if (error instanceof TooLarge) return { status: "too-large", message: error.message };
		throw error;
	}
}

/** What a key is answered that was used before: the same for the same lines, else that it is taken. */
export function repeatedImport(
	key: string,
	known: { readonly digest: string; readonly answer: string },
	{ digest }: ParsedImport,
): ImportOutcome {
	if (known.digest === digest) return JSON.parse(known.answer) as ImportOutcome;
	return { status: "key-conflict", message: `the key ${JSON.stringify(key)} was used for other lines: take a new one` };
}

/** Reads NDJSON lines `{tenant, slo, at, good, total}`, or CSV with these columns. Throws Malformed at the first bad line: then none counts. */
export function importLines(body: Uint8Array, selection: Selection, limits: ImportLimits): ParsedImport {
	const cells = new Cells();
	const counts = new Map<string, number>();
	const rejected: Partial<Record<RejectReason, number>> = {};
	let lines = 0;
	let counted = 0;
	for (const { tenant, slo, at, good, total } of importRows(body, limits.format ?? "ndjson")) {
		lines++;
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
		return { tenant, source: "import", protocol: "import", key: name, count };
	});
	const message =
		counted === lines ? "" : `${lines - counted} of ${lines} lines were of no use: ${JSON.stringify(rejected)}`;
	const outcome = { status: "accepted", lines, counted, rejected, message } as const;
	return { outcome, cells, rows, digest: hash("sha256", body, "hex") };
}
