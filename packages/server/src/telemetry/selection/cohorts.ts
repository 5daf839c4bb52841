import type { Catalogue, Cohort } from "#catalogue";
import { AGGREGATE_PREFIX } from "../types.ts";

/** Attributes of a stream by name; a missing one is "". */
type Attributes = ReadonlyMap<string, string>;

/**
 * The groups of all cohorts, numbered. A stream belongs to at most one group of each dimension; who sends it does not
 * matter, except for dimensions by tier, whose groups are key tenants.
 */
export class CohortGroups {
	/** Tenant names of the groups' windows, such as `~region:eu`. */
	readonly names: readonly string[];
	readonly attributes: readonly string[];
	readonly #byAttribute: readonly { readonly attribute: string; readonly groups: ReadonlyMap<string, number> }[];
	/** Groups by tier of each tenant; index 0 is no key tenant. */
	readonly #ofTenant: readonly (readonly number[])[];

	constructor({ cohorts = [], tiers, tenants }: Pick<Catalogue, "cohorts" | "tiers" | "tenants">) {
		const names: string[] = [];
		const group = (cohort: Cohort, name: string): number => names.push(`${AGGREGATE_PREFIX}${cohort.name}:${name}`) - 1;
		this.#byAttribute = cohorts.flatMap((cohort) => {
			if (cohort.by !== "attribute") return [];
			const groups = new Map<string, number>();
			for (const [name, values] of Object.entries(cohort.groups)) {
				const index = group(cohort, name);
				for (const value of values) groups.set(value, index);
			}
			return [{ attribute: cohort.attribute, groups }];
		});
		const byTier = cohorts
			.filter((cohort) => cohort.by === "tier")
			.map((cohort) => new Map(tiers.map((tier) => [tier.name, group(cohort, tier.name)])));
		this.#ofTenant = [[], ...tenants.map((tenant) => byTier.flatMap((groups) => groups.get(tenant.tier) ?? []))];
		this.names = names;
		this.attributes = this.#byAttribute.map(({ attribute }) => attribute);
	}

	/** Groups of a key tenant, whatever it sends. */
	ofTenant(tenant: number): readonly number[] {
		return this.#ofTenant[tenant] ?? [];
	}

	/** Groups that a stream's own attributes name. */
	ofAttributes(attributes: Attributes): number[] {
		return this.#byAttribute.flatMap(({ attribute, groups }) => groups.get(attributes.get(attribute) ?? "") ?? []);
	}
}
