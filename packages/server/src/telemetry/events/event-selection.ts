import type { Matcher, Selector, Signal, Slo } from "#catalogue";
import { matcherTest } from "#catalogue";
import { REASON, verdict } from "../intake/reasons.ts";
import { type Attribute, meetsThreshold, type Selection } from "../selection/selection.ts";
import { keepsLatency } from "../selection/uses.ts";

/** A selector with this name takes events of any name. */
export const ANY_NAME = "*";

/** What selectors see of one event. */
export interface EventFacts {
	readonly name: string;
	/** Duration in ms of a span, `value` of an event of the API; NaN: it has none. */
	readonly measure: number;
	/** An attribute, or a field of the event such as `span.kind`, as text; "" when it is missing. */
	value(name: string): string;
}

/** Whose an event is. */
export interface EventBy {
	/** What the attributes say, whenever it holds; 0: no key tenant, -1: two. */
	readonly tenant: number;
	/** The tenant is named itself, not by attributes. */
	readonly isNamed?: boolean;
	/** µs. */
	readonly time: number;
	/** Attributes of the event and of its resource. */
	readonly lists: readonly (readonly Attribute[])[];
}

interface Conditions {
	/** Undefined: any. */
	readonly name: string | undefined;
	readonly where: readonly { readonly name: string; readonly test: (value: string) => boolean }[];
	/** The measure must be at most this. */
	readonly le: number | undefined;
}

/** How one SLO counts events: those that `all` selects, good unless `isBad`. */
export interface EventUse {
	readonly slo: number;
	readonly all: Conditions;
	isBad(facts: EventFacts): boolean;
}

/** What a member of roles says besides its SLO: the event is bad there; the tenant does not own it there. */
export const IS_BAD = 1;
const IS_NOT_OWN = 2;
const MEMBER_FLAGS = 4;

/** Which pairs one event feeds, and as what. */
export interface EventRoles {
	/** Index of the tenant that it is accounted to; 0: no key tenant. */
	readonly tenant: number;
	/** By SLO: its index × 4 and the flags. */
	readonly members: readonly number[];
	/** Cohort groups that its attributes name. */
	readonly groups: readonly number[];
	readonly pairs: readonly number[];
	/** 0 or 1 for each of `pairs`. */
	readonly bad: readonly number[];
	/** Those whose sketches take the event's latency. */
	readonly sketched: readonly number[];
	/** What it has of kept attributes; see `KeptAttributes`. */
	readonly profile: number;
	/** Events since `takeFresh`, and the time of the newest, µs. */
	fresh: number;
	lastTime: number;
}

export interface FreshOfRoles {
	readonly roles: EventRoles;
	readonly fresh: number;
	/** µs. */
	readonly lastTime: number;
}

/** Selectors of one signal, made ready so that events that no SLO uses are told by their name's bytes. */
export class SignalUses {
	readonly isEmpty: boolean;
	/** Attributes that conditions or the register of tenants ask for: others need not be read. */
	readonly keys: KeyTable;
	readonly #any: readonly EventUse[];
	readonly #byName = new Map<string, readonly EventUse[]>();
	/** Names by their length in bytes. */
	readonly #names: { readonly bytes: Buffer; readonly uses: readonly EventUse[] }[][] = [];

	constructor(uses: readonly EventUse[], keys: Iterable<string>) {
		this.isEmpty = uses.length === 0;
		this.keys = new KeyTable(keys);
		this.#any = uses.filter((use) => use.all.name === undefined);
		for (const name of new Set(uses.map((use) => use.all.name))) {
			if (name === undefined) continue;
			const own = uses.filter((use) => use.all.name === undefined || use.all.name === name);
			this.#byName.set(name, own);
			const bytes = Buffer.from(name);
			this.#names[bytes.length] = [...(this.#names[bytes.length] ?? []), { bytes, uses: own }];
		}
	}

	/** Uses that an event of this name may have; empty: nothing of it matters. */
	of(name: string): readonly EventUse[] {
		return this.#byName.get(name) ?? this.#any;
	}

	/** The same by the name's bytes. */
	ofBytes(bytes: Buffer, from: number, to: number): readonly EventUse[] {
		const names = this.#names[to - from];
		if (names) for (const each of names) if (holds(bytes, from, each.bytes)) return each.uses;
		return this.#any;
	}
}

/** Names are short: a loop is quicker than a call into native code. */
function holds(bytes: Uint8Array, from: number, name: Uint8Array): boolean {
	for (let k = 0; k < name.length; k++) if (bytes[from + k] !== name[k]) return false;
	return true;
}

