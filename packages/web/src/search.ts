import type { CellState } from "./api-types.ts";

/** All view state lives in the address; what is not understood is left out. */
export interface FleetSearch {
	readonly q?: string;
	readonly state?: CellState;
	/** `tenant/workload` of the cell whose details are open; an empty tenant is the platform. */
	readonly cell?: string;
}

export interface IncidentsSearch {
	readonly q?: string;
	/** Nothing: those that are open. */
	readonly show?: "all" | "held";
}

export interface MatchSearch {
	readonly q?: string;
	readonly show?: "matched" | "unmatched";
}

export interface SlosSearch {
	readonly q?: string;
}

export interface SloSearch {
	readonly q?: string;
	/** Whose budget is shown; `~fleet` is the platform's. */
	readonly tenant?: string;
}

export interface WorkloadSearch {
	readonly range?: "24h" | "1h";
}

const STATES: readonly string[] = ["breach", "at-risk", "no-data", "muted", "healthy", "not-in-use"];

function text(value: unknown): string | undefined {
	return typeof value === "string" || typeof value === "number" ? String(value).slice(0, 200) || undefined : undefined;
}

/** The search without what is not set, as the address wants it. */
export function given<T extends object>(search: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
	return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined)) as never;
}

export function fleetSearch(search: Record<string, unknown>): FleetSearch {
	const state = text(search.state);
	return given({
		q: text(search.q),
		state: state !== undefined && STATES.includes(state) ? (state as CellState) : undefined,
		cell: text(search.cell),
	});
}

export function incidentsSearch(search: Record<string, unknown>): IncidentsSearch {
	const { show } = search;
	return given({ q: text(search.q), show: show === "all" || show === "held" ? show : undefined });
}

export function matchSearch(search: Record<string, unknown>): MatchSearch {
	const { show } = search;
	return given({ q: text(search.q), show: show === "matched" || show === "unmatched" ? show : undefined });
}

export function slosSearch(search: Record<string, unknown>): SlosSearch {
	return given({ q: text(search.q) });
}

export function sloSearch(search: Record<string, unknown>): SloSearch {
	return given({ q: text(search.q), tenant: text(search.tenant) });
}

export function workloadSearch(search: Record<string, unknown>): WorkloadSearch {
	const { range } = search;
	return given({ range: range === "24h" || range === "1h" ? range : undefined });
}

/** Every word of the query stands somewhere in the text. */
export function matchesText(haystack: string, q: string | undefined): boolean {
	if (q === undefined) return true;
	const text = haystack.toLowerCase();
	return q
		.toLowerCase()
		.split(/\s+/)
		.every((word) => text.includes(word));
}
