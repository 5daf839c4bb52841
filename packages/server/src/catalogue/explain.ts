import type { z } from "zod";
import { type Wording, wordingOf } from "./fields.ts";
import { nearest, oneOf, type Path, pathText, show, suggest } from "./wording.ts";

export interface Explanation {
	readonly path: Path;
	readonly at: "key" | "value";
	readonly message: string;
	readonly remedy: string;
}

/** One zod issue in the words of the catalogue. An issue about several unknown keys becomes one explanation per key. */
export function explain(schema: z.core.$ZodType, issue: z.core.$ZodIssue, document: unknown): Explanation[] {
	const path = issue.path as Path;
	if (issue.code === "unrecognized_keys") return issue.keys.map((key) => unknownKey(schema, path, key));
	const value = valueAt(document, path);
	const where = pathText(path);
	const at = (message: string, remedy: string): Explanation[] => [{ path, at: "value", message, remedy }];

	if (issue.code === "invalid_key") {
		const wording = wordingOf(keySchema(schemaAt(schema, path.slice(0, -1))) ?? schema);
		const message = `${where} ${wording?.says ?? "is not a key that can stand here"}.`;
		return [{ path, at: "key", message, remedy: wording?.remedy ?? "Correct the name." }];
	}
	const target = schemaAt(schema, path);
	const wording = target && wordingOf(target);
	if (value === undefined) return at(`${where} is missing.`, remedyFor(target, wording));
	if (value === null) return at(`${where} has no value.`, `${remedyFor(target, wording)} Or remove the field.`);
	if (wording?.secret) return at(`${where} ${wording.says}.`, wording.remedy);
	if (isObjective(target, wording) && typeof value === "number") return at(...objectiveFault(where, value, path));
	const options = enumValues(target);
	if (options && typeof value === "string")
		return at(`${where} ${show(value)} is unknown.`, suggest(value, options, ""));
	if (wording) return at(`${where} ${show(value)} ${wording.says}.`, wording.remedy);
	return at(...plainFault(issue, where, value, target));
}

function plainFault(
	issue: z.core.$ZodIssue,
	where: string,
	value: unknown,
	target: z.core.$ZodType | undefined,
): [string, string] {
	if (issue.code === "too_small") return [`${where} is empty.`, "Write at least one entry."];
	if (issue.code === "too_big") return [`${where} has more than ${issue.maximum} entries.`, "Split it."];
	return [`${where} ${show(value)} is not ${expected(target)}.`, remedyFor(target, undefined)];
}

function isObjective(target: z.core.$ZodType | undefined, wording: Wording | undefined): boolean {
	return target !== undefined && wording?.says === "is not a ratio between 0 and 1";
}

/** Told apart because the commonest mistake, percent, has a different remedy from a value that means nothing. */
function objectiveFault(where: string, value: number, path: Path): [string, string] {
	if (!(value > 0)) return [`${where} ${value} is not above 0.`, "Write a ratio such as 0.995."];
	if (value === 1 || value >= 100 || !Number.isFinite(value)) {
		const why = "An objective of 100 % leaves no error budget.";
		return [`${where} ${value} is not below 1.`, `${why} Write a ratio such as 0.9999.`];
	}
	const asRatio = percentToRatio(value);
	const alternative = path.at(-1) === "target" ? `, or use targetPercent: ${value}` : "";
	return [`${where} ${value} is not below 1.`, `Write ${asRatio}${alternative}.`];
}

/** 99.9 → 0.999, without the dust of binary division (99.9 / 100 = 0.9990000000000001). */
export function percentToRatio(percent: number): number {
	return Number((percent / 100).toPrecision(12));
}

function unknownKey(schema: z.core.$ZodType, path: Path, key: string): Explanation {
	const known = Object.keys(shapeOf(schemaAt(schema, path)) ?? {});
	const near = nearest(key, known);
	const remedy = near ? `Did you mean "${near}"?` : `Known here: ${known.join(", ")}.`;
	return { path: [...path, key], at: "key", message: `${pathText([...path, key])} is unknown.`, remedy };
}

function remedyFor(target: z.core.$ZodType | undefined, wording: Wording | undefined): string {
	if (wording) return wording.remedy;
	const options = enumValues(target);
	return options ? `Write ${oneOf(options)}.` : `Write ${expected(target)}.`;
}

function expected(target: z.core.$ZodType | undefined): string {
	const shape = shapeOf(target);
	if (shape) return `an object with ${oneOf(Object.keys(shape).slice(0, 6))}`;
	const type = target && (inner(target) as z.core.$ZodTypes)._zod.def.type;
	if (type === "array") return "a list";
	if (type === "record") return "an object of names and values";
	if (type === "boolean") return "true or false";
	if (type === "number") return "a number";
	if (type === "string") return "a text";
	return "the expected value";
}

/** The schema that governs `path`, unwrapped from optionality; undefined where the shape knows nothing. */
export function schemaAt(schema: z.core.$ZodType, path: Path): z.core.$ZodType | undefined {
	let at: z.core.$ZodType | undefined = inner(schema);
	for (const step of path) {
		if (!at) return undefined;
		const def: z.core.$ZodTypes["_zod"]["def"] = (at as z.core.$ZodTypes)._zod.def;
		if (def.type === "object")
			at = Object.hasOwn(def.shape, step) ? (def.shape[step as string] as z.core.$ZodType) : undefined;
		else if (def.type === "array") at = def.element;
		else if (def.type === "record") at = def.valueType;
		else return undefined;
		at &&= inner(at);
	}
	return at;
}

function inner(schema: z.core.$ZodType): z.core.$ZodType {
	const def = (schema as z.core.$ZodTypes)._zod.def;
	return def.type === "optional" ? inner(def.innerType) : schema;
}

function shapeOf(schema: z.core.$ZodType | undefined): Readonly<Record<string, unknown>> | undefined {
	const def = schema && (inner(schema) as z.core.$ZodTypes)._zod.def;
	return def?.type === "object" ? def.shape : undefined;
}

function keySchema(schema: z.core.$ZodType | undefined): z.core.$ZodType | undefined {
	const def = schema && (schema as z.core.$ZodTypes)._zod.def;
	return def?.type === "record" ? def.keyType : undefined;
}

function enumValues(schema: z.core.$ZodType | undefined): string[] | undefined {
	const def = schema && (schema as z.core.$ZodTypes)._zod.def;
	return def?.type === "enum" ? Object.values(def.entries).map(String) : undefined;
}

function valueAt(value: unknown, path: Path): unknown {
	let at = value;
	for (const step of path) {
		if (typeof at !== "object" || at === null || !Object.hasOwn(at, step)) return undefined;
		at = (at as Record<string | number, unknown>)[step];
	}
	return at;
}
