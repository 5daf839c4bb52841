import type { Finding, Place } from "./types.ts";
import { escapeControls } from "./wording.ts";

/** `file:line:column level message` and, indented on a line of its own, the remedy. */
export function formatFinding(finding: Finding): string {
	const place = `${escapeControls(finding.file)}:${finding.line}:${finding.column}`;
	return `${place} ${finding.level} ${finding.message}${finding.remedy ? `\n  ${finding.remedy}` : ""}`;
}

/** Collects what is wrong while reading goes on. */
export class Findings {
	readonly #all: Finding[] = [];
	#errors = 0;

	get errors(): number {
		return this.#errors;
	}

	error(place: Place, message: string, remedy: string): void {
		this.#errors += 1;
		this.#all.push({ ...place, level: "error", message, remedy });
	}

	warn(place: Place, message: string, remedy: string): void {
		this.#all.push({ ...place, level: "warning", message, remedy });
	}

	/** By file, line, column, then message: the same whatever order the files came in. */
	sorted(): Finding[] {
		return this.#all.toSorted(
			(a, b) => order(a.file, b.file) || a.line - b.line || a.column - b.column || order(a.message, b.message),
		);
	}
}

export function order(a: string, b: string): number {
	return a < b ? -1 : a > b ? 1 : 0;
}
