import { Liquid } from "liquidjs";
import { DEFAULT_TEMPLATES } from "./default-templates.ts";
import { isLanguage } from "./fields.ts";
import type { Findings } from "./finding.ts";
import { NOTICE_FACTS, type NoticeAudience } from "./notice-facts.ts";
import type { CatalogueFile, NoticeTemplate, Place } from "./types.ts";
import { escapeControls, oneOf, show, suggest } from "./wording.ts";

const AUDIENCES = Object.keys(NOTICE_FACTS) as NoticeAudience[];
/** A notice is a page of text; more is a mistake, and would be cut by channels. */
const MAX_TEMPLATE_BYTES = 65_536;

/** Only the syntax is looked at here, and which facts are named: no file root, so includes lead nowhere. */
const liquid = new Liquid({
	strictVariables: true,
	strictFilters: true,
	ownPropertyOnly: true,
	parseLimit: MAX_TEMPLATE_BYTES,
	relativeReference: false,
	templates: {},
});
/** Tags that would read other templates. */
const READING_TAGS = /\{%-?\s*(include|render|layout|block)\b/;

/** Templates of the catalogue and, for audiences whose English `breach` is not among them, the built-in ones. */
export function readTemplates(files: readonly CatalogueFile[], findings: Findings): NoticeTemplate[] {
	const own = files.flatMap((file) => readTemplate(file, findings) ?? []);
	const key = (template: NoticeTemplate) => `${template.name}.${template.audience}.${template.language}`;
	const written = new Set(own.map(key));
	return [...own, ...DEFAULT_TEMPLATES.filter((template) => !written.has(key(template)))];
}

function readTemplate(file: CatalogueFile, findings: Findings): NoticeTemplate | undefined {
	const place: Place = { file: file.path, line: 1, column: 1 };
	const before = findings.errors;
	const named = nameParts(file, place, findings);
	if (Buffer.byteLength(file.text) > MAX_TEMPLATE_BYTES) {
		findings.error(place, `The template is larger than ${MAX_TEMPLATE_BYTES} bytes.`, "Shorten it.");
		return undefined;
	}
	const lines = file.text.replace(/^\uFEFF/, "").split(/\r?\n/);
	const subject = /^Subject:[ \t]*(\S.*)$/.exec(lines[0] ?? "")?.[1]?.trim();
	if (subject === undefined) {
		findings.error(
			place,
			"The first line is not a subject.",
			"Begin with Subject: and what the notice is about, then an empty line.",
		);
		return undefined;
	}
	const bodyStart = lines[1]?.trim() === "" ? 2 : 1;
	const body = lines.slice(bodyStart).join("\n");
	if (body.trim() === "")
		findings.error(
			{ ...place, line: bodyStart + 1 },
			"The template has no text.",
			"Write the notice below the subject.",
		);
	if (!named) return undefined;
	checkText(subject, named.audience, { ...place, column: (lines[0] ?? "").indexOf(subject) + 1 }, findings);
	checkText(body, named.audience, { ...place, line: bodyStart + 1 }, findings);
	return findings.errors > before ? undefined : { ...named, subject, body };
}

function nameParts(
	file: CatalogueFile,
	place: Place,
	findings: Findings,
): Pick<NoticeTemplate, "name" | "audience" | "language"> | undefined {
	const base = file.path.split("/").at(-1) ?? "";
	const [name = "", audience = "", language = "", ...rest] = base.replace(/\.liquid$/, "").split(".");
	if (rest.length > 0 || language === "" || !/^[a-z0-9][a-z0-9-]{0,62}$/.test(name)) {
		findings.error(
			place,
			`The file name ${show(base)} does not say what it is.`,
			"Name it NAME.AUDIENCE.LANGUAGE.liquid, such as breach.customer.en.liquid.",
		);
		return undefined;
	}
	if (!(AUDIENCES as string[]).includes(audience)) {
		findings.error(
			place,
			`The audience ${show(audience)} in the file name is unknown.`,
			suggest(audience, AUDIENCES, ""),
		);
		return undefined;
	}
	if (!isLanguage(language)) {
		findings.error(
			place,
			`The language ${show(language)} in the file name is not a language tag.`,
			"Write a tag such as en, ja or pt-BR.",
		);
		return undefined;
	}
	return { name, audience: audience as NoticeAudience, language };
}

function checkText(text: string, audience: NoticeAudience, start: Place, findings: Findings): void {
	const at = (row: number, column: number): Place => ({
		file: start.file,
		line: start.line + row - 1,
		column: row === 1 ? start.column + column - 1 : column,
	});
	const reading = READING_TAGS.exec(text);
	if (reading) {
		const rows = text.slice(0, reading.index).split("\n");
		findings.error(
			at(rows.length, (rows.at(-1) ?? "").length + 1),
			`The tag ${show(reading[1])} reads other files.`,
			"Write the text out.",
		);
		return;
	}
	try {
		const facts: readonly string[] = NOTICE_FACTS[audience];
		const used = liquid.analyzeSync(liquid.parse(text), { partials: false }).globals;
		for (const [fact, places] of Object.entries(used)) {
			if (facts.includes(fact)) continue;
			const { row, col } = places[0]?.location ?? { row: 1, col: 1 };
			const message = `The ${audience}'s notice has no fact ${show(fact)}.`;
			findings.error(at(row, col), message, suggest(fact, facts, `Write one of ${oneOf(facts)}.`));
		}
	} catch (error) {
		const { row, column, reason } = liquidFault(error);
		findings.error(
			at(row, column),
			`Liquid: ${escapeControls(reason)}.`,
			"Correct the tag; {{ name }} prints a fact, {% if name %} … {% endif %} asks for one.",
		);
	}
}

function liquidFault(error: unknown): { row: number; column: number; reason: string } {
	const fault = error as { token?: { getPosition?: () => number[] }; originalError?: Error; message: string };
	const [row = 1, column = 1] = fault.token?.getPosition?.() ?? [];
	const reason =
		(fault.originalError?.message ?? fault.message).split("\n")[0]?.replace(/, file:.*$|, line:.*$/, "") ?? "";
	return { row, column, reason };
}
