import { MAX_WITHOUT_TEXT, neededText, PatternIndex } from "./pattern-index.ts";
import type { Context } from "./references.ts";
import type { Place } from "./types.ts";
import { type Path, pathText, show } from "./wording.ts";

/** One id that a tenant claims, and when: a value or a pattern of an attribute. */
export interface Claim {
	readonly tenant: string;
	readonly attribute: string;
	readonly value: string;
	readonly isPattern: boolean;
	readonly workload?: string | undefined;
	readonly source?: string | undefined;
	readonly from?: number | undefined;
	readonly until?: number | undefined;
	readonly path: Path;
	place(): Place;
}

/**
 * A point must belong to one tenant at most, or the wrong customer hears of it: the same id of two tenants at the same
 * time is an error at both places. Whether two different patterns overlap shows only in the ids that come; then the
 * points are `tenant_conflict`.
 */
export function checkClaims(context: Context, claims: readonly Claim[]): void {
	const byId = new Map<string, Claim[]>();
	const patterns = new Map<string, Claim[]>();
	for (const claim of claims) {
		const id = JSON.stringify([claim.attribute, claim.value, claim.isPattern]);
		for (const other of listed(byId, id)) if (overlap(claim, other)) complain(context, other, claim);
		listed(byId, id).push(claim);
		if (claim.isPattern) listed(patterns, claim.attribute).push(claim);
	}
	for (const [attribute, claimed] of patterns) {
		requireText(context, attribute, claimed);
		const index = new PatternIndex(claimed.map((claim) => claim.value));
		for (const claim of claims) {
			if (claim.isPattern || claim.attribute !== attribute) continue;
			for (const k of index.match(claim.value)) {
				const other = claimed[k] as Claim;
				if (overlap(claim, other)) complain(context, other, claim);
			}
		}
	}
}

/** A new id is tried with each pattern that has no plain text: few of them keep that cheap. */
function requireText(context: Context, attribute: string, claimed: readonly Claim[]): void {
	const without = claimed.filter((claim) => neededText(claim.value) === undefined);
	const first = without[MAX_WITHOUT_TEXT];
	if (!first) return;
	const message = `${pathText(first.path)} ${show(first.value)} is one of ${without.length} patterns of ${attribute} without plain text, more than ${MAX_WITHOUT_TEXT}.`;
	context.findings.error(first.place(), message, "Write a part of the id that is always there, such as -contoso-.");
}

function overlap(a: Claim, b: Claim): boolean {
	if (a.tenant === b.tenant) return false;
	if (a.workload !== undefined && b.workload !== undefined && a.workload !== b.workload) return false;
	if (a.source !== undefined && b.source !== undefined && a.source !== b.source) return false;
	return (a.from ?? -Infinity) < (b.until ?? Infinity) && (b.from ?? -Infinity) < (a.until ?? Infinity);
}

function complain(context: Context, first: Claim, second: Claim): void {
	for (const [claim, other] of [
		[second, first],
		[first, second],
	] as const) {
		const how = other.isPattern && !claim.isPattern ? ` fits the pattern ${show(other.value)} and` : "";
		const { file, line } = other.place();
		const message = `${pathText(claim.path)} ${show(claim.value)}${how} already belongs to ${other.tenant} (${file}:${line}).`;
		context.findings.error(claim.place(), message, "Remove it from one of the two, or end it there with until.");
	}
}

function listed<K, V>(map: Map<K, V[]>, key: K): V[] {
	const list = map.get(key) ?? [];
	if (list.length === 0) map.set(key, list);
	return list;
}
