import { createColors } from "picocolors";
import { describeSetting, type EffectiveValue, explainPair, readCatalogue } from "#catalogue";
import { type CommandOptions, EXIT } from "./command-options.ts";
import { findingsText } from "./validate-command.ts";

export interface ExplainOptions extends CommandOptions {
	/** Undefined: the fleet. */
	readonly tenant: string | undefined;
	/** Undefined: every SLO of the tenant's workloads. */
	readonly slo: string | undefined;
}

/** Tells which values hold for a tenant and where each is written. 0: told, 1: the catalogue is not valid, 2: no such name. */
export async function runExplain({ dir, json, colour, out, tenant: name, slo }: ExplainOptions): Promise<number> {
	const reading = await readCatalogue(dir);
	const { catalogue } = reading;
	if (!catalogue) {
		out(findingsText(reading, colour));
		return EXIT.findings;
	}
	const tenant = catalogue.tenants.find((each) => each.name === name);
	if (name !== undefined && !tenant) return unknown(out, "key tenant", name, catalogue.tenants);
	const slos = catalogue.slos.filter(
		(each) => (slo === undefined || each.name === slo) && (!tenant || tenant.workloads.includes(each.workload)),
	);
	if (slos.length === 0 && slo !== undefined) return unknown(out, "SLO of this tenant", slo, catalogue.slos);
	const told = slos.map((each) => ({ slo: each.name, values: explainPair(catalogue, each, tenant) }));
	if (json) out(`${JSON.stringify({ tenant: name ?? null, slos: told })}\n`);
	else out(told.map(({ slo: on, values }) => section(on, name, values, colour)).join("\n"));
	return EXIT.fine;
}

function unknown(
	out: (text: string) => void,
	what: string,
	name: string,
	known: readonly { readonly name: string }[],
): number {
	const some = known.slice(0, 5).map((each) => each.name);
	out(`"${name}" is no ${what}.\n  Known: ${some.join(", ")}${known.length > 5 ? ", …" : ""}.\n`);
	return EXIT.usage;
}

function section(slo: string, tenant: string | undefined, values: readonly EffectiveValue[], colour: boolean): string {
	const paint = createColors(colour);
	const rows = values.map(({ monitor, field, value, setBy, name, place }) => ({
		field: monitor === undefined ? field : `${monitor} ${field}`,
		value: describeSetting(field, value),
		from: setBy === "default" ? "default" : `${setBy} ${name}${place === undefined ? "" : `, ${place}`}`,
	}));
	const width = (of: (row: (typeof rows)[number]) => string) => Math.max(0, ...rows.map((row) => of(row).length));
	const [fields, texts] = [
		width(({ field }) => field),
		Math.min(
			50,
			width(({ value }) => value),
		),
	];
	const lines = rows.map(
		({ field, value, from }) => `  ${field.padEnd(fields)}  ${value.padEnd(texts)}  ${paint.dim(from)}\n`,
	);
	return `${paint.bold(slo)}, ${tenant ?? "the fleet"}\n${lines.join("")}`;
}
