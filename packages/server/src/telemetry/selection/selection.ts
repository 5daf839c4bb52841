import { isOwnName } from "@bellwether/model";
import type { Catalogue } from "#catalogue";
import { effectiveObjective } from "#catalogue";
import { REASON, verdict } from "../intake/reasons.ts";
import { KeptAttributes } from "../leaves/kept-attributes.ts";
import { FLEET, type Pair } from "../types.ts";
import type { Attribute } from "./attribute.ts";
import { CohortGroups } from "./cohorts.ts";
import { boundariesOf, type Claim, ownerOf, Register } from "./register.ts";
import { UnusedMetrics } from "./unused-metrics.ts";
import { keepsLatency, type ThresholdOp, type Use, usesOf } from "./uses.ts";

export type { Attribute } from "./attribute.ts";
export { meetsThreshold } from "./uses.ts";

/** Kinds of streams. Order is part of the store's format. */
export const KIND = {
	deltaSum: 0,
	cumulativeSum: 1,
	gauge: 2,
	deltaHistogram: 3,
	cumulativeHistogram: 4,
	/** Cumulative histograms whose bucket bounds may change from point to point. */
	cumulativeExponential: 5,
} as const;
export type Kind = (typeof KIND)[keyof typeof KIND];

/** What a stream is. Attributes in any order; `canonicalText` sorts them. */
export interface StreamIdentity {
	readonly metric: string;
	readonly resource: readonly Attribute[];
	readonly scopeName: string;
	readonly scopeVersion: string;
	readonly scope: readonly Attribute[];
	readonly point: readonly Attribute[];
}

export function canonicalText(id: StreamIdentity): string {
	return JSON.stringify([
		id.metric,
		sorted(id.resource),
		id.scopeName,
		id.scopeVersion,
		sorted(id.scope),
		sorted(id.point),
	]);
}

export function identityOf(canonical: string): StreamIdentity {
	const [metric, resource, scopeName, scopeVersion, scope, point] = JSON.parse(canonical);
	return { metric, resource, scopeName, scopeVersion, scope, point };
}

function sorted(attributes: readonly Attribute[]): Attribute[] {
	return [...attributes].sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : a[1] < b[1] ? -1 : a[1] > b[1] ? 1 : 0));
}

/**
 * The channel that says how finely a point's buckets tell events ≤ `le` apart: a cumulative point with another value than
 * the one before cannot be subtracted from it. First of the bounds of those streams.
 */
export const RESOLUTION_BOUND = -Number.MAX_VALUE;

/** Which pairs a stream feeds, and how; shared by all streams alike. Parallel arrays: one entry per (channel, pair). */
export interface RoleSet {
	/** Index of the tenant that its points are accounted to; 0: no key tenant. */
	readonly tenant: number;
	/** One channel per value of a point that is used: a bucket bound, or Infinity for the point's own value or count. */
	readonly bounds: readonly number[];
	readonly channels: readonly number[];
	readonly pairs: readonly number[];
	/** What one event of the channel adds to bad and to total. */
	readonly bad: readonly number[];
	readonly total: readonly number[];
	readonly thresholds: readonly { readonly pair: number; readonly op: ThresholdOp; readonly value: number }[];
	/** Each pair once. */
	readonly touched: readonly number[];
	/** Those whose sketches take the latencies of a histogram's events. */
	readonly sketched: readonly number[];
	/** The value counts events of at most this latency, for the sketches of these pairs. */
	readonly bucket: { readonly le: number; readonly pairs: readonly number[] } | undefined;
	/** What few streams need, so that one look tells for all others. */
	readonly special: SpecialRoles | undefined;
}

export type SpecialRoles =
	/** The id moved from one tenant to another: `spans[k]` holds before `boundaries[k]` (µs), the last one for ever. */
	| { readonly kind: "dated"; readonly boundaries: readonly number[]; readonly spans: readonly RoleSet[] }
	/** Two tenants own the points. */
	| { readonly kind: "conflict" }
	/** Many streams of customers that are no key tenant in one. */
	| { readonly kind: "fold" };

/** The roles of a point by its own time, µs. */
export function rolesAt(roles: RoleSet, time: number): RoleSet {
	if (roles.special?.kind !== "dated") return roles;
	const { boundaries, spans } = roles.special;
	let k = 0;
	while (k < boundaries.length && time >= (boundaries[k] as number)) k++;
	return spans[k] as RoleSet;
}

/** The part of a catalogue that decides what points mean. The journal is read under the one that it was written under. */
export type SelectionSource = Pick<Catalogue, "hash" | "tiers" | "tenants" | "slos" | "cohorts">;

