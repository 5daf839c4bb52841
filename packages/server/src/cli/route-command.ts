import { createColors } from "picocolors";
import { instantOf, readCatalogue } from "#catalogue";
import { type Foretold, foretell, type Imagined } from "#response";
import { type CommandOptions, EXIT } from "./command-options.ts";
import { findingsText } from "./validate-command.ts";

const FIELDS = ["tenant", "workload", "slo", "severity", "monitor"] as const;

export interface RouteTestOptions extends CommandOptions {
	/** `tenant=woodgrove`, `workload=mail` and the like. */
	readonly facts: readonly string[];
	/** ISO 8601; undefined: now. */
	readonly at: string | undefined;
	readonly now: number;
}

/** Tells who would be paged and told for an incident, and why. 0: told, 1: the catalogue is not valid, 2: a fact that is none. */
export async function runRouteTest(options: RouteTestOptions): Promise<number> {
	const { dir, facts, at, out } = options;
	const imagined: Record<string, string> = {};
	for (const fact of facts) {
		const [, field, value] = /^([a-z]+)=(.*)$/s.exec(fact) ?? [];
		if (field === undefined || value === undefined || !(FIELDS as readonly string[]).includes(field)) {
			out(`"${fact}" is no fact of an incident.\n  Write ${FIELDS.map((each) => `${each}=…`).join(", ")}.\n`);
			return EXIT.usage;
		}
		imagined[field] = value;
	}
	const instant = at === undefined ? options.now : instantOf(at, "UTC");
	if (instant === undefined || Number.isNaN(instant)) {
		out(`"${at}" is not a time.\n  Write ISO 8601, such as 2026-11-23T03:00Z.\n`);
		return EXIT.usage;
	}
	const reading = await readCatalogue(dir);
	if (!reading.catalogue) {
		out(findingsText(reading, options.colour));
		return EXIT.findings;
	}
	const foretelling = foretell(reading.catalogue, imagined as Imagined, instant);
	if (foretelling.status === "unknown") {
		const { field, value, known } = foretelling;
		out(
			`"${value}" is no ${field} of this catalogue.\n  Known: ${known.slice(0, 8).join(", ")}${known.length > 8 ? ", …" : ""}.\n`,
		);
		return EXIT.usage;
	}
	if (options.json) out(`${JSON.stringify(report(foretelling.told, instant))}\n`);
	else out(text(foretelling.told, instant, options.colour));
	return EXIT.fine;
}

function report({ incident, decision, steps, tells }: Foretold, at: number) {
	return {
		at: new Date(at).toISOString(),
		labels: incident.labels,
		action: decision.action,
		routes: decision.routes,
		policy: decision.action === "tell" ? null : decision.policy.name,
		pageAt: decision.pageAt === undefined ? null : new Date(decision.pageAt).toISOString(),
		group: decision.groupKey,
		holds: decision.holds.map((hold) => ({ ...hold, until: hold.until ?? null })),
		pages: steps,
		tells,
		explanation: decision.explanation,
	};
}

const ACTIONS = { page: "pages at once", wait: "waits for its group", hold: "is held back", tell: "pages nobody" };

function text({ incident, decision, words }: Foretold, at: number, colour: boolean): string {
	const paint = createColors(colour);
	const labels = Object.entries(incident.labels).filter(([, value]) => value !== "");
	const head = `An incident at ${new Date(at).toISOString().slice(0, 16).replace("T", " ")} UTC ${ACTIONS[decision.action]}.`;
	const facts = labels.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(" ");
	return `${paint.bold(head)}\n  ${paint.dim(facts)}\n${words.map((line) => `  ${line}\n`).join("")}`;
}