/** Tells by its bytes whether an attribute's name is among those asked for. */
export class KeyTable {
	readonly #keys: ReadonlySet<string>;
	readonly #byLength: Buffer[][] = [];

	constructor(keys: Iterable<string>) {
		this.#keys = new Set(keys);
		for (const key of this.#keys) {
			const bytes = Buffer.from(key);
			this.#byLength[bytes.length] = [...(this.#byLength[bytes.length] ?? []), bytes];
		}
	}

	has(key: string): boolean {
		return this.#keys.has(key);
	}

	hasBytes(bytes: Buffer, from: number, to: number): boolean {
		const keys = this.#byLength[to - from];
		if (keys) for (const key of keys) if (holds(bytes, from, key)) return true;
		return false;
	}
}

/** What events mean under one catalogue: which SLOs select them, and which pairs they feed. */
export class EventSelection {
	readonly spans: SignalUses;
	readonly logs: SignalUses;
	readonly events: SignalUses;
	readonly selection: Selection;
	readonly #slos: readonly Slo[];
	readonly #sloIndex = new Map<string, number>();
	readonly #roles: EventRoles[] = [];
	readonly #first = new Map<number, Branch>();
	readonly #members: number[] = [];

	/** `tenantAttributes`: those that may name a tenant besides the register's. */
	constructor(selection: Selection, slos: readonly Slo[], tenantAttributes: readonly string[]) {
		this.selection = selection;
		this.#slos = slos;
		slos.forEach((slo, index) => {
			this.#sloIndex.set(slo.name, index);
		});
		const of = (signal: Signal): SignalUses => {
			const own = slos.flatMap((slo, index) => (signalOf(slo) === signal ? [useOf(slo, index)] : []));
			const keys = slos.flatMap((slo) => (signalOf(slo) === signal ? conditionNames(slo) : []));
			const kept = own.length > 0 ? selection.kept.eventNames : [];
			return new SignalUses(own, [...keys, ...kept, ...selection.tenantAttributes(), ...tenantAttributes]);
		};
		this.spans = of("span");
		this.logs = of("log");
		this.events = of("event");
	}

	/** Roles of an event that may have `uses`, or the verdict on it. */
	resolve(uses: readonly EventUse[], facts: EventFacts, by: EventBy): number {
		if (by.tenant < 0 && this.selection.register.isPlain) return verdict(REASON.tenant_conflict, 0);
		const members = this.#members;
		members.length = 0;
		for (const use of uses)
			if (meets(use.all, facts)) members.push(use.slo * MEMBER_FLAGS + (use.isBad(facts) ? IS_BAD : 0));
		if (members.length === 0) return verdict(REASON.no_sli, Math.max(0, by.tenant));
		return this.#owned(by, members, (name) => facts.value(name));
	}

	/** Roles of an event of the SLO that it names itself. */
	resolveNamed(slo: number, isBad: boolean, by: EventBy): number {
		if (by.tenant < 0 && this.selection.register.isPlain) return verdict(REASON.tenant_conflict, 0);
		const value = (name: string): string => attributeValue(name, ...by.lists);
		return this.#owned(by, [slo * MEMBER_FLAGS + (isBad ? IS_BAD : 0)], value);
	}

