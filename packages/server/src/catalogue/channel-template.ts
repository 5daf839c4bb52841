import { Liquid } from "liquidjs";
import { CHANNEL_FACTS } from "./channels.ts";
import { escapeControls, oneOf, suggest } from "./wording.ts";

/** As it will run: no files, no other templates, strict names, and limits on what it may do. */
const liquid = new Liquid({
	strictVariables: true,
	strictFilters: true,
	ownPropertyOnly: true,
	parseLimit: 65_536,
	renderLimit: 2_000,
	memoryLimit: 200_000,
	templates: {},
});

/** Texts that break what forgets to quote them. */
const AWKWARD = 'A "quoted" \\ text\nof two lines';

/** What is wrong with a webhook's template, and what to write; undefined: it can be used. */
export function channelTemplateFault(
	template: string,
	contentType: string,
): { readonly message: string; readonly remedy: string } | undefined {
	const reading = /\{%-?\s*(include|render|layout|block)\b/.exec(template);
	if (reading) return { message: `The tag "${reading[1]}" reads other files.`, remedy: "Write the text out." };
	const known: readonly string[] = CHANNEL_FACTS;
	let text: string;
	try {
		const used = Object.keys(liquid.analyzeSync(liquid.parse(template), { partials: false }).globals);
		const unknown = used.find((fact) => !known.includes(fact));
		if (unknown !== undefined) {
			return {
				message: `A message has no fact "${escapeControls(unknown)}".`,
				remedy: suggest(unknown, known, `Write one of ${oneOf(known)}.`),
			};
		}
		text = String(liquid.parseAndRenderSync(template, Object.fromEntries(known.map((fact) => [fact, AWKWARD]))));
	} catch (error) {
		const reason = ((error as Error).message.split("\n")[0] ?? "").replace(/, (?:file|line):.*$/, "");
		return {
			message: `Liquid: ${escapeControls(reason)}.`,
			remedy: "Correct the tag; {{ name | json }} prints a fact as a JSON text.",
		};
	}
	if (!/[/+]json\b/i.test(contentType)) return undefined;
	try {
		JSON.parse(text);
		return undefined;
	} catch {
		return {
			message: "What the template gives is no JSON when a fact has quotes or line breaks.",
			remedy:
				"Print facts with the filter json, without quotes around it: {{ text | json }}; or write another contentType.",
		};
	}
}
