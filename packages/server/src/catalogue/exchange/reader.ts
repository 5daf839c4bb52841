import { percentToRatio } from "../explain.ts";
import type { Findings } from "../finding.ts";
import type { SourceDocument } from "../source.ts";
import type { Place } from "../types.ts";
import { type Path, pathText, show } from "../wording.ts";
import { Refusal } from "./promql.ts";

/** Something of another tool's file that cannot be taken, and where it stands. */
export class FoundFault extends Error {
	readonly place: Place;
	readonly remedy: string;

	constructor(place: Place, message: string, remedy: string) {
		super(message);
		this.place = place;
		this.remedy = remedy;
	}
}

export function asRecord(value: unknown): Readonly<Record<string, unknown>> | undefined {
	const isRecord = typeof value === "object" && value !== null && !Array.isArray(value);
	return isRecord ? (value as Record<string, unknown>) : undefined;
}

export function asList(value: unknown): readonly unknown[] {
	return Array.isArray(value) ? value : [];
}

/** Texts that are not empty; numbers and booleans as they print. */
export function asText(value: unknown): string | undefined {
	if (typeof value === "number" || typeof value === "boolean") return String(value);
	return typeof value === "string" && value.trim() !== "" ? value : undefined;
}

/** The entries of a record that are texts, cut to what a label here may hold. */
export function strings(value: unknown): Record<string, string> {
	const entries = Object.entries(asRecord(value) ?? {}).flatMap(([key, each]) => {
		const text = asText(each);
		return text === undefined ? [] : [[key, text.slice(0, 500)] as const];
	});
	return Object.fromEntries(entries);
}

/** Fields that mean something there and nothing here. */
export function warnUnknown(
	document: SourceDocument,
	path: Path,
	value: Readonly<Record<string, unknown>>,
	known: readonly string[],
	findings: Findings,
): void {
	for (const key of Object.keys(value)) {
		if (known.includes(key)) continue;
		const at = [...path, key];
		findings.warn(document.place(at, "key"), `${pathText(at)} is not taken over.`, "Look whether it changes the SLO.");
	}
}

/** A percentage such as 99.9 or "99.9" as a ratio; throws a FoundFault when it is none. */
export function objectivePercent(document: SourceDocument, path: Path, value: unknown): number {
	const percent = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
	if (typeof percent === "number" && percent > 0 && percent < 100) return percentToRatio(percent);
	const message = `${pathText(path)} ${show(value)} is not a percentage between 0 and 100.`;
	throw new FoundFault(document.place(path), message, "Write a number such as 99.9.");
}

/** Reads the PromQL at `path`; what is refused in it is told at its place. */
export function promqlAt<T>(document: SourceDocument, path: Path, read: (text: string) => T): T {
	const value = path.reduce<unknown>(
		(inner, step) => (inner as Record<string | number, unknown> | undefined)?.[step],
		document.value,
	);
	if (typeof value !== "string" || value.trim() === "")
		throw new FoundFault(document.place(path), `${pathText(path)} is missing.`, "Write it in PromQL.");
	try {
		return read(value);
	} catch (error) {
		if (!(error instanceof Refusal)) throw error;
		throw new FoundFault(document.placeIn(path, error.at), `${pathText(path)} ${error.message}.`, error.remedy);
	}
}
