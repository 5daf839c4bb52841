import { DAY_MS, MINUTE_MS, SECOND_MS } from "@bellwether/model";
import { assembleMatchers, checkLabel } from "./assemble-matchers.ts";
import { bounded } from "./assemble-oncall.ts";
import type { Entry } from "./entries.ts";
import { KINDS, type Kind } from "./kinds.ts";
import type { RouteInput } from "./kinds-routing.ts";
import type { Domain } from "./label-domain.ts";
import type { Context } from "./references.ts";
import { checkReach, type Node } from "./route-reach.ts";
import type { Ownership, RouteRule, Tell } from "./routing-types.ts";
import type { Channel } from "./types.ts";
import { type Path, pathText, show } from "./wording.ts";

/** A page that waits longer for its group is late by the product's own promise. */
const FIRST_PAGE_MS = 30 * SECOND_MS;
const MAX_DEPTH = 8;

interface Parts {
	readonly domain: Domain;
	readonly channels: readonly Channel[];
	readonly ownership: readonly Ownership[];
}

/** The one tree of routes; undefined without a Route. */
export function assembleRoutes(context: Context, parts: Parts): RouteRule | undefined {
	const [entry, ...others] = context.entries.of("Route");
	if (!entry) return undefined;
	const { file, line } = entry.document.place(["metadata", "name"]);
	for (const other of others) {
		const message = `There is a Route already at ${file}:${line}, and which comes first must not hang on the names of files.`;
		context.error(other, ["metadata", "name"], message, "Write it under spec.routes of that one.");
	}
	checkRoot(context, entry);
	const before = context.findings.errors;
	const node = assembleNode(context, entry, parts, entry.input.spec, ["spec"], entry.name, {}, 0);
	if (context.findings.errors === before) checkReach(context, entry, parts, node);
	return node.rule;
}

/** What every incident ends at must take every incident. */
function checkRoot(context: Context, entry: Entry<"Route">): void {
	const { spec } = entry.input;
	for (const field of ["match", "continue", "activeIntervals", "muteIntervals"] as const) {
		if (spec[field] === undefined) continue;
		const message = `spec.${field} cannot stand at the root, which takes every incident that no other route takes.`;
		context.error(entry, ["spec", field], message, "Write it on a route under spec.routes.", "key");
	}
	if (spec.page === false) {
		const message = "spec.page: false at the root would page nobody for what no other route takes.";
		context.error(entry, ["spec", "page"], message, "Write it on a route under spec.routes.", "key");
	}
}

/** What a route takes over from those above it, as far as its own fields hang on it. */
interface Above {
	readonly pages?: boolean | undefined;
	readonly hasTell?: boolean | undefined;
	readonly groupIntervalMs?: number | undefined;
}

