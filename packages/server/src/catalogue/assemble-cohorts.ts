import { attributes } from "./attributes.ts";
import type { Entry } from "./entries.ts";
import { type Context, displayName } from "./references.ts";
import type { Cohort } from "./types.ts";

/** Each group has windows for every SLO; this many stay cheap beside the tenants. */
const MAX_GROUPS = 500;

export function assembleCohorts(context: Context): Cohort[] {
	let groups = 0;
	return context.entries.of("Cohort").flatMap((entry) => {
		const cohort = assembleCohort(context, entry);
		if (cohort?.by !== "attribute") return cohort ?? [];
		groups += Object.keys(cohort.groups).length;
		if (groups <= MAX_GROUPS) return cohort;
		const message = `The cohorts have ${groups} groups together, more than ${MAX_GROUPS}.`;
		context.error(entry, ["spec", "groups"], message, "Put values together into fewer groups.", "key");
		return [];
	});
}

function assembleCohort(context: Context, entry: Entry<"Cohort">): Cohort | undefined {
	const { by = "attribute", attribute, groups } = entry.input.spec;
	const named = { name: entry.name, displayName: displayName(entry) };
	if (by === "tier") {
		const extra = (["attribute", "groups"] as const).find((field) => entry.input.spec[field] !== undefined);
		if (!extra) return { ...named, by };
		const message = `spec.${extra} has no meaning for a cohort by tier.`;
		context.error(entry, ["spec", extra], message, "Remove it, or write by: attribute.", "key");
		return undefined;
	}
	if (attribute === undefined || groups === undefined || Object.keys(groups).length === 0) {
		const message = `spec.${attribute === undefined ? "attribute" : "groups"} is missing.`;
		context.error(
			entry,
			["spec"],
			message,
			"Write attribute: cloud.region and groups: { eu: [westeurope, northeurope] }, or by: tier.",
		);
		return undefined;
	}
	const values = attributes(context, entry.document, ["spec", "groups"], groups);
	const owners = new Map<string, string>();
	for (const [group, list] of Object.entries(values))
		for (const value of list) {
			const owner = owners.get(value);
			if (owner === undefined) owners.set(value, group);
			else {
				const message = `spec.groups.${group} holds ${JSON.stringify(value)}, which is in ${owner} already.`;
				context.error(entry, ["spec", "groups", group], message, "Write each value in one group.");
			}
		}
	return { ...named, by, attribute, groups: values };
}
