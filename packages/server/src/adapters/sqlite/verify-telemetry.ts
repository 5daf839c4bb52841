import { DatabaseSync } from "node:sqlite";
import { packedLatencies, packedTotals, type RollUp, type RollUpKind, type SketchKind, TIER_SPANS } from "#telemetry";
import { damagedLeaves } from "./leaf-tables.ts";
import { unseal } from "./sealed-blob.ts";
import { placeOf, SKETCH_TABLES, TABLES } from "./telemetry-store.ts";

/** Something that is not as it should be, in words for the operator. */
export type VerifyFinding = string;

export interface TelemetryVerdict {
	readonly findings: VerifyFinding[];
	readonly rows: Readonly<Record<string, number>>;
}

const HOUR_MS = 3_600_000;
const TOLD_EVERY = 256;

/**
 * Reads the whole telemetry file: its pages, every checksum, and whether the hours hold exactly what the finer tiers hold,
 * so that nothing was lost or doubled on the way from one to the next. The file may be in use; it is read as of one moment.
 */
export function verifyTelemetry(
	path: string,
	onProgress?: (doneRatio: number, rows: number) => void,
): TelemetryVerdict {
	const findings: string[] = [];
	const rows: Record<string, number> = {};
	const db = new DatabaseSync(path, { readOnly: true, timeout: 5_000 });
	let [read, all] = [0, 0];
	const step = () => {
		if (++read % TOLD_EVERY === 0) onProgress?.(read / Math.max(read, all), read);
	};
	try {
		db.exec("begin");
		for (const table of [...Object.values(TABLES), ...Object.values(SKETCH_TABLES), "journal", "pages"])
			all += Number(db.prepare(`select count(*) as count from ${table}`).get()?.count ?? 0);
		for (const row of db.prepare("pragma integrity_check(20)").all()) {
			const text = String(Object.values(row)[0]);
			if (text !== "ok") findings.push(`telemetry.db: ${text.split("\n", 1)[0]}`);
		}
		const names = new Map<number, string>();
		for (const row of db.prepare("select id, tenant, slo from pairs").iterate())
			names.set(Number(row.id), `${row.tenant === "" ? "the fleet" : row.tenant}, ${row.slo}`);
		const damaged = (kind: RollUpKind, pair: number, block: number, why: string) => {
			const { blockMs } = TIER_SPANS[tierOf(kind)];
			const at = (time: number) => new Date(time).toISOString().slice(0, 16).replace("T", " ");
			findings.push(
				`roll-ups ${kind} of ${names.get(pair) ?? `pair ${pair}`} from ${at(block * blockMs)} to ${at((block + 1) * blockMs)} UTC ${why}`,
			);
		};
		for (const row of db.prepare("select kind, key from damaged").all()) {
			const { pair, block } = placeOf(Number(row.key));
			const leaves = damagedLeaves(String(row.kind), Number(row.key));
			if (!leaves) damaged(row.kind as RollUpKind, pair, block, "were found damaged earlier and are left out");
			else if (leaves.kind === "batch")
				findings.push(
					`telemetry.db: batch of counts by attribute ${leaves.seq} was found damaged earlier and is left out`,
				);
			else {
				const whose = names.get(leaves.pair) ?? `pair ${leaves.pair}`;
				findings.push(`counts by attribute (${leaves.kind}) of ${whose} were found damaged earlier and are left out`);
			}
		}
		const sums = new HourSums();
		for (const kind of Object.keys(TABLES) as RollUp[]) {
			rows[kind] = 0;
			for (const row of db.prepare(`select key, data from ${TABLES[kind]} order by key`).iterate()) {
				const { pair, block } = placeOf(Number(row.key));
				rows[kind]++;
				step();
				const packed = unseal(row.data as Uint8Array);
				if (!packed) {
					damaged(kind, pair, block, "are damaged");
					sums.unknown(kind, pair, block);
					continue;
				}
				for (const { at, bad, total } of packedTotals(kind, block, packed)) sums.add(kind, pair, at, bad, total);
			}
		}
		for (const kind of Object.keys(SKETCH_TABLES) as SketchKind[]) {
			const tier = tierOf(kind);
			rows[kind] = 0;
			for (const row of db.prepare(`select key, data from ${SKETCH_TABLES[kind]} order by key`).iterate()) {
				const { pair, block } = placeOf(Number(row.key));
				rows[kind]++;
				step();
				const packed = unseal(row.data as Uint8Array);
				if (!packed) damaged(kind, pair, block, "are damaged");
				else for (const { at, count } of packedLatencies(tier, block, packed)) sums.addLatencies(pair, at, count);
			}
		}
		findings.push(...sums.differences((pair) => names.get(pair) ?? `pair ${pair}`));
		for (const [table, what] of [
			["journal", "journal row"],
			["pages", "page of stream states"],
			["leaf_batches", "batch of counts by attribute"],
			["leaves_1m", "row of counts by attribute"],
			["leaves_1h", "row of counts by attribute"],
		] as const) {
			rows[table] = 0;
			for (const row of db.prepare(`select rowid as id, data from ${table}`).iterate()) {
				rows[table]++;
				step();
				if (!unseal(row.data as Uint8Array)) findings.push(`telemetry.db: ${what} ${row.id} is damaged`);
			}
		}
		for (const row of db
			.prepare("select tenant, protocol, key, count from accounting where count < 0 or count != round(count)")
			.all())
			findings.push(
				`telemetry.db: the account of ${row.tenant || "the fleet"}, ${row.protocol}, ${row.key} is ${row.count}`,
			);
	} finally {
		db.close();
	}
	return { findings, rows };
}