/** A catalogue made ready for look-ups: pairs, which metrics matter, whose a point is. Immutable. */
export class Selection {
	readonly pairs: readonly Pair[];
	/** Those of the SLO with which the system checks itself. */
	readonly ownPairs: ReadonlySet<number>;
	/** Pairs from here on are aggregates that nobody judges. */
	readonly judgedPairs: number;
	/** Index 0 is FLEET: points of no key tenant. */
	readonly tenants: readonly string[];
	readonly #fleetPairs: readonly number[];
	readonly #tenantPairs: readonly ReadonlyMap<number, number>[];
	readonly #pairIndex = new Map<string, number>();
	readonly #sloIndex = new Map<string, number>();
	readonly #withLatency: ReadonlySet<string>;
	readonly #tenantIndex = new Map<string, number>();
	readonly #uses = new Map<string, Use[]>();
	readonly register: Register;
	readonly kept: KeptAttributes;
	readonly #cohorts: CohortGroups;
	/** By group, then SLO. */
	readonly #cohortPairs: readonly (readonly number[])[];
	readonly #roleSets = new Map<string, RoleSet>();
	readonly #lists = new Map<string, readonly number[]>();
	readonly #simple = new Map<Use, readonly SimpleLists[]>();
	readonly #numbers = new Map<RoleSet, number>();
	/** Workload of each SLO. */
	readonly #workloads: readonly string[];
	/** What came and is in no SLO, for who looks for data that do not arrive. */
	readonly unused = new UnusedMetrics();

