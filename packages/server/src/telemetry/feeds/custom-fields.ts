import type { Feed } from "#catalogue";
import type { Reading } from "./gather.ts";
import { instantOf, type JsonObject, linkOf, lookUp, names, textOf, valueAt } from "./read.ts";
import type { CaseFact, ChangeFact, ChangeKind, ChangeState } from "./types.ts";

/** Where our fields stand when the feed does not say otherwise: the first path that has a value counts. */
export type Paths = Readonly<Record<string, readonly string[]>>;

/** What is used where neither the feed nor the custom finds a value. */
export interface Fallback {
	readonly id?: string | undefined;
	readonly title?: string | undefined;
	readonly kind?: string | undefined;
	readonly state?: string | undefined;
	readonly component?: readonly string[] | undefined;
	readonly revisedAt: number;
	readonly startedAt?: number | undefined;
}

const CHANGE_KINDS: readonly (readonly [ChangeKind, RegExp])[] = [
	["flag", /flag|toggle|experiment/],
	["policy", /polic|rule/],
	["workflow", /workflow|pipeline/],
	["release", /release/],
	["deployment", /deploy|upgrad|roll|publish/],
];

const CHANGE_STATES: readonly (readonly [ChangeState, RegExp])[] = [
	["cancelled", /^(?:cancel|abandon|reject|skip|stop)/],
	["failed", /^(?:fail|error|timed?_?out|rolled ?back|unhealthy)/],
	[
		"succeeded",
		/^(?:succe|complete|done|deployed|finish|ok$|active|enabled|disabled|changed|applied|closed|partially)/,
	],
	["running", /^(?:run|start|in_?progress|progress|deploying|rolling)/],
	["planned", /^(?:plan|schedul|pending|queued|wait|requested|created|new)/],
];

const STATE_RANK: Readonly<Record<ChangeState, number>> = {
	unknown: 0,
	planned: 1,
	running: 2,
	succeeded: 3,
	failed: 3,
	cancelled: 3,
};

export function rankOf(state: ChangeState): number {
	return STATE_RANK[state];
}

export function changeKindOf(text: string | undefined): ChangeKind {
	const lower = text?.toLowerCase() ?? "";
	return CHANGE_KINDS.find(([, pattern]) => pattern.test(lower))?.[0] ?? "other";
}

export function changeStateOf(text: string | undefined): ChangeState {
	const lower = text?.toLowerCase() ?? "";
	return CHANGE_STATES.find(([, pattern]) => pattern.test(lower))?.[0] ?? "unknown";
}

export function isEnd(state: ChangeState): boolean {
	return state === "succeeded" || state === "failed" || state === "cancelled";
}

function finder(feed: Feed, object: JsonObject, paths: Paths): (field: string) => unknown {
	return (field) => {
		const own = lookUp(feed.fields, field);
		if (own !== undefined) return valueAt(object, own);
		for (const path of paths[field] ?? []) {
			const value = valueAt(object, path);
			if (value !== undefined && value !== null && value !== "") return value;
		}
		return undefined;
	};
}

export function readChange(feed: Feed, object: JsonObject, paths: Paths, fallback: Fallback): Reading<ChangeFact> {
	const find = finder(feed, object, paths);
	const externalId = textOf(find("id"), 200) ?? fallback.id;
	if (externalId === undefined) return { fault: "id is missing" };
	const startedAt = instantOf(find("startedAt")) ?? fallback.startedAt;
	if (startedAt === undefined) return { fault: "startedAt is missing or no time" };
	const ended = instantOf(find("endedAt"));
	const stated = changeStateOf(textOf(find("state")) ?? fallback.state);
	const state = stated === "unknown" && ended !== undefined ? "succeeded" : stated;
	const component = names(...[find("component")].flat());
	return [
		{
			externalId,
			revisedAt: instantOf(find("revisedAt")) ?? fallback.revisedAt,
			rank: rankOf(state),
			title: textOf(find("title")) ?? fallback.title ?? externalId,
			link: linkOf(find("link")),
			kind: changeKindOf(textOf(find("kind")) ?? fallback.kind),
			state,
			component: component.length > 0 ? component : [...(fallback.component ?? [])],
			tenants: names(...[find("tenant")].flat()).slice(0, 1_000),
			ring: textOf(find("ring")),
			region: textOf(find("region")),
			build: textOf(find("build")),
			actor: textOf(find("actor")),
			startedAt,
			endedAt: ended === undefined ? undefined : Math.max(startedAt, ended),
		},
	];
}

export function readCase(feed: Feed, object: JsonObject, paths: Paths, fallback: Fallback): Reading<CaseFact> {
	const find = finder(feed, object, paths);
	const externalId = textOf(find("id"), 200) ?? fallback.id;
	const tenant = textOf(find("tenant"));
	const openedAt = instantOf(find("startedAt")) ?? fallback.startedAt;
	if (externalId === undefined) return { fault: "id is missing" };
	if (tenant === undefined) return { fault: "tenant is missing" };
	if (openedAt === undefined) return { fault: "openedAt is missing or no time" };
	const closed = instantOf(find("endedAt"));
	const component = names(...[find("component")].flat());
	const escalated = find("escalated");
	return [
		{
			externalId,
			revisedAt: instantOf(find("revisedAt")) ?? fallback.revisedAt,
			rank: closed === undefined ? 0 : 1,
			title: textOf(find("title")) ?? fallback.title ?? externalId,
			link: linkOf(find("link")),
			kind: /report/i.test(textOf(find("kind")) ?? fallback.kind ?? "") ? "customer-report" : "support-case",
			tenant,
			component: component.length > 0 ? component : [...(fallback.component ?? [])],
			severity: textOf(find("severity"), 40),
			isEscalated: escalated === true || /^(?:true|yes|1|escalated)$/i.test(textOf(escalated) ?? ""),
			openedAt,
			closedAt: closed === undefined ? undefined : Math.max(openedAt, closed),
		},
	];
}

/** Names that changes and cases commonly carry, each also inside `prefix`. */
export function customPaths(prefix: string): Paths {
	const at = (...paths: string[]) => paths.map((path) => prefix + path);
	return {
		id: at("id"),
		title: at("title", "summary", "name", "subject"),
		kind: at("kind", "type"),
		state: at("state", "status"),
		severity: at("severity", "priority"),
		component: at("workload", "component", "service", "scope.workload"),
		tenant: at("tenants", "tenant", "customer", "scope.tenants", "scope.tenant"),
		ring: at("ring", "scope.ring"),
		region: at("region", "scope.region"),
		build: at("build", "version", "scope.build"),
		actor: at("actor", "user", "author"),
		link: at("link", "url"),
		escalated: at("escalated", "isEscalated"),
		startedAt: at("startedAt", "openedAt", "createdAt"),
		endedAt: at("endedAt", "closedAt", "finishedAt"),
		revisedAt: at("revisedAt", "updatedAt"),
	};
}
