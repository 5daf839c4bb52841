import type { Kind } from "./kinds.ts";
import { boxOf, type Domain, isEmpty, valuesOf } from "./label-domain.ts";
import { formatMatchers, parseMatchers } from "./label-matchers.ts";
import type { Context } from "./references.ts";
import type { SourceDocument } from "./source.ts";
import type { Matcher } from "./types.ts";
import { type Path, pathText, show, suggest } from "./wording.ts";

/** What incidents' labels come from; with one of these broken, "there is no such value" cannot be said. */
const SOURCES: readonly Kind[] = ["KeyTenant", "KeyTenantList", "Tier", "Workload", "Service", "SLO", "Monitor"];

/** Reads matchers and reports those that can match nothing or exclude nothing. */
export function assembleMatchers(
	context: Context,
	domain: Domain,
	document: SourceDocument,
	path: Path,
	written: string | readonly string[] | undefined,
): Matcher[] {
	const list = typeof written === "string" ? [written] : (written ?? []);
	return list.flatMap((text, k) => {
		const at = typeof written === "string" ? path : [...path, k];
		const reading = parseMatchers(text);
		if (reading.status === "invalid") {
			context.error({ document }, at, `${pathText(at)} ${show(text)} ${reading.message}.`, reading.remedy);
			return [];
		}
		for (const matcher of reading.matchers) checkMatcher(context, domain, document, at, matcher);
		return [...reading.matchers];
	});
}

function checkMatcher(context: Context, domain: Domain, document: SourceDocument, at: Path, matcher: Matcher): void {
	const { name, op } = matcher;
	const value = matcher.values[0] ?? "";
	const text = formatMatchers([matcher]);
	if (!domain.labels.has(name)) {
		const labels = [...domain.labels.keys()].toSorted();
		if (!context.complete("KeyTenant", "KeyTenantList")) return;
		const remedy = suggest(name, labels, "") || `Known here: ${labels.join(", ")}.`;
		context.error({ document }, at, `${pathText(at)} uses the label ${show(name)}, which no incident has.`, remedy);
		return;
	}
	if (!context.complete(...SOURCES)) return;
	const values = valuesOf(domain, name);
	const isKnown = (op !== "=" && op !== "!=") || value === "" || values.includes(value);
	const isNothing = isEmpty(boxOf(domain, [matcher]));
	if (!isKnown || isNothing) {
		const message = `${pathText(at)} ${text} ${op.startsWith("!") ? (isKnown ? "matches" : "excludes") : "matches"} nothing that is in the catalogue.`;
		context.error(
			{ document },
			at,
			message,
			suggest(value, values, "Write a value that incidents can have, or remove it."),
		);
	}
}

/** A label that incidents can have, or a complaint. */
export function checkLabel(
	context: Context,
	domain: Domain,
	document: SourceDocument,
	path: Path,
	label: string,
): boolean {
	if (domain.labels.has(label) || !context.complete("KeyTenant", "KeyTenantList")) return true;
	const labels = [...domain.labels.keys()].toSorted();
	const message = `${pathText(path)} ${show(label)} is a label that no incident has.`;
	context.error({ document }, path, message, suggest(label, labels, "") || `Known here: ${labels.join(", ")}.`);
	return false;
}