function assembleNode(
	context: Context,
	entry: Entry<"Route">,
	parts: Parts,
	written: RouteInput,
	path: Path,
	name: string,
	above: Above,
	depth: number,
): Node {
	const { document } = entry;
	const at = (field: string) => [...path, field];
	const length = (field: "groupWait" | "groupInterval" | "repeatInterval", minMs: number, maxMs: number) =>
		written[field] === undefined ? undefined : bounded(context, entry, at(field), written[field], 0, minMs, maxMs);
	const pages = written.page ?? above.pages;
	const tell = written.tell && assembleTell(context, entry, parts.channels, at("tell"), written.tell);
	const hasTell = tell ? tell.length > 0 : above.hasTell;
	const groupIntervalMs = length("groupInterval", SECOND_MS, DAY_MS);
	const below: Above = { pages, hasTell, groupIntervalMs: groupIntervalMs ?? above.groupIntervalMs };
	const { file, line } = document.place(path.length === 1 ? ["metadata", "name"] : path);
	checkEffects(context, entry, path, written, { ...below, isRoot: depth === 0 });
	const nodes = (depth < MAX_DEPTH ? (written.routes ?? []) : []).map((child, k) => {
		const childPath = [...path, "routes", k];
		return assembleNode(context, entry, parts, child, childPath, `${name}/${child.name ?? k + 1}`, below, depth + 1);
	});
	if (depth >= MAX_DEPTH && written.routes) {
		const message = `${pathText(at("routes"))} is nested deeper than ${MAX_DEPTH} routes.`;
		context.error(entry, at("routes"), message, "Put more matchers into fewer routes.", "key");
	}
	checkSiblings(context, entry, at("routes"), written.routes ?? []);
	const repeatIntervalMs = length("repeatInterval", MINUTE_MS, 30 * DAY_MS);
	const rule: RouteRule = {
		name,
		place: `${file}:${line}`,
		match: assembleMatchers(context, parts.domain, document, at("match"), written.match),
		continues: written.continue ?? false,
		...escalationOf(context, entry, path, written),
		...(written.page === undefined ? {} : { pages: written.page }),
		...(tell && { tell }),
		...(written.groupBy && { groupBy: groupByOf(context, entry, parts.domain, at("groupBy"), written.groupBy) }),
		...defined("groupWaitMs", length("groupWait", 0, 15 * MINUTE_MS)),
		...defined("groupIntervalMs", groupIntervalMs),
		...defined("repeatIntervalMs", repeatIntervalMs),
		activeIntervals: intervalsOf(context, entry, at("activeIntervals"), written.activeIntervals),
		muteIntervals: intervalsOf(context, entry, at("muteIntervals"), written.muteIntervals),
		routes: nodes.map((node) => node.rule),
	};
	return { rule, path, routes: nodes };
}

function defined<K extends string>(key: K, value: number | undefined): { [P in K]?: number } {
	return value === undefined ? {} : ({ [key]: value } as { [P in K]?: number });
}

function escalationOf(context: Context, entry: Entry<"Route">, path: Path, written: RouteInput) {
	const { escalation, pageOwnerOf } = written;
	if (escalation !== undefined && pageOwnerOf !== undefined) {
		const message = `${pathText(path)} names an escalation and pageOwnerOf, of which one can page.`;
		context.error(entry, [...path, "pageOwnerOf"], message, "Keep one of the two.", "key");
	}
	if (escalation !== undefined && escalation !== "default")
		context.refer(["EscalationPolicy"], escalation, entry.document, [...path, "escalation"]);
	return {
		...(escalation === undefined ? {} : { escalation }),
		...(pageOwnerOf === undefined ? {} : { pageOwnerOf }),
	};
}

/** What is written must change something. */
function checkEffects(
	context: Context,
	entry: Entry<"Route">,
	path: Path,
	written: RouteInput,
	{ pages, hasTell, groupIntervalMs = 5 * MINUTE_MS, isRoot }: Above & { readonly isRoot: boolean },
): void {
	const at = (field: string) => [...path, field];
	const where = pathText(path);
	if (!isRoot && written.match === undefined && !written.continue) {
		const message = `${where} matches every incident, so no route after it is looked at.`;
		context.warn(entry, path, message, "Write match, or say this on the parent.", "key");
	}
	if (pages === false) {
		const paging = ["escalation", "pageOwnerOf", "groupBy", "groupWait", "activeIntervals", "muteIntervals"] as const;
		for (const field of paging) {
			if (written[field] === undefined) continue;
			const message = `${pathText(at(field))} has no effect: the route pages nobody.`;
			context.error(entry, at(field), message, "Remove it, or write page: true.", "key");
		}
		if (!hasTell) {
			const message = `${where} pages nobody and tells nobody, so its incidents would be lost in silence.`;
			const remedy = "Write tell, or mute them for a time with a mute or a Maintenance.";
			context.error(entry, written.page === undefined ? path : at("page"), message, remedy, "key");
		}
	}
	if (written.repeatInterval !== undefined && !hasTell) {
		const message = `${pathText(at("repeatInterval"))} has no effect: the route tells nobody, and pages repeat as their escalation policy says.`;
		context.error(entry, at("repeatInterval"), message, "Write tell, or remove it.", "key");
	}
	const waitMs = bounded(context, entry, at("groupWait"), written.groupWait, 0, 0, 15 * MINUTE_MS);
	if (waitMs > FIRST_PAGE_MS) {
		const message = `${pathText(at("groupWait"))} ${show(written.groupWait ?? "")} lets the first page wait longer than 30s.`;
		context.warn(entry, at("groupWait"), message, "Write 30s or less, unless late pages are meant.");
	}
	if (groupIntervalMs < waitMs) {
		const message = `${pathText(at("groupWait"))} is longer than the group's interval.`;
		context.warn(entry, at("groupWait"), message, "Write a groupInterval that is no shorter than groupWait.");
	}
}

