import { DAY_MS } from "@bellwether/model";
import { assembleMatchers, checkLabel } from "./assemble-matchers.ts";
import { instantOf } from "./assemble-oncall.ts";
import { assembleOwnership } from "./assemble-ownership.ts";
import { assembleRoutes } from "./assemble-routes.ts";
import { assembleTimeIntervals } from "./assemble-time-intervals.ts";
import type { Entry } from "./entries.ts";
import { order } from "./finding.ts";
import { boxOf, type Domain, domainOf, intersect, isCovered, isEmpty } from "./label-domain.ts";
import { type Context, displayName, sortedSet } from "./references.ts";
import type { Inhibition, Maintenance, RouteRule, RoutingRules } from "./routing-types.ts";
import type { Catalogue } from "./types.ts";
import { pathText, show } from "./wording.ts";

const MAX_WINDOW_MS = 14 * DAY_MS;

type Known = Pick<Catalogue, "tenants" | "workloads" | "slos" | "monitors" | "channels">;

/** What decides about pages beside the policies; undefined when nothing of it is written. */
export function assembleRouting(context: Context, known: Known): RoutingRules | undefined {
	const kinds = ["Route", "Inhibition", "TimeInterval", "Maintenance", "Ownership"] as const;
	if (kinds.every((kind) => context.entries.of(kind).length === 0)) return undefined;
	const domain = domainOf(known);
	const ownership = byName(assembleOwnership(context, known.workloads));
	const root = assembleRoutes(context, { domain, channels: known.channels, ownership });
	const inhibitions = byName(assembleInhibitions(context, domain));
	const intervals = byName(assembleTimeIntervals(context));
	const maintenance = byName(context.entries.of("Maintenance").map((entry) => assembleMaintenance(context, entry)));
	warnUnused(context, root, [
		...maintenance.flatMap(({ during }) => during),
		...known.tenants.flatMap(({ holidays }) => holidays?.during ?? []),
	]);
	return { ...(root && { root }), inhibitions, intervals, maintenance, ownership };
}

function byName<T extends { readonly name: string }>(list: readonly T[]): T[] {
	return list.toSorted((a, b) => order(a.name, b.name));
}

function placeOf(entry: Entry): string {
	const { file, line } = entry.document.place(["metadata", "name"]);
	return `${file}:${line}`;
}

function assembleInhibitions(context: Context, domain: Domain): Inhibition[] {
	const before = context.findings.errors;
	const rules = context.entries.of("Inhibition").map((entry) => {
		const { spec } = entry.input;
		const read = (field: "source" | "target") =>
			assembleMatchers(context, domain, entry.document, ["spec", field], spec[field]);
		const equal = sortedSet(spec.equal ?? []);
		(spec.equal ?? []).forEach((label, k) => {
			checkLabel(context, domain, entry.document, ["spec", "equal", k], label);
		});
		return {
			entry,
			rule: { name: entry.name, place: placeOf(entry), source: read("source"), target: read("target"), equal },
		};
	});
	const isWhole = context.complete("KeyTenant", "KeyTenantList", "Tier", "Workload", "Service", "SLO", "Monitor");
	if (context.findings.errors === before && isWhole) {
		for (const { entry, rule } of rules) checkInhibition(context, domain, entry, rule);
		checkMutual(context, domain, rules);
	}
	return rules.map(({ rule }) => rule);
}

/** What matches both sides is never inhibited by its like, so sides that are the same leave nothing to inhibit. */
function checkInhibition(context: Context, domain: Domain, entry: Entry<"Inhibition">, rule: Inhibition): void {
	const [source, target] = [boxOf(domain, rule.source), boxOf(domain, rule.target)];
	const side = isEmpty(source) ? "source" : isEmpty(target) ? "target" : undefined;
	if (side) {
		const message = `spec.${side} of ${show(rule.name)} can match no incident of this catalogue.`;
		context.error(entry, ["spec", side], message, "Correct its matchers, or remove the rule.", "key");
		return;
	}
	if (isCovered(domain, source, [target]) && isCovered(domain, target, [source])) {
		const message = `${show(rule.name)} has no effect: everything that matches spec.source matches spec.target, and nothing inhibits itself.`;
		context.error(entry, ["spec"], message, "Let source and target differ, such as in severity.", "key");
		return;
	}
	// Both sides name one element of a dimension that `equal` asks to be the same, and not the same one.
	for (const label of rule.equal) {
		const k = domain.labels.get(label);
		if (k === undefined) continue;
		const values = (box: typeof source) =>
			new Set(
				[...(box[k] ?? domain.dimensions[k]?.keys() ?? [])].map((at) => domain.dimensions[k]?.[at]?.[label] ?? ""),
			);
		const [from, to] = [values(source), values(target)];
		if ([...from].some((value) => to.has(value))) continue;
		const at = ["spec", "equal", rule.equal.indexOf(label)];
		const message = `${pathText(at)} ${show(label)} can never be equal on both sides of ${show(rule.name)}.`;
		context.error(entry, ["spec", "equal"], message, "Correct the matchers, or remove the label.", "key");
	}
}