	/** Ids may belong to a tenant for one workload or for a time only: then each SLO is asked by itself. */
	#owned(by: EventBy, members: number[], value: (name: string) => string): number {
		const groups = this.selection.groupsOf(value);
		const profile = this.selection.kept.ofEvent(Math.max(0, by.tenant), value);
		if (by.isNamed || this.selection.register.isPlain) return this.rolesOf(by.tenant, members, groups, profile);
		const owners = members.map((member) =>
			this.selection.tenantAt(by.time / 1000, (this.#slos[sloOf(member)] as Slo).name, ...by.lists),
		);
		const named = new Set(owners.filter((owner) => owner !== 0));
		const [tenant = 0] = named;
		if (named.size > 1 || tenant < 0) return verdict(REASON.tenant_conflict, 0);
		owners.forEach((owner, k) => {
			if (owner !== tenant) members[k] = (members[k] as number) + IS_NOT_OWN;
		});
		return this.rolesOf(tenant, members, groups, profile);
	}

	/** Undefined: there is no such SLO. */
	slo(name: string): { readonly index: number; readonly slo: Slo } | undefined {
		const index = this.#sloIndex.get(name);
		return index === undefined ? undefined : { index, slo: this.#slos[index] as Slo };
	}

	rolesAt(code: number): EventRoles {
		return this.#roles[code] as EventRoles;
	}

	/** The number of the roles that `members` give an event of this tenant; the same for the same. */
	rolesOf(tenant: number, members: readonly number[], groups: readonly number[], profile: number): number {
		let branch = branchAt(branchAt(this.#first, tenant).next, profile);
		for (const group of groups) branch = branchAt(branch.next, -1 - group);
		for (const member of members) branch = branchAt(branch.next, member);
		if (branch.code < 0) branch.code = this.#roles.push(this.#make(tenant, members, groups, profile)) - 1;
		return branch.code;
	}

	/** What events brought since the last call. */
	takeFresh(): readonly FreshOfRoles[] {
		const taken = this.peekFresh();
		for (const { roles } of taken) {
			roles.fresh = 0;
			roles.lastTime = 0;
		}
		return taken;
	}

	/** The same, and it stays. */
	peekFresh(): readonly FreshOfRoles[] {
		return this.#roles.flatMap((roles) => {
			const { fresh, lastTime } = roles;
			return fresh === 0 ? [] : [{ roles, fresh, lastTime }];
		});
	}

	#make(tenant: number, members: readonly number[], groups: readonly number[], profile: number): EventRoles {
		const pairs: number[] = [];
		const bad: number[] = [];
		const sketched: number[] = [];
		for (const member of members) {
			const owner = member & IS_NOT_OWN ? undefined : tenant;
			for (const pair of this.selection.pairsOfEvent(owner, sloOf(member), groups)) {
				pairs.push(pair);
				bad.push(member & IS_BAD);
				if (keepsLatency(this.#slos[sloOf(member)] as Slo)) sketched.push(pair);
			}
		}
		return { tenant, members: [...members], groups: [...groups], pairs, bad, sketched, profile, fresh: 0, lastTime: 0 };
	}
}

function sloOf(member: number): number {
	return Math.floor(member / MEMBER_FLAGS);
}

/** A way through the numbers of tenant, groups and members to their roles. */
interface Branch {
	readonly next: Map<number, Branch>;
	code: number;
}

function branchAt(branches: Map<number, Branch>, key: number): Branch {
	let branch = branches.get(key);
	if (!branch) {
		branch = { next: new Map(), code: -1 };
		branches.set(key, branch);
	}
	return branch;
}

/** The value of an attribute: of the event itself before its scope's, and that before its resource's. */
export function attributeValue(name: string, ...lists: readonly (readonly Attribute[])[]): string {
	for (const list of lists)
		for (let k = list.length - 1; k >= 0; k--) {
			const attribute = list[k] as Attribute;
			if (attribute[0] === name) return attribute[1].slice(1);
		}
	return "";
}

/** What an SLO counts; every selector of an SLO has the same signal. */
function signalOf(slo: Slo): Signal {
	return allOf(slo).signal ?? "metric";
}

function allOf({ indicator }: Slo): Selector {
	return indicator.kind === "ratio" ? indicator.total : indicator.metric;
}

function useOf(slo: Slo, index: number): EventUse {
	const { indicator } = slo;
	const all = conditionsOf(allOf(slo));
	if (indicator.kind === "threshold")
		return { slo: index, all, isBad: ({ measure }) => !meetsThreshold(measure, indicator.op, indicator.value) };
	// Whatever comes is a sign of life.
	if (indicator.kind === "heartbeat") return { slo: index, all, isBad: () => false };
	const part = conditionsOf(indicator.part);
	const isGood = indicator.numerator === "good";
	return { slo: index, all, isBad: (facts) => meets(part, facts) !== isGood };
}

function conditionsOf({ metric, where, le }: Selector): Conditions {
	return {
		name: metric === ANY_NAME ? undefined : metric,
		where: where.map((matcher) => ({ name: matcher.name, test: matcherTest(matcher) })),
		le,
	};
}

function conditionNames(slo: Slo): string[] {
	const { indicator } = slo;
	const selectors = indicator.kind === "ratio" ? [indicator.part, indicator.total] : [indicator.metric];
	return selectors.flatMap(({ where }) => where.map(({ name }: Matcher) => name));
}

function meets({ name, where, le }: Conditions, facts: EventFacts): boolean {
	if (name !== undefined && name !== facts.name) return false;
	if (le !== undefined && !(facts.measure <= le)) return false;
	for (const condition of where) if (!condition.test(facts.value(condition.name))) return false;
	return true;
}
