/** A schema of OpenAPI 2.0, as Power Platform reads it: one type, no unions, no references. */
export interface SwaggerSchema {
	type?: string;
	format?: string;
	description?: string;
	title?: string;
	enum?: unknown[];
	default?: unknown;
	properties?: Record<string, SwaggerSchema>;
	required?: string[];
	items?: SwaggerSchema;
	minLength?: number;
	maxLength?: number;
	minimum?: number;
	maximum?: number;
	minItems?: number;
	maxItems?: number;
	pattern?: string;
	"x-nullable"?: boolean;
	"x-ms-summary"?: string;
	"x-ms-visibility"?: "important" | "advanced" | "internal";
	"x-ms-notification-url"?: boolean;
}

type JsonSchema = Readonly<Record<string, unknown>>;

const KEPT = ["description", "format", "enum", "default", "minLength", "maxLength", "minItems", "maxItems"] as const;
const BOUNDS = ["minimum", "maximum"] as const;
/** A flow shows a line of it. */
const MAX_DESCRIPTION = 200;

/** A schema of OpenAPI 3.1 in the words of 2.0. What 2.0 cannot say (one of several shapes) becomes an object of any kind. */
export function swaggerSchema(schema: JsonSchema): SwaggerSchema {
	const { one, isNullable } = withoutNull(schema);
	const types = [one.type].flat().filter((type) => type !== "null");
	const result: SwaggerSchema = {};
	if (types.length === 1) result.type = types[0] as string;
	for (const key of KEPT) if (one[key] !== undefined && one[key] !== null) result[key] = one[key] as never;
	if (one.const !== undefined) {
		result.enum = [one.const];
		result.type ??= typeof one.const;
	}
	if (result.description !== undefined) result.description = sentence(result.description);
	for (const key of BOUNDS) {
		const bound = one[key];
		// The bounds of safe integers say nothing to a person.
		if (typeof bound === "number" && Math.abs(bound) < Number.MAX_SAFE_INTEGER) result[key] = bound;
	}
	if (isNullable) result["x-nullable"] = true;
	if (result.type === "object") withProperties(result, one);
	if (result.type === "array") result.items = swaggerSchema((one.items ?? {}) as JsonSchema);
	return result;
}

function withProperties(result: SwaggerSchema, schema: JsonSchema): void {
	const properties = Object.entries((schema.properties ?? {}) as Record<string, JsonSchema>);
	if (properties.length === 0) return;
	result.properties = Object.fromEntries(
		properties.map(([name, each]) => [name, { "x-ms-summary": title(name), ...swaggerSchema(each) }]),
	);
	const required = (schema.required ?? []) as string[];
	if (required.length > 0) result.required = [...required];
}

/** One shape and whether null may stand for it. Words of one list in several unions are put together. */
function withoutNull(schema: JsonSchema): { readonly one: JsonSchema; readonly isNullable: boolean } {
	const options = (schema.anyOf ?? schema.oneOf) as readonly JsonSchema[] | undefined;
	const isNullable = [schema.type].flat().includes("null");
	if (!options) return { one: schema, isNullable };
	const { anyOf: _, oneOf: __, ...rest } = schema;
	const shapes = options.filter(({ type }) => type !== "null");
	const [only] = shapes;
	const one = shapes.length === 1 && only ? { ...only, ...rest } : rest;
	return { one, isNullable: isNullable || shapes.length < options.length };
}

/** "acknowledgedAt" → "Acknowledged at". */
export function title(name: string): string {
	const words = name.replaceAll(/([a-z0-9])([A-Z])/g, "$1 $2").toLowerCase();
	const known = words.replaceAll(/\b(id|url|slo|sli)\b/g, (word) => word.toUpperCase());
	return known.charAt(0).toUpperCase() + known.slice(1);
}

/** Power Platform wants descriptions that end like a sentence. */
export function sentence(text: string): string {
	const short = text.length > MAX_DESCRIPTION ? `${text.slice(0, MAX_DESCRIPTION).replace(/\s+\S*$/, "")} …` : text;
	const first = short.charAt(0).toUpperCase() + short.slice(1);
	return /[.…!?]$/.test(first) ? first : `${first}.`;
}
