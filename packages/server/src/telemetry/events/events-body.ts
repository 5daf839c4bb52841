import { hash } from "node:crypto";
import { REASON, verdict } from "../intake/reasons.ts";
import { Malformed } from "../intake/wire.ts";
import { refuseCostly } from "../otlp/json.ts";
import { type Attribute, meetsThreshold } from "../selection/selection.ts";
import type { EventError, RejectReason } from "../types.ts";
import type { EventContext } from "./event-context.ts";
import { attributeValue, type EventBy, type EventFacts } from "./event-selection.ts";

/** Events that one entry may stand for. */
const MAX_COUNT = 1_000_000_000;
const MAX_ID_LENGTH = 200;
/** Each may need a sentence in the answer. */
const MAX_ENTRIES = 100_000;
const FIELDS: readonly string[] = ["tenant", "attributes", "slo", "name", "at", "good", "bad", "value", "count", "id"];

/** What is wrong with one entry of the body, by its place. */
export type EntryFaults = Map<number, Omit<EventError, "index">>;

/**
 * Reads a body of the Events API into the stage: a JSON array (or one object), or NDJSON. An entry that cannot be used is
 * staged with its reason, and what is wrong with it is told in `faults`; others count. Throws Malformed when the body as a
 * whole is none of these, or when entries without an id come without an Idempotency-Key.
 */
export function readEvents(
	context: EventContext,
	body: Uint8Array,
	isNdjson: boolean,
	idempotencyKey: string | undefined,
	faults: EntryFaults = new Map(),
): void {
	const { stage } = context;
	stage.begin((event) => `event ${event}`);
	entriesOf(body, isNdjson).forEach((entry, index) => {
		const unusable = readEntry(context, entry, index, idempotencyKey);
		if (!unusable) return;
		const { tenant, ...fault } = unusable;
		faults.set(index, fault);
		stage.reject(verdict(REASON[fault.reason], tenant));
	});
}

/** What stands for an entry that is no JSON. */
class NotJson {
	readonly message: string;
	constructor(line: string) {
		this.message = `${shown(line)} is not JSON`;
	}
}

function refuseMany(count: number): void {
	if (count > MAX_ENTRIES)
		throw new Malformed(`the request holds ${count} events, the limit is ${MAX_ENTRIES}: send smaller batches`);
}

function entriesOf(body: Uint8Array, isNdjson: boolean): unknown[] {
	const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
	if (isNdjson) return linesOf(bytes);
	refuseCostly(bytes);
	let parsed: unknown;
	try {
		parsed = JSON.parse(bytes.toString("utf8"));
	} catch (error) {
		throw new Malformed(`not JSON: ${(error as Error).message}; one object per line needs application/x-ndjson`);
	}
	const entries = Array.isArray(parsed) ? parsed : [parsed];
	refuseMany(entries.length);
	return entries;
}

function linesOf(bytes: Buffer): unknown[] {
	const entries: unknown[] = [];
	for (let from = 0; from < bytes.length; ) {
		// Millions of empty lines must not cost an object each.
		if (bytes[from] === 0x0a) {
			from++;
			continue;
		}
		const newline = bytes.indexOf(0x0a, from);
		const end = newline < 0 ? bytes.length : newline;
		const line = bytes.subarray(from, end);
		from = end + 1;
		const content = line.toString("utf8").trim();
		if (content === "") continue;
		try {
			refuseCostly(line);
			entries.push(JSON.parse(content));
		} catch {
			entries.push(new NotJson(content));
		}
		refuseMany(entries.length);
	}
	return entries;
}

/** Why an entry cannot count; `tenant`: whose it is. */
interface Unusable extends Omit<EventError, "index"> {
	readonly tenant: number;
}

function unusable(reason: RejectReason, message: string, remedy: string, tenant = 0): Unusable {
	return { reason, message, remedy, tenant };
}

type Entry = Readonly<Record<string, unknown>>;

