/**
 * How bad an incident is, as a value of its own: `key` is what people say ("2.5"), `rank` orders (smaller is worse).
 * 2.5 is the severity of a key tenant's breach under a healthy platform; a number type would invite arithmetic.
 */
export interface Severity {
	readonly key: SeverityKey;
	readonly rank: number;
}
export type SeverityKey = "1" | "2" | "2.5" | "3" | "4";

export const SEVERITIES: Readonly<Record<SeverityKey, Severity>> = {
	"1": { key: "1", rank: 10 },
	"2": { key: "2", rank: 20 },
	"2.5": { key: "2.5", rank: 25 },
	"3": { key: "3", rank: 30 },
	"4": { key: "4", rank: 40 },
};
