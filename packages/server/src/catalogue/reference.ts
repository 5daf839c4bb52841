import { z } from "zod";
import { CHANNEL_FACTS } from "./channels.ts";
import { SECRET_EXAMPLE, SECRET_FILE_EXAMPLE } from "./fields.ts";
import { apiVersionOf, KINDS, type Kind } from "./kinds.ts";
import { NOTICE_FACTS } from "./notice-facts.ts";

type JsonSchema = Readonly<Record<string, unknown>>;

/** JSON Schema (2020-12) per kind, keyed by file name (`key-tenant.json`), for editors. */
export function jsonSchemas(): Record<string, JsonSchema> {
	return Object.fromEntries(
		(Object.keys(KINDS) as Kind[]).map((kind) => [
			`${fileName(kind)}.json`,
			{ title: kind, description: KINDS[kind].about, ...schemaOf(kind) },
		]),
	);
}

function schemaOf(kind: Kind): JsonSchema {
	return z.toJSONSchema(KINDS[kind].schema as z.ZodType, {
		target: "draft-2020-12",
		io: "input",
		unrepresentable: "any",
	});
}

function fileName(kind: Kind): string {
	return kind === kind.toUpperCase() ? kind.toLowerCase() : kind.replace(/(?<=[a-z])(?=[A-Z])/g, "-").toLowerCase();
}

/** Text of docs/configuration.md, made from the same schemas that validate. */
export function configurationReference(): string {
	const kinds = Object.keys(KINDS) as Kind[];
	return [
		"# Configuration reference",
		"",
		"This page is generated from the schemas that validate, as are the JSON Schemas for editors in `docs/schemas/`;",
		"`bellwether schemas` writes those of the installed version.",
		"",
		"A catalogue is a folder of YAML files. Each document says by `apiVersion` and `kind` what it is; a file may hold",
		"several, separated by `---`. The folders below are the custom. Unknown fields are errors, so that a slip of the",
		"pen cannot switch something off in silence. `bellwether validate` reads a folder without a server.",
		"",
		"| kind | version | custom place | what it is |",
		"|---|---|---|---|",
		...kinds.map(
			(kind) =>
				`| [${kind}](#${kind.toLowerCase()}) | \`${apiVersionOf(kind)}\` | \`${KINDS[kind].file}\` | ${KINDS[kind].about} |`,
		),
		"",
		`Secrets are references, such as \`${SECRET_EXAMPLE}\` or \`${SECRET_FILE_EXAMPLE}\`. Durations are a count and a unit:`,
		"`90s`, `5m`, `3h`, `28d`, `4w`. Objectives are ratios between 0 and 1. Names are lower-case letters, digits and hyphens.",
		"",
		...kinds.flatMap((kind) => kindSection(kind)),
		...templateSection(),
	].join("\n");
}

function kindSection(kind: Kind): string[] {
	const spec = schemaOf(kind);
	const rows = fieldRows(spec, "", spec, []).filter((row) => !["apiVersion", "kind", "spec"].includes(row.path));
	return [
		`## ${kind}`,
		"",
		KINDS[kind].about,
		"",
		"| field | required | value | meaning |",
		"|---|---|---|---|",
		...rows.map((row) => `| \`${row.path}\` | ${row.required ? "yes" : ""} | ${row.type} | ${row.about} |`),
		"",
	];
}

interface FieldRow {
	readonly path: string;
	readonly required: boolean;
	readonly type: string;
	readonly about: string;
}

/** `within`: the shapes that the rows stand in; one that holds itself is not written out again. */
function fieldRows(schema: JsonSchema, path: string, root: JsonSchema, within: readonly unknown[]): FieldRow[] {
	const properties = (schema.properties ?? {}) as Record<string, JsonSchema>;
	const required = new Set((schema.required ?? []) as string[]);
	return Object.entries(properties).flatMap(([key, written]) => {
		const field = resolved(written, root);
		const at = path === "" ? key : `${path}.${key}`;
		const row = {
			path: at,
			required: required.has(key),
			type: typeText(field, root),
			about: cell(String(field.description ?? "")),
		};
		const items = field.items === undefined ? undefined : resolved(field.items as JsonSchema, root);
		const shape = items?.properties;
		const isOpen = shape !== undefined && within.includes(shape);
		const below = [...within, shape];
		const ofItems = items && !isOpen ? fieldRows(items, `${at}[]`, root, below) : [];
		return [row, ...fieldRows(field, at, root, within), ...ofItems];
	});
}

function resolved(schema: JsonSchema, root: JsonSchema): JsonSchema {
	const reference = schema.$ref;
	if (typeof reference !== "string") return schema;
	const name = reference.split("/").at(-1) as string;
	return { ...(root.$defs as Record<string, JsonSchema>)[name], ...schema };
}

function typeText(schema: JsonSchema, root: JsonSchema): string {
	if (schema.const !== undefined) return `\`${schema.const}\``;
	if (Array.isArray(schema.enum)) return schema.enum.map((each) => `\`${each}\``).join(", ");
	if (Array.isArray(schema.anyOf)) {
		return [...new Set((schema.anyOf as JsonSchema[]).map((each) => typeText(resolved(each, root), root)))].join(
			" or ",
		);
	}
	if (schema.type === "array") {
		const items = resolved((schema.items ?? {}) as JsonSchema, root);
		return items.properties ? "list of objects" : `list of ${typeText(items, root)}`;
	}
	if (schema.additionalProperties && typeof schema.additionalProperties === "object")
		return "object of names and values";
	return String(schema.type ?? "any");
}

function cell(text: string): string {
	return text.replaceAll("|", "\\|");
}

function templateSection(): string[] {
	return [
		"## Notice templates",
		"",
		"`notify/templates/NAME.AUDIENCE.LANGUAGE.liquid`, such as `breach.customer.en.liquid`. The first line is",
		"`Subject: …`, then an empty line, then the text. Templates are Liquid without includes; they may name these facts,",
		"all of them texts:",
		"",
		"| audience | facts |",
		"|---|---|",
		...Object.entries(NOTICE_FACTS).map(
			([audience, facts]) => `| ${audience} | ${facts.map((fact) => `\`${fact}\``).join(", ")} |`,
		),
		"",
		"Without a template of its own, a catalogue has `breach` for each audience in English.",
		"",
		"## Webhook templates",
		"",
		"`template` of a Channel of kind `webhook` may name these facts, all of them texts, empty when a message has none:",
		`${CHANNEL_FACTS.map((fact) => `\`${fact}\``).join(", ")}.`,
		"",
	];
}
