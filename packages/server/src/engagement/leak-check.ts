import type { Catalogue, Indicator } from "#catalogue";
import type { LeakFinding, Notice } from "./types.ts";

interface Pattern {
	readonly regex: RegExp;
	readonly what: string;
	readonly remedy: string;
}

/**
 * What in a draft its readers must not see, with the place of each. Other tenants are withheld from everybody; internal
 * hosts, raw ids, burn rates and staff names from the customer. Deliberately wide: a false find costs an edit, a missed
 * one a customer's trust.
 */
export function findLeaks(
	catalogue: Catalogue,
	notice: Pick<Notice, "tenant" | "audience" | "subject" | "body">,
	publicUrl: string,
): LeakFinding[] {
	const patterns = otherTenants(catalogue, notice.tenant);
	if (notice.audience === "customer") {
		patterns.push(...INTERNALS, ...internalHosts(publicUrl), ...rawIds(catalogue), ...staff(catalogue));
	}
	const own = ownNames(catalogue, notice.tenant);
	return (["subject", "body"] as const).flatMap((part) => {
		// Names are compared as they look: compatibility forms unified, invisible characters gone, lines kept.
		const text = mask(notice[part].normalize("NFKC").replace(/[\u00ad\u200b-\u200f\u2060\ufeff]/g, ""), own);
		return patterns.flatMap(({ regex, what, remedy }) =>
			[...text.matchAll(regex)].map((match) => ({
				place: `${part}:${text.slice(0, match.index).split("\n").length}`,
				message: `"${match[0].replace(/\s+/g, " ")}" is ${what}.`,
				remedy,
			})),
		);
	});
}

const INTERNALS: readonly Pattern[] = [
	{
		regex: /\b(?:localhost|(?:[a-z0-9-]+\.)+(?:internal|local|localdomain|corp|lan|intranet|svc))\b/giu,
		what: "an internal host",
		remedy: "Leave the host out; customers cannot reach it.",
	},
	{
		regex:
			/\b(?:\d{1,3}\.){3}\d{1,3}\b|(?<![\w:])(?:[0-9a-f]{1,4}:){3,7}[0-9a-f]{1,4}\b|(?<![\w:])(?:[0-9a-f]{1,4}:)+:(?:[0-9a-f]{1,4})?/giu,
		what: "an IP address",
		remedy: "Leave the address out.",
	},
	{
		regex: /\bburn(?:ing|s)?[\s-]rates?\b|\berror[\s-]budgets?\b|\b\d+(?:[.,]\d+)?\s?×|\b\d+(?:[.,]\d+)?x\b/giu,
		what: "an internal measure",
		remedy: "Say what the customer's users notice, and since when.",
	},
	{
		regex: /\{\{|\}\}|\{%|%\}/g,
		what: "an unfilled part of a template",
		remedy: "Write the text that belongs there.",
	},
];

function otherTenants(catalogue: Catalogue, tenant: string): Pattern[] {
	const remedy = "A notice speaks of its own tenant only; leave the other one out.";
	return catalogue.tenants
		.filter((other) => other.name !== tenant)
		.flatMap((other) => {
			// CSAM and support serve many tenants; only the customer's own addresses give it away.
			const { customer } = other.contacts;
			const names = [other.displayName, other.name, ...Object.values(other.match).flat(), ...customer];
			return words(names, `a name of key tenant ${other.displayName}`, remedy);
		});
}

function internalHosts(publicUrl: string): Pattern[] {
	const host = URL.canParse(publicUrl) ? new URL(publicUrl).hostname : "";
	return words([host], "the console's own host", "Leave the link out; customers have no access to the console.");
}

function rawIds(catalogue: Catalogue): Pattern[] {
	const ids = [
		...catalogue.slos.flatMap((slo) => [slo.name, ...metricsOf(slo.indicator)]),
		...catalogue.monitors.map((monitor) => monitor.name),
	];
	// "mail" or "requests" are also plain words; an id shows by its separators.
	const raw = ids.filter((id) => /[._:/-]/.test(id));
	return words(raw, "a raw id", "Use the words that the customer's administrators know.");
}

function metricsOf(indicator: Indicator): string[] {
	if (indicator.kind === "threshold") return [indicator.metric.metric];
	return [indicator.part.metric, indicator.total.metric];
}

function staff(catalogue: Catalogue): Pattern[] {
	const names = catalogue.people.map((person) => person.displayName);
	return words(names, "a name of staff", "Speak for the team; leave the name out.");
}

function ownNames(catalogue: Catalogue, tenant: string): string[] {
	const own = catalogue.tenants.find((each) => each.name === tenant);
	if (!own) return [];
	return [own.displayName, own.name, ...Object.values(own.match).flat(), ...own.contacts.customer];
}

/** Own names may contain another's ("Contoso Pharma", "Contoso"): they are blanked before the search, in place. */
function mask(text: string, names: readonly string[]): string {
	return words(names, "", "").reduce(
		(rest, { regex }) => rest.replace(regex, (found) => found.replace(/[^\n]/g, " ")),
		text,
	);
}

/** One pattern per distinct name of at least three characters, as a whole word, also across a line break. */
function words(names: readonly string[], what: string, remedy: string): Pattern[] {
	const distinct = new Set(names.map((name) => name.normalize("NFKC").trim()).filter((name) => name.length >= 3));
	return [...distinct]
		.sort((a, b) => b.length - a.length)
		.map((name) => {
			const escaped = name
				.split(/\s+/)
				.map((word) => word.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&").replace(/\\-/g, "[-\\u2010-\\u2015]"))
				.join("\\s+");
			return { regex: new RegExp(`(?<![\\p{L}\\p{N}])${escaped}(?![\\p{L}\\p{N}])`, "giu"), what, remedy };
		});
}