/** Stages the entry, unless something is wrong with it. */
function readEntry(
	context: EventContext,
	given: unknown,
	index: number,
	idempotencyKey: string | undefined,
): Unusable | undefined {
	if (given instanceof NotJson) return unusable("invalid_value", given.message, "write one JSON object per line");
	if (typeof given !== "object" || given === null || Array.isArray(given))
		return unusable("invalid_value", `${shown(given)} is not an object`, 'write {"slo": …, "at": …, "good": true}');
	const entry = given as Entry;
	const stray = Object.keys(entry).find((key) => !FIELDS.includes(key));
	if (stray !== undefined)
		return unusable("invalid_value", `field ${shown(stray)} is unknown`, `write only ${FIELDS.join(", ")}`);
	const { id, count = 1 } = entry;
	if (id !== undefined && !(typeof id === "string" && id !== "" && id.length <= MAX_ID_LENGTH))
		return unusable("invalid_value", `id ${shown(id)} is not a text`, `write 1 to ${MAX_ID_LENGTH} characters`);
	if (id === undefined && idempotencyKey === undefined)
		throw new Malformed(
			`event ${index} has no id and the request no Idempotency-Key: give one of the two, so that a repeated request counts nothing twice`,
		);
	const attributes = attributesOf(entry.attributes);
	if (!attributes) {
		const message = `attributes ${shown(entry.attributes)} is not an object of texts, numbers and booleans`;
		return unusable("invalid_value", message, 'write {"tenant.id": "…"}');
	}
	const tenant = tenantOf(context, entry.tenant, attributes);
	if (tenant === undefined)
		return unusable("invalid_value", `tenant ${shown(entry.tenant)} is not a text`, "write a key tenant's name");
	// Where ids have conditions, two tenants of the attributes may hold for different times or workloads.
	if (tenant < 0 && (entry.tenant !== undefined || context.events.selection.register.isPlain))
		return unusable("tenant_conflict", "its tenant and attributes name two tenants", "correct them or the register");
	const at = instantOf(entry.at, context.now);
	if (at === undefined) {
		const remedy = "write milliseconds since the epoch, or 2026-01-31T12:00:00Z";
		return unusable("invalid_time", `at ${shown(entry.at)} is not an instant`, remedy, Math.max(0, tenant));
	}
	if (!(typeof count === "number" && Number.isInteger(count) && count >= 1 && count <= MAX_COUNT)) {
		const remedy = "correct it, or leave it out for one event";
		return unusable(
			"invalid_value",
			`count ${shown(count)} is not a whole number from 1 to ${MAX_COUNT}`,
			remedy,
			tenant,
		);
	}
	const by = { tenant, isNamed: entry.tenant !== undefined, time: Math.floor(at * 1000), lists: [attributes] };
	const code = codeOf(context, entry, by);
	if (typeof code !== "number") return code;
	if (code >= 0) context.note(by.lists);
	const { lo, hi } = identityOf(entry, index, idempotencyKey);
	context.stage.event(code, lo, hi, by.time, count, typeof entry.value === "number" ? entry.value : undefined);
	return undefined;
}

