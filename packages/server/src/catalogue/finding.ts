import type { Finding } from "./types.ts";

/** `file:line:column level message` and, indented on a line of its own, the remedy. */
export function formatFinding(finding: Finding): string {
	const place = `${finding.file}:${finding.line}:${finding.column}`;
	return `${place} ${finding.level} ${finding.message}${finding.remedy ? `\n  ${finding.remedy}` : ""}`;
}
