import type { Slo } from "#catalogue";
import type { Attribute } from "../selection/attribute.ts";

/** The place of everything that has no place of its own. */
export const UNPLACED = 0;
/** Combinations of values that are told apart; what comes when they are used up has no place of its own. */
const MAX_PROFILES = 100_000;
/** A tenant may bring four times as many as are still free, so that one that floods leaves room for the others. */
const SHARE_OF_FREE = 4;
/** Of streams that are folded. */
const MAX_FOLDED_PROFILES = 2_000;
/** Letters of a value; longer ones are cut. */
const MAX_VALUE = 200;
/** Cannot be in a value. */
const BETWEEN = "\u0000";
const NO_NAMES: readonly string[] = [];

/** The attributes whose values are counted together: one of an SLO's kept attributes, or all of them. */
export type Dimension = readonly string[];

/** What of a stream's identity is asked. */
interface Named {
	readonly metric: string;
	readonly resource: readonly Attribute[];
	readonly scope: readonly Attribute[];
	readonly point: readonly Attribute[];
}

/** The values that a stream or event has of some names. */
interface Profile {
	readonly names: readonly string[];
	readonly values: readonly string[];
	readonly isBlank: boolean;
	/** By SLO: the text of its value in each dimension of the SLO. */
	readonly leaves: (readonly string[] | undefined)[];
}

/**
 * Which attributes each SLO keeps, and the values that streams and events have of them. Values are numbered as profiles
 * when a stream is seen first; nothing here is asked per point.
 */
export class KeptAttributes {
	readonly isEmpty: boolean;
	/** Of all SLOs: an event may name any of them itself. */
	readonly eventNames: readonly string[];
	readonly #dimensions: readonly (readonly Dimension[])[];
	readonly #others: readonly (readonly string[])[];
	readonly #byMetric = new Map<string, readonly string[]>();
	readonly #profiles: Profile[] = [{ names: NO_NAMES, values: NO_NAMES, isBlank: false, leaves: [] }];
	readonly #numbers = new Map<string, number>();
	readonly #ofTenant = new Map<number, number>();
	#folded = 0;

