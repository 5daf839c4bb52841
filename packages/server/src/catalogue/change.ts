import { formatDuration } from "@bellwether/model";
import { order } from "./finding.ts";
import { NO_ROUTING, withoutPlaces } from "./routing-types.ts";
import type { Catalogue } from "./types.ts";
import { escapeControls, pathText } from "./wording.ts";

export type ChangeKind =
	| "Settings"
	| "Tier"
	| "KeyTenant"
	| "Cohort"
	| "Workload"
	| "SLO"
	| "Monitor"
	| "Person"
	| "Team"
	| "Schedule"
	| "EscalationPolicy"
	| "Channel"
	| "Source"
	| "NoticeTemplate"
	| "Feed"
	| "Runbook"
	| "AgentPolicy"
	| "Route"
	| "Inhibition"
	| "TimeInterval"
	| "Maintenance"
	| "Ownership";

/** One field that differs. `words` is for people: `objective 0.995 → 0.999`. */
export interface FieldChange {
	readonly path: string;
	readonly before: unknown;
	readonly after: unknown;
	readonly words: string;
}

/** What `apply` would do to one object. `fields` is empty unless `action` is `changed`. */
export interface Change {
	readonly action: "added" | "removed" | "changed";
	readonly kind: ChangeKind;
	readonly name: string;
	readonly fields: readonly FieldChange[];
}

type Objects = ReadonlyMap<string, object>;

/** Everything that differs between two catalogues, in the order of the kinds, then by name. `before` undefined: all is new. */
export function planChanges(before: Catalogue | undefined, after: Catalogue): Change[] {
	const old = before && objectsOf(before);
	return [...objectsOf(after)].flatMap(([kind, objects]) => planKind(kind, old?.get(kind) ?? new Map(), objects));
}

function planKind(kind: ChangeKind, before: Objects, after: Objects): Change[] {
	const names = [...new Set([...before.keys(), ...after.keys()])].toSorted(order);
	return names.flatMap((name): Change[] => {
		const [old, now] = [before.get(name), after.get(name)];
		if (!old) return [{ action: "added", kind, name, fields: [] }];
		if (!now) return [{ action: "removed", kind, name, fields: [] }];
		const fields = differences(old, now, []);
		return fields.length > 0 ? [{ action: "changed", kind, name, fields }] : [];
	});
}

function objectsOf(catalogue: Catalogue): Map<ChangeKind, Objects> {
	const named = (list: readonly { readonly name: string }[]): Objects => new Map(list.map((each) => [each.name, each]));
	const templates = catalogue.templates.map(
		(each) => [`${each.name}.${each.audience}.${each.language}`, each] as const,
	);
	// Where an SLO stands is no part of what it promises.
	const slos = catalogue.slos.map(({ place: _, ...slo }) => slo);
	return new Map<ChangeKind, Objects>([
		["Settings", new Map([["bellwether", catalogue.settings]])],
		["Tier", named(catalogue.tiers)],
		["KeyTenant", named(catalogue.tenants)],
		["Cohort", named(catalogue.cohorts ?? [])],
		["Workload", named(catalogue.workloads)],
		["SLO", named(slos)],
		["Monitor", named(catalogue.monitors)],
		["Person", named(catalogue.people)],
		["Team", named(catalogue.teams ?? [])],
		["Schedule", named(catalogue.schedules)],
		["EscalationPolicy", named(catalogue.escalations)],
		["Channel", named(catalogue.channels)],
		["Source", named(catalogue.sources)],
		["NoticeTemplate", new Map(templates)],
		["Feed", named(catalogue.feeds)],
		["Runbook", named(catalogue.runbooks ?? [])],
		["AgentPolicy", named(catalogue.agentPolicies ?? [])],
		...routingObjects(catalogue),
	]);
}

function routingObjects({ routing }: Catalogue): [ChangeKind, Objects][] {
	type Named = { readonly name: string };
	const rules = withoutPlaces(routing ?? NO_ROUTING) as Record<string, Named[]> & { readonly root?: Named };
	const named = (list: readonly Named[] = []): Objects => new Map(list.map((each) => [each.name, each]));
	return [
		["Route", named(rules.root && [rules.root])],
		["Inhibition", named(rules.inhibitions)],
		["TimeInterval", named(rules.intervals)],
		["Maintenance", named(rules.maintenance)],
		["Ownership", named(rules.ownership)],
	];
}

/** Objects are compared field by field; lists and plain values as a whole. */
function differences(before: unknown, after: unknown, path: readonly string[]): FieldChange[] {
	if (isObject(before) && isObject(after)) {
		const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
		return keys.flatMap((key) => differences(before[key], after[key], [...path, key]));
	}
	if (JSON.stringify(before) === JSON.stringify(after)) return [];
	return [{ path: pathText(path), before, after, words: words(before, after, path) }];
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

function words(before: unknown, after: unknown, path: readonly string[]): string {
	const last = path.at(-1) ?? "";
	const label = pathText([...path.slice(0, -1), last.replace(/(?<=[a-z])Ms$/, "")]);
	if (isTexts(before) && isTexts(after)) {
		const added = after.filter((each) => !before.includes(each));
		const removed = before.filter((each) => !after.includes(each));
		if (added.length + removed.length === 0)
			return `${label} in another order: ${after.map(escapeControls).join(", ")}`;
		const parts = [
			...added.map((each) => `+ ${escapeControls(each)}`),
			...removed.map((each) => `- ${escapeControls(each)}`),
		];
		return `${label} ${parts.join(", ")}`;
	}
	return `${label} ${told(before, last)} → ${told(after, last)}`;
}

function isTexts(value: unknown): value is readonly string[] {
	return Array.isArray(value) && value.every((each) => typeof each === "string");
}

function told(value: unknown, key: string): string {
	if (value === undefined) return "(not set)";
	if (typeof value === "number" && /[a-z]Ms$/.test(key)) return formatDuration(value);
	if (key === "startsAt" && typeof value === "number") return new Date(value).toISOString();
	if (typeof value === "string") return escapeControls(value.length > 80 ? `${value.slice(0, 77)}...` : value) || '""';
	return escapeControls(JSON.stringify(value) ?? "");
}