/** Two rules that inhibit each other's sources: the incident that came first pages, the other waits for it. */
function checkMutual(
	context: Context,
	domain: Domain,
	rules: readonly { readonly entry: Entry<"Inhibition">; readonly rule: Inhibition }[],
): void {
	rules.forEach(({ entry, rule }, k) => {
		const other = rules.slice(0, k).find(({ rule: before }) => {
			const meet = (a: Inhibition["source"], b: Inhibition["source"]) =>
				!isEmpty(intersect(boxOf(domain, a), boxOf(domain, b)));
			return meet(rule.source, before.target) && meet(rule.target, before.source);
		});
		if (!other) return;
		const message = `${show(rule.name)} and ${show(other.rule.name)} (${other.rule.place}) can inhibit each other; then the incident that opened first pages.`;
		context.warn(entry, ["spec"], message, "Let only one of two severities or scopes speak for the other.", "key");
	});
}

function assembleMaintenance(context: Context, entry: Entry<"Maintenance">): Maintenance {
	const { spec } = entry.input;
	const zone = spec.timeZone ?? "UTC";
	(spec.tenants ?? []).forEach((name, k) => {
		context.refer(["KeyTenant"], name, entry.document, ["spec", "tenants", k]);
	});
	(spec.workloads ?? []).forEach((name, k) => {
		context.refer(["Workload", "Service"], name, entry.document, ["spec", "workloads", k]);
	});
	(spec.during ?? []).forEach((name, k) => {
		context.refer(["TimeInterval"], name, entry.document, ["spec", "during", k]);
	});
	if (!spec.tenants && !spec.workloads) {
		const message = `${show(entry.name)} names neither tenants nor workloads, so it would hold every page back.`;
		context.error(entry, ["spec"], message, "Write tenants, workloads or both.", "key");
	}
	if (!spec.windows && !spec.during) {
		const message = `${show(entry.name)} says nowhere when it is.`;
		context.error(entry, ["spec"], message, "Write windows, or during with a TimeInterval.", "key");
	}
	if (spec.timeZone !== undefined && !spec.windows) {
		const message = "spec.timeZone has no effect: a TimeInterval has its own location.";
		context.error(entry, ["spec", "timeZone"], message, "Remove it.", "key");
	}
	const windows = (spec.windows ?? []).map((window, k) => {
		const read = (field: "from" | "until") => {
			const at = ["spec", "windows", k, field];
			const instant = instantOf(window[field], zone);
			if (instant !== undefined) return instant;
			const message = `${pathText(at)} ${show(window[field])} is not a time that exists.`;
			context.error(entry, at, message, "Write a date of the calendar, such as 2026-01-05T22:00.");
			return Number.NaN;
		};
		const [from, until] = [read("from"), read("until")];
		const path = ["spec", "windows", k];
		if (until <= from) {
			const message = `${pathText(path)} ends before it begins, so it never is.`;
			context.error(entry, path, message, "Write an until that is later than from.", "key");
		} else if (until - from > MAX_WINDOW_MS) {
			const message = `${pathText(path)} is longer than 14d, within which nobody would be paged.`;
			context.error(entry, path, message, "Write shorter windows, or take the tenant's workload out of use.", "key");
		}
		return { from, until };
	});
	return {
		name: entry.name,
		displayName: displayName(entry),
		place: placeOf(entry),
		tenants: sortedSet(spec.tenants ?? []),
		workloads: sortedSet(spec.workloads ?? []),
		windows: windows.toSorted((a, b) => a.from - b.from),
		during: sortedSet(spec.during ?? []),
		owner: spec.owner,
		text: spec.text,
	};
}

function warnUnused(context: Context, root: RouteRule | undefined, named: readonly string[]): void {
	if (!context.complete("Route", "Maintenance", "KeyTenant", "KeyTenantList")) return;
	const used = new Set(named);
	const walk = (route: RouteRule): void => {
		for (const name of [...route.activeIntervals, ...route.muteIntervals]) used.add(name);
		route.routes.forEach(walk);
	};
	if (root) walk(root);
	for (const entry of context.entries.of("TimeInterval")) {
		if (used.has(entry.name)) continue;
		const message = `TimeInterval ${show(entry.name)} is used nowhere.`;
		context.warn(
			entry,
			["metadata", "name"],
			message,
			"Name it on a route, a Maintenance or a tenant's holidays, or remove it.",
		);
	}
}
