import { createColors } from "picocolors";
import { type Catalogue, type Change, planChanges, readCatalogue } from "#catalogue";
import { type CommandOptions, EXIT } from "./command-options.ts";
import { findingsText } from "./validate-command.ts";

export interface PlanOptions extends CommandOptions {
	/** The configuration that runs now, as the caller fetched it; undefined: nothing runs, everything is new. */
	readonly running?: Catalogue | undefined;
}

/** Shows what applying the folder would change. Changes nothing itself; 1 when the folder cannot be applied. */
export async function runPlan({ dir, json, colour, out, running }: PlanOptions): Promise<number> {
	const reading = await readCatalogue(dir);
	if (!reading.catalogue) {
		out(json ? `${JSON.stringify({ changes: null, findings: reading.findings })}\n` : findingsText(reading, colour));
		return EXIT.findings;
	}
	const changes = planChanges(running, reading.catalogue);
	if (json) {
		const { hash } = reading.catalogue;
		out(`${JSON.stringify({ from: running?.hash ?? null, to: hash, changes, findings: reading.findings })}\n`);
	} else out(changesText(changes, colour));
	return EXIT.fine;
}

/** `+` added, `-` removed, `~` changed with its fields, and one line that sums up. */
export function changesText(changes: readonly Change[], colour: boolean): string {
	if (changes.length === 0) return "Nothing would change.\n";
	const paint = createColors(colour);
	const look = { added: paint.green("+"), removed: paint.red("-"), changed: paint.yellow("~") };
	const lines = changes.map(({ action, kind, name, fields }) => {
		const details = fields.map((field) => `    ${field.words}\n`).join("");
		return `${look[action]} ${kind} ${name}\n${details}`;
	});
	const total = (action: Change["action"]) => changes.filter((change) => change.action === action).length;
	return `${lines.join("")}${total("added")} to add, ${total("changed")} to change, ${total("removed")} to remove.\n`;
}
