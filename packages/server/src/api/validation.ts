import { z } from "zod";
import { ApiProblem, type ProblemDetail, printable } from "./problem.ts";

type Issue = z.core.$ZodIssue;
type Judged = { readonly value: unknown } | { readonly error: ApiProblem };

const MAX_DETAILS = 20;
const MAX_SHOWN = 60;
/** Where a secret may stand: what was sent there is not repeated. */
const SECRET = /token|secret|password|csrf/i;
const PARTS: Readonly<Record<string, string>> = { querystring: "query", params: "path" };

/**
 * Judges a part of a request by its schema. What does not fit, and what nobody reads, is refused with its place, what
 * stood there and what should: a field that is let pass without effect is a request that was not heard.
 */
export function requestValidator(route: {
	readonly schema: z.ZodType;
	readonly httpPart?: string | undefined;
	readonly url?: string | undefined;
}): (data: unknown) => Judged {
	const { schema, httpPart, url } = route;
	// Forms of pages carry fields of their own, such as the proof against other sites.
	const isOurs = url?.startsWith("/api/") === true;
	return (data) => {
		const judged = vendorValidator(route)(data);
		if ("error" in judged || !isOurs) return judged;
		const details =
			httpPart === "body"
				? unreadFields(data, judged.value, ["body"])
				: httpPart === "querystring"
					? unreadParameters(data, schema)
					: [];
		return details.length === 0 ? judged : { error: invalidRequest(details.slice(0, MAX_DETAILS)) };
	};
}

/** Judges what a vendor's system sends: whatever else stands there is let pass, as vendors add to their messages at any time. */
export function vendorValidator({
	schema,
	httpPart,
}: {
	readonly schema: z.ZodType;
	readonly httpPart?: string | undefined;
}): (data: unknown) => Judged {
	const part = PARTS[httpPart ?? ""] ?? httpPart ?? "request";
	return (data) => {
		const result = schema.safeParse(data);
		if (result.success) return { value: result.data };
		const details = result.error.issues.flatMap((issue) => detailsOf(issue, data, [part]));
		return { error: invalidRequest(details.slice(0, MAX_DETAILS)) };
	};
}

/** Of routes that take no parameters in their address. */
export const NO_PARAMETERS = z.object({});

/** One 400 for all that is wrong with a request, the first of it as its message. */
export function invalidRequest(details: readonly ProblemDetail[]): ApiProblem {
	const [first] = details;
	const message = first ? `${first.place} ${first.message}.` : "The request is not valid.";
	const remedy = first?.remedy ?? "See /openapi.json for what is expected.";
	return new ApiProblem(400, "invalid_request", message, remedy, { details });
}

/** Shortened, and nothing of a secret. `place`: the field that it stands in. */
export function shown(value: unknown, place = ""): string {
	if (SECRET.test(place)) return "a value that is not repeated here";
	if (typeof value === "string") {
		const text = printable(value);
		const quote = text.includes('"') ? "'" : '"';
		const isLong = text.length > MAX_SHOWN;
		const said = `${quote}${isLong ? `${text.slice(0, MAX_SHOWN)}…` : text}${quote}`;
		return isLong ? `${said} (${value.length} characters)` : said;
	}
	if (Array.isArray(value)) return `a list of ${value.length}`;
	if (value !== null && typeof value === "object") return "an object";
	return String(value);
}

const KINDS: Readonly<Record<string, string>> = {
	string: "a text",
	number: "a number",
	int: "a whole number",
	boolean: "true or false",
	array: "a list",
	object: "an object",
	record: "an object",
	null: "null",
	undefined: "left out",
	nonoptional: "given",
};

