import { instantOf } from "../events/events-body.ts";
import { Malformed } from "../intake/wire.ts";

/** Counts of one instant, as an import brings them. */
export interface ImportRow {
	/** "" for the fleet alone. */
	readonly tenant: string;
	readonly slo: string;
	/** ms epoch. */
	readonly at: number;
	readonly good: number;
	readonly total: number;
}

/** Fields of a row, which are also the columns of a CSV file. */
export const IMPORT_FIELDS = ["tenant", "slo", "at", "good", "bad", "total"] as const;

/**
 * A row from what a line holds; numbers and true or false may be text, as CSV has them. Of `good`, `bad` and `total` two
 * are enough; `good` or `bad` as true or false is one event. Throws Malformed, which names the line.
 */
export function importRow(fields: Readonly<Record<string, unknown>>, line: number): ImportRow {
	const { tenant, slo } = fields;
	const wrong = (message: string): Malformed => new Malformed(`line ${line}: ${message}`);
	if (typeof tenant !== "string") throw wrong(`tenant must be text ("" for the fleet alone), not ${shown(tenant)}`);
	if (typeof slo !== "string" || slo === "") throw wrong(`slo must be the name of an SLO, not ${shown(slo)}`);
	const written = numberOf(fields.at) ?? fields.at;
	const at = written === undefined || written === "" ? undefined : instantOf(written, Number.NaN);
	if (at === undefined)
		throw wrong(
			`at must be milliseconds since the epoch, or an instant such as 2026-01-31T12:00:00Z, not ${shown(fields.at)}`,
		);
	const [total, good, bad] = (["total", "good", "bad"] as const).map((name) => {
		const value = fields[name];
		if (value === undefined || value === "") return undefined;
		const is = truthOf(value);
		if (is !== undefined) return is;
		const count = numberOf(value);
		if (count === undefined || count < 0 || count > Number.MAX_SAFE_INTEGER)
			throw wrong(
				`${name} must be a number that is not negative${name === "total" ? "" : ", true or false"}, not ${shown(value)}`,
			);
		return count;
	});
	return { tenant, slo, at: Math.floor(at), ...countsOf(good, bad, total, wrong) };
}

type Given = number | boolean | undefined;

function countsOf(
	good: Given,
	bad: Given,
	total: Given,
	wrong: (message: string) => Malformed,
): { good: number; total: number } {
	if (typeof total === "boolean") throw wrong("total must be a number");
	if (typeof good === "boolean" || typeof bad === "boolean") {
		if (good !== undefined && bad !== undefined)
			throw wrong("good and bad are both given, one of them as true or false");
		const isGood = typeof good === "boolean" ? good : !bad;
		const events = total ?? 1;
		return { good: isGood ? events : 0, total: events };
	}
	const all = total ?? (good !== undefined && bad !== undefined ? good + bad : undefined);
	if (all === undefined) throw wrong("two of good, bad and total must be given");
	const isGood = good ?? (bad === undefined ? undefined : all - bad);
	if (isGood === undefined) throw wrong("good or bad must be given beside total");
	if (isGood < 0 || isGood > all) throw wrong(`good must be from 0 to total, ${isGood} of ${all} is not`);
	if (bad !== undefined && isGood + bad !== all) throw wrong(`good ${isGood} and bad ${bad} are not total ${all}`);
	return { good: isGood, total: all };
}

function numberOf(value: unknown): number | undefined {
	if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
	if (typeof value !== "string" || !/^\s*-?\d+(?:\.\d+)?\s*$/.test(value)) return undefined;
	return Number(value);
}

function truthOf(value: unknown): boolean | undefined {
	if (typeof value === "boolean") return value;
	if (typeof value !== "string") return undefined;
	const text = value.trim().toLowerCase();
	return text === "true" ? true : text === "false" ? false : undefined;
}

function shown(value: unknown): string {
	return String(JSON.stringify(value)).slice(0, 60);
}