/** What the entry feeds: the SLO that it names, or those that select its name and attributes. */
function codeOf({ events }: EventContext, entry: Entry, by: EventBy): number | Unusable {
	const { slo, name, value } = entry;
	const wrong = (message: string, remedy = GOOD_REMEDY): Unusable =>
		unusable("invalid_value", message, remedy, Math.max(0, by.tenant));
	if (value !== undefined && !(typeof value === "number" && Number.isFinite(value)))
		return wrong(`value ${shown(value)} is not a number`, "write a finite number");
	const measure = typeof value === "number" ? value : Number.NaN;
	const isGood = goodness(entry);
	if (typeof isGood === "string") return wrong(isGood);
	if (slo === undefined) {
		if (typeof name !== "string" || name === "")
			return wrong(`name ${shown(name)} is not a text, and there is no slo`, "write one of the two");
		const good = isGood === undefined ? "" : String(isGood);
		const of = (asked: string): string => (asked === "event.good" ? good : attributeValue(asked, ...by.lists));
		return events.resolve(events.events.of(name), { name, measure, value: of } satisfies EventFacts, by);
	}
	if (name !== undefined) return wrong("it has both slo and name", "keep one of the two");
	const named = typeof slo === "string" ? events.slo(slo) : undefined;
	if (!named)
		return unusable("no_sli", `slo ${shown(slo)} is unknown`, "write the name of an SLO", Math.max(0, by.tenant));
	if (isGood !== undefined) return events.resolveNamed(named.index, !isGood, by);
	const { indicator } = named.slo;
	if (Number.isNaN(measure)) return wrong("neither good, bad nor value is given");
	if (indicator.kind !== "threshold")
		return wrong(`slo ${shown(slo)} has no threshold that value ${measure} could be compared with`);
	const isBad = !meetsThreshold(measure, indicator.op, indicator.value);
	return events.resolveNamed(named.index, isBad, by);
}

const GOOD_REMEDY = "write good: true or good: false";

/** An id is the client's own within tenant and SLO; without one it is the entry's place under the request's key. */
function identityOf(entry: Entry, index: number, idempotencyKey: string | undefined): { lo: number; hi: number } {
	const { id, slo = "", name = "" } = entry;
	const tenant = entry.tenant ?? Object.entries(entry.attributes ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
	const parts = id === undefined ? ["entry", idempotencyKey, index] : ["event", tenant, slo, name, id];
	const digest = hash("sha256", JSON.stringify(parts), "buffer");
	return { lo: digest.readInt32LE(0), hi: digest.readInt32LE(4) };
}

/** -1: tenant and attributes do not agree. 0: no key tenant. Undefined: `tenant` is no text. */
function tenantOf({ events }: EventContext, tenant: unknown, attributes: readonly Attribute[]): number | undefined {
	const byAttributes = events.selection.tenantOf(attributes);
	if (tenant === undefined) return byAttributes;
	if (typeof tenant !== "string") return undefined;
	const byName = events.selection.tenantIndex(tenant);
	if (byAttributes === 0 || byAttributes === byName) return byName;
	return -1;
}

/** Undefined: neither good nor bad is given; a text: what is wrong with them. */
function goodness({ good, bad }: Readonly<Record<string, unknown>>): boolean | undefined | string {
	if (good !== undefined && typeof good !== "boolean") return `good ${shown(good)} is neither true nor false`;
	if (bad !== undefined && typeof bad !== "boolean") return `bad ${shown(bad)} is neither true nor false`;
	if (good !== undefined && good === bad) return `good and bad are both ${String(good)}`;
	return good ?? (bad === undefined ? undefined : !bad);
}

/** Typed as OTLP's attributes are, so that conditions see the same. */
function attributesOf(value: unknown): Attribute[] | undefined {
	if (value === undefined) return [];
	if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
	const attributes: Attribute[] = [];
	for (const [name, each] of Object.entries(value)) {
		if (typeof each === "string") attributes.push([name, `s${each}`]);
		else if (typeof each === "number") attributes.push([name, `d${each}`]);
		else if (typeof each === "boolean") attributes.push([name, each ? "btrue" : "bfalse"]);
		else return undefined;
	}
	return attributes;
}

/** ms epoch; `now` when none is given. */
export function instantOf(value: unknown, now: number): number | undefined {
	if (value === undefined || value === null) return now;
	if (typeof value === "number") return Number.isFinite(value) && value > 0 && value < 8.64e15 ? value : undefined;
	// With its offset from UTC: a local time would mean another instant on another machine.
	if (typeof value !== "string" || !/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}.*(?:Z|[+-]\d{2}:?\d{2})$/.test(value))
		return undefined;
	const at = Date.parse(value);
	return Number.isNaN(at) ? undefined : at;
}

function shown(value: unknown): string {
	return String(JSON.stringify(value)).slice(0, 60);
}