function detailsOf(issue: Issue, data: unknown, at: readonly PropertyKey[]): ProblemDetail[] {
	const path = [...at, ...issue.path];
	const place = path.map(String).join(".");
	const value = valueAt(data, issue.path);
	const was = shown(value, place);
	const detail = (message: string, remedy: string) => [{ place, message, remedy }];
	switch (issue.code) {
		case "invalid_type": {
			const kind = kindOf(issue.expected, path);
			if (value === undefined) return detail(`is missing: ${kind} is expected`, `Send ${place} as ${kind}.`);
			const isEntry = issue.expected === "array" && typeof value === "string" && value.length <= MAX_SHOWN;
			const example = isEntry && !SECRET.test(place) ? `: [${JSON.stringify(value)}]` : "";
			return detail(`is ${was}, which is not ${kind}`, `Send ${kind}${example}.`);
		}
		case "invalid_value": {
			const known = issue.values.map((each) => String(each)).join(", ");
			const what =
				value === undefined ? `is missing: one of ${known} is expected` : `is ${was}, which is none of those known`;
			return detail(what, issue.values.length === 1 ? `Send ${known}.` : `Send one of ${known}.`);
		}
		case "too_small":
		case "too_big": {
			const isSmall = issue.code === "too_small";
			const bound = Number(isSmall ? issue.minimum : issue.maximum);
			const limit = `at ${isSmall ? "least" : "most"} ${bound}`;
			const unit = unitOf(issue.origin, bound);
			const than = issue.inclusive === false ? `${isSmall ? "more" : "less"} than ${bound}` : limit;
			return detail(`is ${was}, but must ${unit ? "have" : "be"} ${than}${unit}`, `Send ${than}${unit}.`);
		}
		case "unrecognized_keys":
			return issue.keys.map((key) => unknownField([...path, key]));
		case "invalid_union": {
			// The reading that fits best says what is missing; of several that fit alike, the first.
			const readings = issue.errors.toSorted((a, b) => a.length - b.length);
			const best = readings[0]?.flatMap((each) => detailsOf(each as Issue, value, path)) ?? [];
			return best.length > 0 ? best : detail(`is ${was}, which fits nothing that is known here`, SEE);
		}
		case "not_multiple_of":
			return detail(`is ${was}, which is no multiple of ${issue.divisor}`, `Send a multiple of ${issue.divisor}.`);
		default:
			return detail(`is ${was}: ${printable(issue.message)}`, SEE);
	}
}

/** A number alone does not say of which unit; every instant of this API ends in `At`. */
function kindOf(expected: string, path: readonly PropertyKey[]): string {
	const isInstant = (expected === "number" || expected === "int") && String(path.at(-1)).endsWith("At");
	return isInstant ? "a number, milliseconds since 1970 in UTC" : (KINDS[expected] ?? expected);
}

function unitOf(origin: string, count: number): string {
	if (origin === "string") return count === 1 ? " character" : " characters";
	if (origin === "array") return count === 1 ? " entry" : " entries";
	return "";
}

const SEE = "See /openapi.json for what is expected there.";

function unknownField(path: readonly PropertyKey[]): ProblemDetail {
	const name = printable(String(path.at(-1))).slice(0, MAX_SHOWN);
	const place = [...path.slice(0, -1), name].map(String).join(".");
	return {
		place,
		message: "is no field of this request",
		remedy: `Leave ${name} out, or see /openapi.json for the fields there are.`,
	};
}

/** Fields of what was sent that the schema dropped. */
function unreadFields(sent: unknown, read: unknown, path: readonly PropertyKey[]): ProblemDetail[] {
	if (Array.isArray(sent) && Array.isArray(read))
		return sent.flatMap((each, k) => unreadFields(each, read[k], [...path, k]));
	if (!isObject(sent) || !isObject(read)) return [];
	return Object.keys(sent).flatMap((key) =>
		Object.hasOwn(read, key) ? unreadFields(sent[key], read[key], [...path, key]) : [unknownField([...path, key])],
	);
}

/** Parameters of the address that the schema does not have. */
function unreadParameters(sent: unknown, schema: z.ZodType): ProblemDetail[] {
	const known = schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
	const remedy = known.length > 0 ? `Known here: ${known.join(", ")}.` : "This address takes none.";
	return Object.keys(sent ?? {}).flatMap((key) => {
		const name = printable(key).slice(0, MAX_SHOWN);
		return known.includes(key) ? [] : [{ place: `query.${name}`, message: "is no parameter of this address", remedy }];
	});
}

function isObject(value: unknown): value is Record<string, unknown> {
	return value !== null && typeof value === "object" && !Array.isArray(value);
}

function valueAt(data: unknown, path: readonly PropertyKey[]): unknown {
	return path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | null | undefined)?.[key], data);
}