function tierOf(kind: RollUpKind): RollUp {
	return kind.replace("latency-", "") as RollUp;
}

/** Per pair and hour: what the finer tiers hold, against the hours. */
class HourSums {
	readonly #sums = new Map<
		string,
		{ fine: number; fineBad: number; hours: number; hoursBad: number; latencies: number; isKnown: boolean }
	>();

	add(kind: RollUp, pair: number, at: number, bad: number, total: number): void {
		const sum = this.#at(pair, Math.floor(at / HOUR_MS));
		// A bucket of ten minutes or less lies within one hour.
		if (kind === "hours") {
			sum.hours += total;
			sum.hoursBad += bad;
		} else {
			sum.fine += total;
			sum.fineBad += bad;
		}
	}

	/** Events of this instant whose latency is known. */
	addLatencies(pair: number, at: number, count: number): void {
		this.#at(pair, Math.floor(at / HOUR_MS)).latencies += count;
	}

	unknown(kind: RollUp, pair: number, block: number): void {
		const { blockMs } = TIER_SPANS[kind];
		for (let at = block * blockMs; at < (block + 1) * blockMs; at += HOUR_MS)
			this.#at(pair, Math.floor(at / HOUR_MS)).isKnown = false;
	}

	/** Hours whose finer counts are gone by age have none of them: only where both are there can they differ. */
	differences(nameOf: (pair: number) => string): string[] {
		const found: string[] = [];
		for (const [key, { fine, fineBad, hours, hoursBad, latencies, isKnown }] of this.#sums) {
			if (!isKnown) continue;
			const [pair, hour] = key.split(" ").map(Number) as [number, number];
			const at = new Date(hour * HOUR_MS).toISOString();
			if (latencies > hours && !isNear(latencies, hours))
				found.push(
					`latencies of ${nameOf(pair)} in the hour of ${at}: there are ${latencies}, and ${hours} events to have them`,
				);
			if (fine === 0 && fineBad === 0) continue;
			if (isNear(fine, hours) && isNear(fineBad, hoursBad)) continue;
			found.push(
				`roll-ups of ${nameOf(pair)} in the hour of ${at}: the finer tiers hold ${fineBad} of ${fine}, the hours ${hoursBad} of ${hours}`,
			);
		}
		return found.slice(0, 100);
	}

	#at(pair: number, hour: number) {
		const key = `${pair} ${hour}`;
		let sum = this.#sums.get(key);
		if (!sum) {
			sum = { fine: 0, fineBad: 0, hours: 0, hoursBad: 0, latencies: 0, isKnown: true };
			this.#sums.set(key, sum);
		}
		return sum;
	}
}

/** Counts are whole and exact; fractions were added in another order. */
function isNear(a: number, b: number): boolean {
	return a === b || Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b));
}