function checkSiblings(context: Context, entry: Entry<"Route">, path: Path, routes: readonly RouteInput[]): void {
	const names = new Set<string>();
	routes.forEach((route, k) => {
		if (route.name !== undefined && names.has(route.name)) {
			const message = `${pathText([...path, k, "name"])} ${show(route.name)} is already the name of a route beside it.`;
			context.error(entry, [...path, k, "name"], message, "Give one of the two another name.");
		}
		if (route.name !== undefined) names.add(route.name);
		if (route.continue && k === routes.length - 1) {
			const message = `${pathText([...path, k, "continue"])} has no effect: no route follows.`;
			context.warn(entry, [...path, k, "continue"], message, "Remove it, or put the route before others.", "key");
		}
	});
}

function groupByOf(
	context: Context,
	entry: Entry<"Route">,
	domain: Domain,
	path: Path,
	labels: readonly string[],
): string[] {
	if (labels.includes("...")) {
		if (labels.length > 1) {
			const message = `${pathText(path)} has ... beside other labels.`;
			context.error(entry, path, message, "Write [...] alone: every incident pages by itself.", "key");
		}
		return ["..."];
	}
	labels.forEach((label, k) => {
		checkLabel(context, domain, entry.document, [...path, k], label);
	});
	return [...new Set(labels)];
}

function intervalsOf(context: Context, entry: Entry<"Route">, path: Path, names: readonly string[] | undefined) {
	(names ?? []).forEach((name, k) => {
		context.refer(["TimeInterval"], name, entry.document, [...path, k]);
	});
	return [...(names ?? [])];
}

function assembleTell(
	context: Context,
	entry: Entry<"Route">,
	channels: readonly Channel[],
	path: Path,
	written: NonNullable<RouteInput["tell"]>,
): Tell[] {
	return written.flatMap(({ channel, address, integration }, k): Tell[] => {
		const at = [...path, k];
		if ((channel === undefined) === (integration === undefined)) {
			const message = `${pathText(at)} names ${channel === undefined ? "nobody" : "both a channel and an integration"}.`;
			context.error(entry, at, message, "Write channel with its address, or integration.", "key");
			return [];
		}
		if (integration !== undefined) {
			const kinds = Object.keys(KINDS).filter((kind) => kind === "Integration") as Kind[];
			context.refer(kinds, integration, entry.document, [...at, "integration"]);
			if (address !== undefined) {
				const message = `${pathText([...at, "address"])} is not used with an integration.`;
				context.error(entry, [...at, "address"], message, "Remove it.", "key");
			}
			return [{ integration }];
		}
		const name = channel as string;
		context.refer(["Channel"], name, entry.document, [...at, "channel"]);
		const kind = channels.find((each) => each.name === name)?.kind;
		if (address === undefined && kind !== undefined && kind !== "phone-panel") {
			const message = `${pathText(at)} does not say whom channel ${show(name)} reaches.`;
			context.error(entry, at, message, "Write address.", "key");
		}
		return [{ channel: name, address: address ?? "on-call" }];
	});
}
