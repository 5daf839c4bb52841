import type { FleetView } from "../api-types.ts";

export interface Change {
	readonly kind: "breach" | "recovery";
	readonly tenant: string;
	readonly workload: string;
}

/** Breaches and recoveries between two views of the fleet. A breach that turns into no data has not recovered. */
export function changesBetween(before: FleetView, after: FleetView): readonly Change[] {
	const names = new Map(after.workloads.map((w) => [w.name, w.displayName]));
	const was = new Map<string, string>();
	for (const row of before.tenants) for (const cell of row.cells) was.set(key(row.name, cell.workload), cell.state);
	const changes: Change[] = [];
	for (const row of after.tenants) {
		for (const cell of row.cells) {
			const earlier = was.get(key(row.name, cell.workload));
			const at = { tenant: row.displayName, workload: names.get(cell.workload) ?? cell.workload };
			if (cell.state === "breach" && earlier !== "breach") changes.push({ kind: "breach", ...at });
			else if (earlier === "breach" && (cell.state === "healthy" || cell.state === "at-risk"))
				changes.push({ kind: "recovery", ...at });
		}
	}
	return changes;
}

/** What waits to be said. A change that is undone before it was said is not said at all. */
export function enqueue(waiting: readonly Change[], news: readonly Change[]): readonly Change[] {
	let queue = [...waiting];
	for (const change of news) {
		const same = (c: Change) => c.tenant === change.tenant && c.workload === change.workload;
		const hadOpposite = queue.some((c) => same(c) && c.kind !== change.kind);
		queue = queue.filter((c) => !same(c));
		if (!hadOpposite) queue.push(change);
	}
	return queue;
}

/** Who, for one sentence: up to three by name, and how many more. Undefined when there is nothing of that kind. */
export function namesOf(
	changes: readonly Change[],
	kind: Change["kind"],
): { readonly names: string; readonly more: number } | undefined {
	const those = changes.filter((c) => c.kind === kind);
	if (those.length === 0) return undefined;
	const named = those.slice(0, 3).map((c) => `${c.tenant}, ${c.workload}`);
	return { names: named.join("; "), more: those.length - named.length };
}

function key(tenant: string, workload: string): string {
	return `${tenant}\n${workload}`;
}