	constructor(catalogue: SelectionSource) {
		const pairs: Pair[] = [];
		const add = (pair: Pair): number => {
			this.#pairIndex.set(pairKey(pair.tenant, pair.slo), pairs.length);
			return pairs.push(pair) - 1;
		};
		const { slos } = catalogue;
		this.kept = new KeptAttributes(slos);
		this.#workloads = slos.map((slo) => slo.workload);
		this.#withLatency = new Set(slos.filter(keepsLatency).map((slo) => slo.name));
		this.tenants = [FLEET, ...catalogue.tenants.map((tenant) => tenant.name)];
		this.#fleetPairs = slos.map((slo) => {
			const { objective } = effectiveObjective(catalogue, slo, undefined);
			return add({ tenant: FLEET, slo: slo.name, objective, periodMs: slo.periodMs });
		});
		this.#tenantPairs = [
			new Map(),
			...catalogue.tenants.map((tenant) => {
				const own = new Map<number, number>();
				slos.forEach((slo, index) => {
					if (!tenant.workloads.includes(slo.workload)) return;
					const { objective } = effectiveObjective(catalogue, slo, tenant);
					own.set(index, add({ tenant: tenant.name, slo: slo.name, objective, periodMs: slo.periodMs }));
				});
				return own;
			}),
		];
		this.judgedPairs = pairs.length;
		this.#cohorts = new CohortGroups(catalogue);
		this.#cohortPairs = this.#cohorts.names.map((tenant) =>
			slos.map((slo, index) => add({ ...(pairs[index] as Pair), tenant, slo: slo.name })),
		);
		this.pairs = pairs;
		this.ownPairs = new Set(pairs.flatMap(({ slo }, pair) => (isOwnName(slo) ? [pair] : [])));
		slos.forEach((slo, index) => {
			this.#sloIndex.set(slo.name, index);
			for (const use of usesOf(slo, index))
				if ((use.selector.signal ?? "metric") === "metric") push(this.#uses, use.selector.metric, use);
		});
		this.tenants.forEach((name, index) => {
			this.#tenantIndex.set(name, index);
		});
		this.register = new Register(catalogue.tenants);
	}

	pairOf(tenant: string, slo: string): number | undefined {
		return this.#pairIndex.get(pairKey(tenant, slo));
	}

	hasSlo(slo: string): boolean {
		return this.#sloIndex.has(slo);
	}

	/** Its events have latencies, and they are kept. */
	keepsLatency(slo: string): boolean {
		return this.#withLatency.has(slo);
	}

	/** 0 for a name that is no key tenant. */
	tenantIndex(name: string): number {
		return this.#tenantIndex.get(name) ?? 0;
	}

	/** Names of the attributes that can name a key tenant or a cohort. */
	tenantAttributes(): Iterable<string> {
		return new Set([...this.register.attributes(), ...this.#cohorts.attributes]);
	}

	usesMetric(metric: string): boolean {
		if (this.#uses.has(metric)) return true;
		this.unused.name(metric);
		return false;
	}

	/** The key tenant that attributes name, at whatever time and for whatever workload; 0: none; -1: two different ones. */
	tenantOf(...lists: readonly (readonly Attribute[])[]): number {
		return agreedTenant(this.register.claims(lists));
	}

	/** The key tenant that attributes name for an SLO at a time (ms epoch); 0: none; -1: two different ones. */
	tenantAt(at: number, slo: string, ...lists: readonly (readonly Attribute[])[]): number {
		const index = this.#sloIndex.get(slo);
		const workload = index === undefined ? undefined : this.#workloads[index];
		return ownerOf(this.register.claims(lists), at * 1000, workload);
	}

	/** What a stream of this identity and kind feeds, or the verdict on all its points. */
	resolve(id: StreamIdentity, kind: Kind): RoleSet | number {
		const named = this.#uses.get(id.metric);
		const uses = named ?? (kind === KIND.cumulativeSum ? this.#classicUses(id) : undefined);
		const claims = this.register.claims([id.resource, id.point]);
		const tenant = agreedTenant(claims);
		if (tenant < 0 && this.register.isPlain) return verdict(REASON.tenant_conflict, 0);
		const attributes = new Map<string, string>();
		for (const list of [id.resource, id.scope, id.point])
			for (const [name, typedValue] of list) attributes.set(name, typedValue.slice(1));
		const selecting = uses?.filter(
			(use) =>
				// A histogram is fifteen of them: of a customer that is no key tenant they are not worth it.
				(use.bucket === undefined || this.#tenantPairs[Math.max(0, tenant)]?.has(use.slo)) &&
				use.where.every(({ name, test }) => test(attributes.get(name) ?? "")),
		);
		if (!selecting?.length) {
			if (uses === undefined) this.unused.name(id.metric);
			else this.unused.mismatch(id.metric, attributes, conditionNames(uses.filter((use) => use.bucket === undefined)));
			return verdict(REASON.no_sli, Math.max(0, tenant));
		}
		const fitting = named ? selecting.filter((use) => fits(use, kind)) : selecting;
		if (fitting.length === 0) return verdict(REASON.unsupported_type, Math.max(0, tenant));
		const groups = this.#cohorts.ofAttributes(attributes);
		if (this.register.isPlain) return this.#roleSet(tenant, fitting, kind, groups, false);
		return this.#conditionalRoles(claims, fitting, kind, groups);
	}

	/** Roles where ids have conditions: by workload, and by the point's own time. */
	#conditionalRoles(
		claims: readonly Claim[],
		uses: readonly Use[],
		kind: Kind,
		groups: readonly number[],
	): RoleSet | number {
		const boundaries = boundariesOf(claims);
		const spans = [-Infinity, ...boundaries].map((time) => {
			const owners = uses.map((use) => ownerOf(claims, time, use.workload));
			const named = [...new Set(owners)].filter((owner) => owner !== 0);
			const isConflict = named.length > 1 || named[0] === -1;
			const tenant = isConflict ? 0 : (named[0] ?? 0);
			const own = uses.filter((_, k) => owners[k] === tenant);
			return this.#roleSet(tenant, uses, kind, groups, isConflict, own.length === uses.length ? undefined : own);
		});
		const last = spans.at(-1) as RoleSet;
		if (!spans.every((each) => each === last)) return this.#dated(boundaries, spans);
		return last.special ? verdict(REASON.tenant_conflict, 0) : last;
	}

	#dated(boundaries: readonly number[], spans: readonly RoleSet[]): RoleSet {
		const key = `dated|${boundaries.join()}|${spans.map((each) => this.#numberOf(each)).join()}`;
		const known = this.#roleSets.get(key);
		if (known) return known;
		const set: RoleSet = { ...(spans.at(-1) as RoleSet), special: { kind: "dated", boundaries, spans } };
		this.#roleSets.set(key, set);
		return set;
	}

	#numberOf(roles: RoleSet): number {
		const number = this.#numbers.get(roles) ?? this.#numbers.size;
		this.#numbers.set(roles, number);
		return number;
	}

	/** A histogram `x` of Prometheus comes as counters: `x_count`, and `x_bucket` with the bound in the label `le`. */
	#classicUses({ metric, point }: StreamIdentity): readonly Use[] | undefined {
		const [, base, part] = /^(.+)_(bucket|count)$/.exec(metric) ?? [];
		const uses = base === undefined ? undefined : this.#uses.get(base);
		if (!uses?.some((use) => use.selector.le !== undefined)) return undefined;
		const label = part === "bucket" ? point.find(([name]) => name === "le")?.[1].slice(1) : undefined;
		if (part === "bucket" && !label) return undefined;
		const le = label === undefined ? undefined : label === "+Inf" ? Number.POSITIVE_INFINITY : Number(label);
		const counted = uses.filter((use) => !use.threshold && use.selector.le === le);
		if (le === undefined || Number.isNaN(le)) return counted;
		const kept = uses.filter((use) => use.keepsLatency);
		return [...counted, ...kept.map((use) => ({ ...use, bad: 0, total: 0, keepsLatency: false, bucket: le }))];
	}

	/** Pairs that one event of (tenant, SLO) feeds: the tenant's own, if it has one, its tier's cohorts, and the fleet's. */
	pairsFed(tenant: number, slo: string): number[] {
		const index = this.#sloIndex.get(slo);
		if (index === undefined) return [];
		const own = this.#tenantPairs[tenant]?.get(index);
		return [...(own === undefined ? [] : [own]), ...this.#sharedPairs(index, this.#cohorts.ofTenant(tenant))];
	}

	/** Cohort groups that an event's own attributes name. */
	groupsOf(value: (name: string) => string): readonly number[] {
		const { attributes } = this.#cohorts;
		if (attributes.length === 0) return NO_GROUPS;
		return this.#cohorts.ofAttributes(new Map(attributes.map((name) => [name, value(name)])));
	}

	/** Pairs that an event of these groups feeds; `tenant` undefined: nobody owns it for this SLO. */
	pairsOfEvent(tenant: number | undefined, slo: number, groups: readonly number[]): number[] {
		const own = tenant === undefined ? undefined : this.#tenantPairs[tenant]?.get(slo);
		const byTier = tenant === undefined ? NO_GROUPS : this.#cohorts.ofTenant(tenant);
		return [...(own === undefined ? [] : [own]), ...this.#sharedPairs(slo, [...groups, ...byTier])];
	}

	/** The fleet's pair of an SLO and those of cohort groups. */
	#sharedPairs(slo: number, groups: readonly number[]): number[] {
		const cohorts = groups.map((group) => this.#cohortPairs[group]?.[slo] as number);
		return [this.#fleetPairs[slo] as number, ...cohorts];
	}

	/** `own`: the uses that are the tenant's; undefined: all. */
	#roleSet(
		tenant: number,
		uses: readonly Use[],
		kind: Kind,
		groups: readonly number[],
		isConflict: boolean,
		own?: readonly Use[] | undefined,
	): RoleSet {
		const hasResolution =
			kind === KIND.cumulativeExponential && uses.some((use) => Number.isFinite(use.selector.le ?? Number.NaN));
		const owned = own ? `own ${own.map((use) => use.slo).join()}|` : "";
		const isSketched = kind >= KIND.deltaHistogram && uses.some((use) => use.keepsLatency);
		const key = `${isSketched ? "latency|" : ""}${tenant}|${groups.join()}|${isConflict ? "conflict|" : ""}${owned}${hasResolution ? "resolution|" : ""}${uses.map((use) => `${use.slo},${use.selector.le ?? ""},${use.bad},${use.total}${use.bucket === undefined ? "" : `,${use.bucket}`}`).join("|")}`;
		let set = this.#roleSets.get(key);
		if (!set) {
			set = this.#makeRoleSet(tenant, uses, hasResolution, groups, own ?? uses, isSketched);
			if (isConflict) set = { ...set, special: { kind: "conflict" } };
			this.#roleSets.set(key, set);
		}
		return set;
	}

	#makeRoleSet(
		tenant: number,
		uses: readonly Use[],
		hasResolution: boolean,
		groups: readonly number[],
		ownUses: readonly Use[],
		isSketched: boolean,
	): RoleSet {
		const [only] = uses;
		const isSimple = uses.length === 1 && ownUses === uses && !hasResolution && !isSketched && groups.length === 0;
		if (isSimple && only && !only.threshold && only.bucket === undefined) {
			const simple = this.#simpleRoles(tenant, only);
			if (simple) return simple;
		}
		const counted = uses.filter((use) => use.bucket === undefined);
		const values = counted.map((use) => use.selector.le ?? Number.POSITIVE_INFINITY);
		const bounds = values.length === 0 ? [Number.POSITIVE_INFINITY] : [...new Set(values)].sort((a, b) => a - b);
		if (hasResolution) bounds.unshift(RESOLUTION_BOUND);
		const roles = new Map<string, { channel: number; pair: number; bad: number; total: number }>();
		const thresholds: RoleSet["thresholds"][number][] = [];
		const sketched = new Set<number>();
		let bucket: RoleSet["bucket"];
		for (const use of uses) {
			const isOwn = ownUses.includes(use);
			const own = isOwn ? this.#tenantPairs[tenant]?.get(use.slo) : undefined;
			if (use.bucket !== undefined) {
				if (own !== undefined) bucket = { le: use.bucket, pairs: [...(bucket?.pairs ?? []), own] };
				continue;
			}
			const shared = this.#sharedPairs(use.slo, isOwn ? [...groups, ...this.#cohorts.ofTenant(tenant)] : groups);
			const channel = bounds.indexOf(use.selector.le ?? Number.POSITIVE_INFINITY);
			for (const pair of own === undefined ? shared : [own, ...shared]) {
				if (isSketched && use.keepsLatency) sketched.add(pair);
				if (use.threshold) {
					thresholds.push({ pair, ...use.threshold });
					continue;
				}
				// One stream may be both good and total: the shares of the same pair add up.
				const role = roles.get(`${channel},${pair}`) ?? { channel, pair, bad: 0, total: 0 };
				roles.set(`${channel},${pair}`, { ...role, bad: role.bad + use.bad, total: role.total + use.total });
			}
		}
		const list = [...roles.values()];
		const pairs = list.map((role) => role.pair);
		const touched = [...new Set([...pairs, ...thresholds.map((each) => each.pair)])];
		return {
			tenant,
			bounds: this.#shared(bounds),
			channels: this.#shared(list.map((role) => role.channel)),
			pairs,
			bad: this.#shared(list.map((role) => role.bad)),
			total: this.#shared(list.map((role) => role.total)),
			thresholds: thresholds.length > 0 ? thresholds : NO_THRESHOLDS,
			touched: touched.length === pairs.length ? pairs : touched,
			sketched: sketched.size > 0 ? [...sketched] : NO_PAIRS,
			bucket,
			special: undefined,
		};
	}

	/** What nearly every stream is: one use, for the tenant and the fleet alone. A start makes one for each tenant and SLO. */
	#simpleRoles(tenant: number, use: Use): RoleSet | undefined {
		if (this.#cohorts.ofTenant(tenant).length > 0) return undefined;
		const own = this.#tenantPairs[tenant]?.get(use.slo);
		const fleet = this.#fleetPairs[use.slo] as number;
		const pairs = own === undefined ? [fleet] : [own, fleet];
		let lists = this.#simple.get(use);
		if (!lists) {
			const of = (count: number) => ({
				bounds: this.#shared([use.selector.le ?? Number.POSITIVE_INFINITY]),
				channels: this.#shared(new Array<number>(count).fill(0)),
				bad: this.#shared(new Array<number>(count).fill(use.bad)),
				total: this.#shared(new Array<number>(count).fill(use.total)),
			});
			lists = [of(1), of(2)];
			this.#simple.set(use, lists);
		}
		const { bounds, channels, bad, total } = lists[pairs.length - 1] as SimpleLists;
		return {
			tenant,
			bounds,
			channels,
			pairs,
			bad,
			total,
			thresholds: NO_THRESHOLDS,
			touched: pairs,
			sketched: NO_PAIRS,
			bucket: undefined,
			special: undefined,
		};
	}

	/** One list for all role sets that have the same: there is a role set per tenant, and few kinds of them. */
	#shared(list: readonly number[]): readonly number[] {
		const key = list.join();
		const known = this.#lists.get(key);
		if (known) return known;
		this.#lists.set(key, list);
		return list;
	}
}

/** Lists of a role set that are the same for all tenants. */
type SimpleLists = Pick<RoleSet, "bounds" | "channels" | "bad" | "total">;

const NO_GROUPS: readonly number[] = [];
const NO_PAIRS: readonly number[] = [];
const NO_THRESHOLDS: RoleSet["thresholds"] = [];

function fits(use: Use, kind: Kind): boolean {
	if (use.threshold) return kind === KIND.gauge;
	if (kind === KIND.gauge) return false;
	return use.selector.le === undefined || kind >= KIND.deltaHistogram;
}

/** The one tenant that all claims name, whatever their conditions; 0: there is none; -1: they name several. */
function agreedTenant(claims: readonly Claim[]): number {
	let found = 0;
	for (const { tenant } of claims) {
		if (tenant === found) continue;
		if (found !== 0) return -1;
		found = tenant;
	}
	return found;
}

function pairKey(tenant: string, slo: string): string {
	return `${slo}\n${tenant}`;
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
	const list = map.get(key);
	if (list) list.push(value);
	else map.set(key, [value]);
}

function conditionNames(uses: readonly Use[]): string[] {
	return uses.flatMap((use) => use.where.map(({ name }) => name));
}