	constructor(slos: readonly Pick<Slo, "indicator" | "keep">[]) {
		this.#dimensions = slos.map(({ keep = NO_NAMES }) =>
			keep.length > 1 ? [...keep.map((name) => [name]), keep] : keep.map((name) => [name]),
		);
		this.#others = this.#dimensions.map((dimensions) => dimensions.map(otherText));
		this.isEmpty = this.#dimensions.every((dimensions) => dimensions.length === 0);
		for (const { indicator, keep = NO_NAMES } of slos) {
			const selectors = indicator.kind === "ratio" ? [indicator.part, indicator.total] : [indicator.metric];
			for (const { metric, signal = "metric" } of selectors)
				if (signal === "metric")
					this.#byMetric.set(metric, [...new Set([...(this.#byMetric.get(metric) ?? []), ...keep])]);
		}
		this.eventNames = [...new Set(slos.flatMap(({ keep = NO_NAMES }) => keep))];
	}

	dimensionsOf(slo: number): readonly Dimension[] {
		return this.#dimensions[slo] ?? [];
	}

	/** Names of the leaves of an SLO, one per dimension, that stand for all that have no place of their own. */
	othersOf(slo: number): readonly string[] {
		return this.#others[slo] ?? NO_NAMES;
	}

	/** The number of what a stream has of the attributes that SLOs of its metric keep. */
	ofStream(identity: Named, tenant: number, isFolded = false): number {
		if (this.isEmpty) return UNPLACED;
		const names = this.#namesOf(identity.metric);
		if (names.length === 0) return UNPLACED;
		const lists = [identity.point, identity.scope, identity.resource];
		const values = names.map((name) => {
			for (const list of lists) for (const attribute of list) if (attribute[0] === name) return attribute[1].slice(1);
			return "";
		});
		return this.#number(tenant, names, values, isFolded);
	}

	/** The number of what an event has of `eventNames`. */
	ofEvent(tenant: number, value: (name: string) => string): number {
		const names = this.eventNames;
		return names.length === 0 ? UNPLACED : this.#number(tenant, names, names.map(value), false);
	}

	/** The number of what has none of the attributes. */
	get without(): number {
		return this.#number(0, NO_NAMES, NO_NAMES, false);
	}

	/** What an event's number means, for the journal, and back. */
	eventValues(profile: number): readonly string[] {
		return profile === UNPLACED ? NO_NAMES : (this.#profiles[profile] as Profile).values;
	}
	ofEventValues(tenant: number, values: readonly string[]): number {
		return values.length === 0 || values.length !== this.eventNames.length
			? UNPLACED
			: this.#number(tenant, this.eventNames, values, false);
	}

	/** Whether it is known to have none of its SLOs' attributes. */
	isBlank(profile: number): boolean {
		return (this.#profiles[profile] as Profile).isBlank;
	}

	/** The leaf in each dimension of an SLO of what has none of its attributes. */
	blanksOf(slo: number): readonly string[] {
		return this.dimensionsOf(slo).map((dimension) => leafText(dimension.map((name) => [name, ""])));
	}

	/** The leaf in each dimension of an SLO. */
	leavesOf(profile: number, slo: number): readonly string[] {
		if (profile === UNPLACED) return this.othersOf(slo);
		const { names, values, leaves } = this.#profiles[profile] as Profile;
		let known = leaves[slo];
		if (!known) {
			const valueHere = (name: string): string => values[names.indexOf(name)] ?? "";
			known = this.dimensionsOf(slo).map((dimension) => leafText(dimension.map((name) => [name, valueHere(name)])));
			leaves[slo] = known;
		}
		return known;
	}

	/** A histogram `x` of Prometheus comes as counters `x_count` and `x_bucket`. */
	#namesOf(metric: string): readonly string[] {
		return this.#byMetric.get(metric) ?? this.#byMetric.get(metric.replace(/_(bucket|count)$/, "")) ?? NO_NAMES;
	}

	#number(tenant: number, names: readonly string[], values: readonly string[], isFolded: boolean): number {
		const cut = values.map((value) => value.slice(0, MAX_VALUE).replaceAll(BETWEEN, " "));
		const key = `${names.join(BETWEEN)}${BETWEEN}${BETWEEN}${cut.join(BETWEEN)}`;
		const known = this.#numbers.get(key);
		if (known !== undefined) return known;
		const held = this.#ofTenant.get(tenant) ?? 0;
		if (held >= SHARE_OF_FREE * (MAX_PROFILES - this.#profiles.length)) return UNPLACED;
		if (isFolded && this.#folded >= MAX_FOLDED_PROFILES) return UNPLACED;
		if (isFolded) this.#folded++;
		this.#ofTenant.set(tenant, held + 1);
		const isBlank = cut.every((value) => value === "");
		const number = this.#profiles.push({ names, values: cut, isBlank, leaves: [] }) - 1;
		this.#numbers.set(key, number);
		return number;
	}
}

/** How a leaf is named in the store: attributes and values, or without values for all others. */
export function leafText(values: readonly (readonly [name: string, value: string])[]): string {
	return JSON.stringify(values);
}

function otherText(dimension: Dimension): string {
	return JSON.stringify(dimension.map((name) => [name]));
}

/** Values of a leaf, in the order of its dimension; undefined: it stands for all others. */
export function leafValues(text: string): string[] | undefined {
	const pairs = JSON.parse(text) as [string, string?][];
	return pairs.some((pair) => pair.length === 1) ? undefined : pairs.map(([, value]) => value as string);
}

/** What tells the leaves of one dimension from those of another. */
export function dimensionKey(dimension: Dimension): string {
	return JSON.stringify(dimension);
}

export function dimensionOf(text: string): string {
	return JSON.stringify((JSON.parse(text) as [string, string?][]).map(([name]) => name));
}
