import { z } from "zod";

/** The records of `bellwether detect tenants`, checked. What cannot be used is an Error that names field, value and remedy. */

const name = z.string().min(1).max(1000);
const seconds = z.number().min(0).max(1e11);
const scope = z.record(z.string(), z.string());

const Meta = z.object({
	k: z.literal("meta"),
	tenants: z.array(z.object({ id: name, key: z.boolean(), tz_hours: z.number().min(-14).max(14).default(0) })).min(1),
	latency_bounds_ms: z.array(z.number().positive()).default([]),
	workloads: z.record(name, z.object({ dims: z.array(name), slis: z.array(z.string()) })),
});
const Tick = z.object({ k: z.literal("tick"), at: seconds });
const Change = z.object({
	k: z.literal("change"),
	at: seconds,
	id: name,
	kind: name,
	workload: name.optional(),
	scope: scope.default({}),
});
const Maintenance = z
	.object({ k: z.literal("maintenance"), tenant: name, workload: name.optional(), from: seconds, to: seconds })
	.refine(({ from, to }) => to > from, { path: ["to"], message: "write an instant later than from" });

export type Meta = z.infer<typeof Meta>;
export interface MinuteRecord {
	readonly k: "m";
	readonly t: number;
	readonly id: string;
	readonly tenant: string;
	readonly workload: string;
	readonly cells: readonly (readonly (string | number)[])[];
}
export type StreamRecord = MinuteRecord | z.infer<typeof Tick> | z.infer<typeof Change> | z.infer<typeof Maintenance>;

/** What a cell of a workload holds: so many attribute values, a total, bad events where they are counted, buckets. */
export interface CellShape {
	readonly attributes: number;
	readonly countsBad: boolean;
	/** 0: no latency is judged. */
	readonly buckets: number;
}

/** One line: the record, or the name of a kind that is not known and may be passed over. */
export function readRecord(line: string): Meta | StreamRecord | { readonly unknownKind: string } {
	let record: { readonly k?: unknown } | null;
	try {
		record = JSON.parse(line) as typeof record;
	} catch {
		throw new Error(`${shown(line)} is no JSON object; write one object per line`);
	}
	if (typeof record !== "object" || record === null || Array.isArray(record))
		throw new Error(`${shown(line)} is no JSON object; write one object per line`);
	switch (record.k) {
		case "m":
			return minuteOf(record as Partial<MinuteRecord>);
		case "meta":
			return checked(Meta, record);
		case "tick":
			return checked(Tick, record);
		case "change":
			return checked(Change, record);
		case "maintenance":
			return checked(Maintenance, record);
		default:
			if (typeof record.k !== "string")
				throw new Error(`k is ${shown(record.k)}; write "meta", "m", "tick", "change" or "maintenance"`);
			return { unknownKind: record.k };
	}
}

/** By hand: there are thousands of these for one of the others. */
function minuteOf(record: Partial<MinuteRecord>): MinuteRecord {
	const { t, id, tenant, workload, cells } = record;
	if (typeof t !== "number" || !(t >= 0 && t <= 1e11))
		throw new Error(`t is ${shown(t)}; write when the minute began, in seconds since 1970`);
	if (typeof id !== "string" || id === "") throw new Error(`id is ${shown(id)}; write the batch's own id`);
	if (typeof tenant !== "string" || tenant === "") throw new Error(`tenant is ${shown(tenant)}; write its id`);
	if (typeof workload !== "string") throw new Error(`workload is ${shown(workload)}; write its name`);
	if (!Array.isArray(cells)) throw new Error(`cells is ${shown(cells)}; write an array of arrays`);
	return record as MinuteRecord;
}

/** Throws where a cell has not its workload's shape or counts that cannot be. */
export function checkCell(cell: unknown, { attributes, countsBad, buckets }: CellShape): void {
	if (!Array.isArray(cell)) throw new Error(`a cell is ${shown(cell)}; write an array`);
	const counts = attributes + (countsBad ? 2 : 1);
	if (cell.length !== counts && !(buckets > 0 && cell.length === counts + buckets)) {
		const parts = `${attributes} attribute values, total${countsBad ? ", bad" : ""}`;
		const more = buckets > 0 ? `, and ${buckets} latency buckets or none` : "";
		throw new Error(`a cell has ${cell.length} fields: ${shown(cell)}; write ${parts}${more}`);
	}
	for (let k = 0; k < attributes; k++)
		if (typeof cell[k] !== "string")
			throw new Error(`an attribute value is ${shown(cell[k])} in the cell ${shown(cell)}; write a string`);
	for (let k = attributes; k < cell.length; k++)
		if (typeof cell[k] !== "number" || !(cell[k] >= 0 && cell[k] <= Number.MAX_SAFE_INTEGER))
			throw new Error(`a count is ${shown(cell[k])} in the cell ${shown(cell)}; write a number of events, 0 or more`);
	if (countsBad && cell[attributes + 1] > cell[attributes])
		throw new Error(
			`${cell[attributes + 1]} of ${cell[attributes]} events are bad in the cell ${shown(cell)}; write no more bad events than events`,
		);
}

function checked<T>(schema: z.ZodType<T>, record: unknown): T {
	const { data, error } = schema.safeParse(record);
	if (!error) return data;
	const [issue] = error.issues as [z.core.$ZodIssue];
	const value = issue.path.reduce<unknown>(
		(held, key) => (held as Record<PropertyKey, unknown> | undefined)?.[key],
		record,
	);
	throw new Error(`${issue.path.join(".") || "the record"} is ${shown(value)}; ${remedyOf(issue)}`);
}

function remedyOf(issue: z.core.$ZodIssue): string {
	if (issue.code === "too_big") return `write ${issue.maximum} at most`;
	if (issue.code === "too_small")
		return issue.inclusive === false
			? `write more than ${issue.minimum}`
			: `write ${issue.origin === "number" ? issue.minimum : "one"} at least`;
	if (issue.code === "invalid_type") return `write ${EXPECTED[issue.expected] ?? issue.expected}`;
	return issue.message;
}

const EXPECTED: Readonly<Record<string, string>> = {
	number: "a number",
	string: "a string",
	boolean: "true or false",
	array: "an array",
	object: "an object",
	record: "an object",
};

const MOST_SHOWN = 60;

function shown(value: unknown): string {
	if (value === undefined) return "missing";
	const text = typeof value === "string" ? value : JSON.stringify(value);
	return JSON.stringify(text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text);
}
