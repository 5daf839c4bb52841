import type { SeriesDirection, SeriesKind, SeriesOptions } from "#detection";

/** The lines of `bellwether detect series`: a header, then one sample a line. What cannot be read is a `LineFault`. */
export interface LineFault {
	/** What is wrong and how it should look, without the line's number. */
	readonly fault: string;
}

export interface Sample {
	/** As it was written, to be written again. */
	readonly timestamp: string;
	/** ms epoch. */
	readonly at: number;
	/** Undefined: missing, which is no zero. */
	readonly value: number | undefined;
}

const DIRECTIONS: readonly SeriesDirection[] = ["up", "down", "both"];
const KINDS: readonly SeriesKind[] = ["count", "rate", "throughput", "ratio", "latency", "generic"];
const HEADER_EXAMPLE = '# {"step_seconds":60,"direction":"both","kind":"latency"}';
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/;
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
/** Instants are whole ms. */
const SHORTEST_STEP_SECONDS = 0.001;
const LONGEST_STEP_SECONDS = 366 * 86_400;
/** More than a fault has to show of a line. */
const MOST_SHOWN = 60;

/** Reads `# {"step_seconds":…,"direction":…,"kind":…}`. Direction is `both` by default; an unknown kind is `generic`. */
export function readHeader(line: string): SeriesOptions | LineFault {
	if (!line.startsWith("#")) return { fault: `${shown(line)} is no header; begin with ${HEADER_EXAMPLE}` };
	let fields: Record<string, unknown>;
	try {
		fields = JSON.parse(line.slice(1)) as Record<string, unknown>;
	} catch {
		return { fault: `${shown(line)} is not # and a JSON object; write it such as ${HEADER_EXAMPLE}` };
	}
	if (typeof fields !== "object" || fields === null)
		return { fault: `${shown(line)} holds no JSON object; write it such as ${HEADER_EXAMPLE}` };
	const { step_seconds: stepSeconds, direction = "both", kind = "generic" } = fields;
	if (typeof stepSeconds !== "number" || !(stepSeconds >= SHORTEST_STEP_SECONDS && stepSeconds <= LONGEST_STEP_SECONDS))
		return {
			fault: `step_seconds is ${shownValue(stepSeconds)}; give the seconds between two samples, such as 60 (0.001 to 31622400, a year)`,
		};
	if (!DIRECTIONS.includes(direction as SeriesDirection))
		return { fault: `direction is ${shownValue(direction)}; give one of ${DIRECTIONS.join(", ")}` };
	return {
		stepMs: stepSeconds * 1000,
		direction: direction as SeriesDirection,
		kind: KINDS.includes(kind as SeriesKind) ? (kind as SeriesKind) : "generic",
	};
}

/** Reads `timestamp,value`; no value, or NaN, is a missing sample. */
export function readSample(line: string): Sample | LineFault {
	const comma = line.indexOf(",");
	if (comma < 0)
		return {
			fault: `${shown(line)} has no comma; write timestamp,value, and nothing after the comma when it is missing`,
		};
	const timestamp = line.slice(0, comma).trim();
	const at = INSTANT.test(timestamp) ? Date.parse(timestamp) : Number.NaN;
	if (Number.isNaN(at))
		return { fault: `timestamp is ${shown(timestamp)}; write an instant with its zone, such as 2026-06-17T00:00:00Z` };
	const text = line.slice(comma + 1).trim();
	if (text === "" || text.toLowerCase() === "nan") return { timestamp, at, value: undefined };
	const value = NUMBER.test(text) ? Number(text) : Number.NaN;
	if (!Number.isFinite(value))
		return { fault: `value is ${shown(text)}; write a number with a point, or nothing when it is missing` };
	return { timestamp, at, value };
}

function shown(text: string): string {
	return JSON.stringify(text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text);
}

function shownValue(value: unknown): string {
	return value === undefined ? "missing" : shown(JSON.stringify(value));
}
