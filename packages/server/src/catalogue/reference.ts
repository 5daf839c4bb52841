/** JSON Schema (2020-12) per kind, keyed by file name (`key-tenant.json`), for editors. */
export function jsonSchemas(): Record<string, Record<string, unknown>> {
	return {};
}

/** Text of docs/configuration.md, made from the same schemas. */
export function configurationReference(): string {
	return "";
}
