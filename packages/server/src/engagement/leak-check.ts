import type { Catalogue, Indicator, KeyTenant } from "#catalogue";
import type { LeakFinding, Notice } from "./types.ts";

/** Something to look for: names as whole words, or a pattern; with what it is and what to do about it. */
type Secret = {
	readonly what: string;
	readonly remedy: string;
} /** `isCased`: looked for as it is written, since in lower case it is a plain word ("IT"). */ & (
	| { readonly name: string; readonly isCased: boolean }
	| { readonly pattern: RegExp }
);

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
	const secrets = otherTenants(catalogue, notice.tenant);
	if (notice.audience === "customer") {
		secrets.push(...INTERNALS, ...internalHosts(publicUrl), ...rawIds(catalogue), ...staff(catalogue));
	}
	const own = ownNames(catalogue, notice.tenant);
	return (["subject", "body"] as const).flatMap((part) => {
		const folded = fold(notice[part]);
		const texts = blank(folded, own);
		return secrets.flatMap((secret) =>
			spansOf(texts, secret).map(([from, to]) => ({
				place: `${part}:${folded.lines[from]}`,
				message: `"${folded.text.slice(from, to)}" is ${secret.what}.`,
				remedy: secret.remedy,
			})),
		);
	});
}

const INTERNALS: readonly Secret[] = [
	{
		pattern: /\b(?:localhost|(?:[a-z0-9-]+\.)+(?:internal|local|localdomain|corp|lan|intranet|svc))\b/g,
		what: "an internal host",
		remedy: "Leave the host out; customers cannot reach it.",
	},
	{
		pattern:
			/\b(?:\d{1,3}\.){3}\d{1,3}\b|(?<![\w:])(?:[0-9a-f]{1,4}:){3,7}[0-9a-f]{1,4}\b|(?<![\w:])(?:[0-9a-f]{1,4}:)+:/g,
		what: "an IP address",
		remedy: "Leave the address out.",
	},
	{
		pattern: /\bburn(?:ing|s)?[ -]rates?\b|\berror[ -]budgets?\b|\b\d+(?:[.,]\d+)? ?×|\b\d+(?:[.,]\d+)?x\b/g,
		what: "an internal measure",
		remedy: "Say what the customer's users notice, and since when.",
	},
	{
		pattern: /\{\{|\}\}|\{%|%\}/g,
		what: "an unfilled part of a template",
		remedy: "Write the text that belongs there.",
	},
];

function otherTenants(catalogue: Catalogue, tenant: string): Secret[] {
	return [...secretsByTenant(catalogue)].flatMap(([other, secrets]) => (other === tenant ? [] : secrets));
}

/** Folding the names of thousands of tenants takes long; a catalogue's are folded once. */
const tenantSecrets = new WeakMap<Catalogue, ReadonlyMap<string, readonly Secret[]>>();

function secretsByTenant(catalogue: Catalogue): ReadonlyMap<string, readonly Secret[]> {
	const known = tenantSecrets.get(catalogue);
	if (known) return known;
	const remedy = "A notice speaks of its own tenant only; leave the other one out.";
	const secrets = new Map(
		catalogue.tenants.map((tenant) => [
			tenant.name,
			named(namesOf(tenant), `a name of key tenant ${tenant.displayName}`, remedy),
		]),
	);
	tenantSecrets.set(catalogue, secrets);
	return secrets;
}

/** CSAM and support serve many tenants; only the customer's own addresses give it away. */
function namesOf(tenant: KeyTenant): string[] {
	const ids = [...Object.values(tenant.match), ...(tenant.aliases ?? []).map((alias) => alias.values)];
	return [tenant.displayName, tenant.name, ...ids.flat(), ...tenant.contacts.customer];
}

function internalHosts(publicUrl: string): Secret[] {
	const host = URL.canParse(publicUrl) ? new URL(publicUrl).hostname : "";
	return named([host], "the console's own host", "Leave the link out; customers have no access to the console.");
}

