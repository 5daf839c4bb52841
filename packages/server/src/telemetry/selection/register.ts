import type { KeyTenant, TenantAlias } from "#catalogue";
import { PatternIndex } from "#catalogue";
import type { Attribute } from "./attribute.ts";

/** That an attribute's value belongs to a tenant, and under which conditions. */
export interface Claim {
	/** Index of the tenant, from 1. */
	readonly tenant: number;
	readonly workload: string | undefined;
	readonly source: string | undefined;
	/** µs of the point's own time: from ≤ time < until. */
	readonly from: number;
	readonly until: number;
}

interface AttributeIds {
	readonly values: Map<string, Claim[]>;
	patterns: PatternIndex | undefined;
	readonly patternTexts: string[];
	readonly patternClaims: Claim[];
	/** Claims of values that were looked up, patterns included; only where there are patterns. */
	readonly known: Map<string, readonly Claim[]>;
}

/** What of a stream names its source, in this order. */
const SOURCE_ATTRIBUTES = ["bellwether.source", "service.name", "job"] as const;
const MAX_KNOWN_VALUES = 100_000;
const NO_CLAIMS: readonly Claim[] = [];

/** Whose a stream is: every id of every key tenant, made ready so that a look-up costs no more with more tenants. Immutable. */
export class Register {
	readonly #ids = new Map<string, AttributeIds>();
	readonly #hasSources: boolean;
	/** No claim has a condition: the id alone decides. */
	readonly isPlain: boolean;

	constructor(tenants: readonly KeyTenant[]) {
		let hasSources = false;
		let isPlain = true;
		tenants.forEach((tenant, index) => {
			const plain = { tenant: index + 1, workload: undefined, source: undefined, from: -Infinity, until: Infinity };
			for (const [name, values] of Object.entries(tenant.match)) this.#add(name, values, [], plain);
			for (const alias of tenant.aliases ?? []) {
				const claim = claimOf(alias, index + 1);
				if (alias.source !== undefined) hasSources = true;
				if (claim.workload !== undefined || claim.source !== undefined) isPlain = false;
				if (claim.from !== -Infinity || claim.until !== Infinity) isPlain = false;
				this.#add(alias.attribute, alias.values, alias.patterns, claim);
			}
		});
		for (const ids of this.#ids.values())
			if (ids.patternTexts.length > 0) ids.patterns = new PatternIndex(ids.patternTexts);
		this.#hasSources = hasSources;
		this.isPlain = isPlain;
	}

	/** Attributes that say whose a point is, and under which condition. */
	attributes(): string[] {
		return [...this.#ids.keys(), ...(this.#hasSources ? SOURCE_ATTRIBUTES : [])];
	}

	/** Attributes whose values are ids of tenants. */
	idAttributes(): Iterable<string> {
		return this.#ids.keys();
	}

	/** Everything that the attributes claim, whenever it holds. */
	claims(lists: readonly (readonly Attribute[])[]): readonly Claim[] {
		let found: readonly Claim[] = NO_CLAIMS;
		for (const list of lists)
			for (const [name, typedValue] of list) {
				const ids = this.#ids.get(name);
				if (!ids) continue;
				const claims = claimsIn(ids, typedValue.slice(1));
				if (claims.length > 0) found = found.length === 0 ? claims : [...found, ...claims];
			}
		if (!this.#hasSources || found.every((claim) => claim.source === undefined)) return found;
		const source = sourceOf(lists);
		return found.filter((claim) => claim.source === undefined || claim.source === source);
	}

	/** Whether a value of an attribute belongs to anybody, whatever the conditions; its tenant, 0 for none. */
	tenantOfValue(name: string, value: string): number {
		const ids = this.#ids.get(name);
		return ids ? (claimsIn(ids, value)[0]?.tenant ?? 0) : 0;
	}

	#add(name: string, values: readonly string[], patterns: readonly string[], claim: Claim): void {
		const ids: AttributeIds = this.#ids.get(name) ?? {
			values: new Map(),
			patterns: undefined,
			patternTexts: [],
			patternClaims: [],
			known: new Map(),
		};
		this.#ids.set(name, ids);
		for (const value of values) {
			const list = ids.values.get(value);
			if (list) list.push(claim);
			else ids.values.set(value, [claim]);
		}
		for (const pattern of patterns) {
			ids.patternTexts.push(pattern);
			ids.patternClaims.push(claim);
		}
	}
}

/** The tenant that claims agree on at a time, for one workload (undefined: claims of all workloads); 0: none; -1: two different ones. */
export function ownerOf(claims: readonly Claim[], time: number, workload: string | undefined): number {
	let found = 0;
	for (const claim of claims) {
		if (time < claim.from || time >= claim.until || claim.tenant === found) continue;
		if (workload !== undefined && claim.workload !== undefined && claim.workload !== workload) continue;
		if (found !== 0) return -1;
		found = claim.tenant;
	}
	return found;
}

/** Instants at which claims begin or end, ascending, µs. */
export function boundariesOf(claims: readonly Claim[]): number[] {
	const instants = new Set(claims.flatMap((claim) => [claim.from, claim.until]).filter(Number.isFinite));
	return [...instants].sort((a, b) => a - b);
}

/** Where a stream comes from, as its attributes say; "" when none does. */
export function sourceOf(lists: readonly (readonly Attribute[])[]): string {
	for (const wanted of SOURCE_ATTRIBUTES)
		for (const list of lists)
			for (const [name, typedValue] of list) if (name === wanted && typedValue.length > 1) return typedValue.slice(1);
	return "";
}

function claimOf(alias: TenantAlias, tenant: number): Claim {
	return {
		tenant,
		workload: alias.workload,
		source: alias.source,
		from: alias.from === undefined ? -Infinity : alias.from * 1000,
		until: alias.until === undefined ? Infinity : alias.until * 1000,
	};
}

function claimsIn(ids: AttributeIds, value: string): readonly Claim[] {
	if (!ids.patterns) return ids.values.get(value) ?? NO_CLAIMS;
	let claims = ids.known.get(value);
	if (!claims) {
		const fitting = ids.patterns.match(value).map((k) => ids.patternClaims[k] as Claim);
		claims = [...(ids.values.get(value) ?? []), ...fitting];
		if (ids.known.size >= MAX_KNOWN_VALUES) ids.known.clear();
		ids.known.set(value, claims);
	}
	return claims;
}
