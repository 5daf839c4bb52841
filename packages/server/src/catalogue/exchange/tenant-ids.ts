import type { Findings } from "../finding.ts";
import type { Catalogue } from "../types.ts";

/** One id of one key tenant, under the conditions that other systems can hold too. */
export interface TenantId {
	readonly tenant: string;
	readonly attribute: string;
	/** `value`: the attribute equals it; `pattern`: RE2 that fits the whole value. */
	readonly kind: "value" | "pattern";
	readonly text: string;
	/** Only for SLOs of this workload; "" for all. */
	readonly workload: string;
	/** The point's time, from ≤ time < until, ms epoch. */
	readonly from?: number | undefined;
	readonly until?: number | undefined;
}

/** Every id in the order of tenants. Ids of a single source are told and left out: other systems do not know our sources. */
export function tenantIds(catalogue: Catalogue, findings: Findings): TenantId[] {
	return catalogue.tenants.flatMap((tenant) => {
		const ids: TenantId[] = [];
		for (const [attribute, values] of Object.entries(tenant.match))
			for (const text of values) ids.push({ tenant: tenant.name, attribute, kind: "value", text, workload: "" });
		for (const alias of tenant.aliases ?? []) {
			if (alias.source !== undefined) {
				const message = `Ids of ${tenant.name} that hold only for the source ${alias.source} are left out.`;
				findings.warn(PLACE, message, "Give the tenant an id that holds for all sources.");
				continue;
			}
			const { attribute, workload = "", from, until } = alias;
			const shared = { tenant: tenant.name, attribute, workload, from, until };
			for (const text of alias.values) ids.push({ ...shared, kind: "value", text });
			for (const text of alias.patterns) ids.push({ ...shared, kind: "pattern", text });
		}
		return ids;
	});
}

/** Tenants have no place of their own once they are read. */
const PLACE = { file: "tenants", line: 1, column: 1 };

/** Attributes that ids stand in, by name. */
export function attributesOf(ids: readonly TenantId[]): string[] {
	return [...new Set(ids.map((id) => id.attribute))].toSorted();
}