function rawIds(catalogue: Catalogue): Secret[] {
	const ids = [
		...catalogue.slos.flatMap((slo) => [slo.name, ...metricsOf(slo.indicator)]),
		...catalogue.monitors.map((monitor) => monitor.name),
	];
	// "mail" or "requests" are also plain words; an id shows by its separators.
	const raw = ids.filter((id) => /[._:/-]/.test(id));
	return named(raw, "a raw id", "Use the words that the customer's administrators know.");
}

function metricsOf(indicator: Indicator): string[] {
	if (indicator.kind !== "ratio") return [indicator.metric.metric];
	return [indicator.part.metric, indicator.total.metric];
}

function staff(catalogue: Catalogue): Secret[] {
	const names = catalogue.people.map((person) => person.displayName);
	return named(names, "a name of staff", "Speak for the team; leave the name out.");
}

function ownNames(catalogue: Catalogue, tenant: string): string[] {
	const own = catalogue.tenants.find((each) => each.name === tenant);
	return own ? namesOf(own) : [];
}

function named(names: readonly string[], what: string, remedy: string): Secret[] {
	const found = new Map<string, Secret>();
	for (const name of names) {
		const { text, cased } = fold(name.trim());
		// Two capitals are a name ("BP"), two small letters any word; one character says nothing.
		const isCased = text.length === 2 && cased !== text;
		if (text.length < 3 && !isCased) continue;
		const key = isCased ? cased : text;
		found.set(key, { name: key, isCased, what, remedy });
	}
	return [...found.values()];
}

interface Folded {
	readonly text: string;
	/** The same with its capitals; character by character beside `text`. */
	readonly cased: string;
	/** The 1-based line of each character. */
	readonly lines: readonly number[];
}

/** What nobody sees: format characters, fillers, and marks on letters, so that é and e are one. */
const UNSEEN = /[\p{Cf}\p{Mn}\p{Default_Ignorable_Code_Point}]/u;
/** The blank of Braille looks like a space and is a symbol. */
const BLANK = /[\s\u2800]/u;

/**
 * Text as it is compared: compatibility forms unified, lower case, invisible characters gone, every dash a hyphen and
 * white space one blank.
 */
function fold(source: string): Folded {
	let text = "";
	let cased = "";
	const lines: number[] = [];
	let line = 1;
	for (const char of source.normalize("NFKD")) {
		if (char === "\n") line++;
		if (UNSEEN.test(char)) continue;
		if (BLANK.test(char) && text.endsWith(" ")) continue;
		const kept = BLANK.test(char) ? " " : /\p{Pd}/u.test(char) ? "-" : char;
		const folded = kept.toLowerCase();
		text += folded;
		cased += folded.length === kept.length ? kept : folded;
		for (let unit = 0; unit < folded.length; unit++) lines.push(line);
	}
	return { text, cased, lines };
}

/** Own names may contain another's ("Contoso Pharma", "Contoso"): they are blanked before the search, in place. */
function blank(texts: Folded, names: readonly string[]): Folded {
	const own = named(names, "", "").flatMap((secret) => spansOf(texts, secret));
	const without = (text: string) =>
		own.reduce((rest, [from, to]) => rest.slice(0, from) + "\0".repeat(to - from) + rest.slice(to), text);
	return { ...texts, text: without(texts.text), cased: without(texts.cased) };
}

/** Where it stands, as [from, to) of the folded text. */
function spansOf(texts: Folded, secret: Secret): [number, number][] {
	if ("pattern" in secret) {
		return [...texts.text.matchAll(secret.pattern)].map((match) => [match.index, match.index + match[0].length]);
	}
	const { name, isCased } = secret;
	const text = isCased ? texts.cased : texts.text;
	const spans: [number, number][] = [];
	for (let from = text.indexOf(name); from >= 0; from = text.indexOf(name, from + 1)) {
		const to = from + name.length;
		if (!isWordPart(text[from - 1]) && !isWordPart(text[to])) spans.push([from, to]);
	}
	return spans;
}

function isWordPart(char: string | undefined): boolean {
	return char !== undefined && /[\p{L}\p{N}]/u.test(char);
}
