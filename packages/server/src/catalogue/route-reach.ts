import type { Entry } from "./entries.ts";
import { type Box, boxOf, type Domain, intersect, isCovered, isEmpty } from "./label-domain.ts";
import { labelOf } from "./label-matchers.ts";
import type { Context } from "./references.ts";
import type { Ownership, RouteRule } from "./routing-types.ts";
import { type Path, pathText, show } from "./wording.ts";

/** A route with the place where it is written. */
export interface Node {
	readonly rule: RouteRule;
	readonly path: Path;
	readonly routes: readonly Node[];
}

interface Parts {
	readonly domain: Domain;
	readonly ownership: readonly Ownership[];
}

/** Reports routes that no incident of this catalogue can reach, chains that can never start, and owners who cannot be paged. */
export function checkReach(context: Context, entry: Entry<"Route">, parts: Parts, root: Node): void {
	if (!context.complete("KeyTenant", "KeyTenantList", "Tier", "Workload", "Service", "SLO", "Monitor")) return;
	walk(context, entry, parts, root, boxOf(parts.domain, []));
}

function walk(context: Context, entry: Entry<"Route">, parts: Parts, node: Node, box: Box): void {
	checkOwners(context, entry, parts, node, box);
	const taken: { readonly node: Node; readonly box: Box }[] = [];
	const paged: { readonly node: Node; readonly box: Box }[] = [];
	for (const child of node.routes) {
		const own = intersect(box, boxOf(parts.domain, child.rule.match));
		const at = child.rule.match.length > 0 ? [...child.path, "match"] : child.path;
		if (isEmpty(own)) {
			const message = `${pathText(child.path)} can match no incident of this catalogue.`;
			context.error(
				entry,
				at,
				message,
				"Its matchers, and those above it, exclude each other. Correct or remove it.",
				"key",
			);
			continue;
		}
		if (
			isCovered(
				parts.domain,
				own,
				taken.map((each) => each.box),
			)
		) {
			const before = taken.findLast((each) => isCovered(parts.domain, own, [each.box]))?.node.rule.name;
			const by = before === undefined ? "the routes before it together" : `route ${show(before)}`;
			const message = `${pathText(child.path)} is never reached: ${by} ${before === undefined ? "take" : "takes"} all of its incidents.`;
			context.error(entry, at, message, "Put it before, or write continue: true there.", "key");
			continue;
		}
		const earlier = paged.find((each) => isCovered(parts.domain, own, [each.box]));
		if (earlier && hasOwnPolicy(child.rule)) {
			const message = `${pathText(child.path)} never pages: an incident has one chain, and route ${show(earlier.node.rule.name)} starts it.`;
			context.warn(entry, at, message, "Leave escalation to one of the two; the other may tell.", "key");
		}
		walk(context, entry, parts, child, own);
		if (!child.rule.continues) taken.push({ node: child, box: own });
		else if (hasOwnPolicy(child.rule)) paged.push({ node: child, box: own });
	}
}

export function hasOwnPolicy(rule: RouteRule): boolean {
	return rule.escalation !== undefined || rule.pageOwnerOf !== undefined;
}

/** Whoever is to be paged for a step must be in the register and reachable, for every workload that comes here. */
function checkOwners(
	context: Context,
	entry: Entry<"Route">,
	{ domain, ownership }: Parts,
	node: Node,
	box: Box,
): void {
	const step = node.rule.pageOwnerOf;
	if (step === undefined) return;
	const at = domain.labels.get("workload") ?? 0;
	const elements = domain.dimensions[at] ?? [];
	const reached = [...(box[at] ?? elements.keys())].map((k) => labelOf(elements[k] ?? {}, "workload"));
	const deaf = [...new Set(reached)].filter((workload) => {
		const register = ownership.find((each) => each.workload === workload);
		const accountable = register?.steps
			.find((each) => each.step === step)
			?.parts.find(({ part }) => part.includes("A"))?.party;
		return register?.parties.find((party) => party.name === accountable)?.escalation === undefined;
	});
	if (deaf.length === 0) return;
	const names = deaf.length > 3 ? `${deaf.slice(0, 3).join(", ")} and ${deaf.length - 3} more` : deaf.join(", ");
	const message = `${pathText([...node.path, "pageOwnerOf"])} ${step} finds nobody who can be paged for ${names}.`;
	const remedy = "Until their Ownership says who, their own policy, or the default one, pages.";
	context.warn(entry, [...node.path, "pageOwnerOf"], message, remedy);
}
