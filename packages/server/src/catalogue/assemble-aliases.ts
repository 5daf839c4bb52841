import { instantOf } from "./assemble-oncall.ts";
import { attributes } from "./attributes.ts";
import type { Claim } from "./claims.ts";
import type { Input } from "./kinds.ts";
import { type Context, sortedSet } from "./references.ts";
import type { SourceDocument } from "./source.ts";
import type { Place, TenantAlias } from "./types.ts";
import { type Path, pathText, show } from "./wording.ts";

type AliasInput = NonNullable<Input<"KeyTenant">["spec"]["aliases"]>[number];

/** The aliases of a tenant, as written at `path`, and what they claim; what is wrong with one is told and it is left out. */
export function assembleAliases(
	context: Context,
	tenant: { readonly name: string; readonly document: SourceDocument },
	path: Path,
	input: readonly AliasInput[],
	timeZone: string,
): { readonly aliases: TenantAlias[]; readonly claims: Claim[] } {
	const { name, document } = tenant;
	const read = input.flatMap((each, k) => {
		const alias = assembleAlias(context, document, [...path, k], each, timeZone);
		return alias ? { alias, claims: claimsOf(name, document, [...path, k], each, alias) } : [];
	});
	return { aliases: read.map(({ alias }) => alias), claims: read.flatMap(({ claims }) => claims) };
}

function assembleAlias(
	context: Context,
	document: SourceDocument,
	path: Path,
	input: AliasInput,
	timeZone: string,
): TenantAlias | undefined {
	const { values = [] } = attributes(
		context,
		document,
		path,
		input.values === undefined ? {} : { values: input.values },
	);
	const patterns = sortedSet(input.patterns ?? []);
	if (values.length + patterns.length === 0) {
		const message = `${pathText(path)} has neither values nor patterns.`;
		context.error({ document }, path, message, "Write values: [id], or patterns: [contoso-.*].");
		return undefined;
	}
	if (input.workload !== undefined)
		context.refer(["Workload", "Service"], input.workload, document, [...path, "workload"]);
	const instant = (field: "from" | "until"): number | undefined => {
		const written = input[field];
		const at = written === undefined ? undefined : instantOf(written, timeZone);
		if (written === undefined || at !== undefined) return at;
		const message = `${pathText([...path, field])} ${show(written)} is not a time that exists.`;
		context.error({ document }, [...path, field], message, "Write a date of the calendar, such as 2026-01-05.");
		return undefined;
	};
	const [from, until] = [instant("from"), instant("until")];
	if (from !== undefined && until !== undefined && from >= until) {
		const message = `${pathText([...path, "until"])} ${show(input.until)} is not after from.`;
		context.error({ document }, [...path, "until"], message, "Write a later time, or remove one of the two.");
	}
	return {
		attribute: input.attribute,
		values,
		patterns,
		...(input.workload === undefined ? {} : { workload: input.workload }),
		...(input.source === undefined ? {} : { source: input.source }),
		...(from === undefined ? {} : { from }),
		...(until === undefined ? {} : { until }),
	};
}

function claimsOf(
	tenant: string,
	document: SourceDocument,
	path: Path,
	input: AliasInput,
	{ attribute, values, patterns, workload, source, from, until }: TenantAlias,
): Claim[] {
	const claim = (value: string, isPattern: boolean): Claim => {
		const at = [...path, isPattern ? "patterns" : "values"];
		const place = () => placeOfValue(document, at, isPattern ? input.patterns : input.values, value);
		return { tenant, attribute, value, isPattern, workload, source, from, until, path: at, place };
	};
	return [...values.map((value) => claim(value, false)), ...patterns.map((pattern) => claim(pattern, true))];
}

/** Place of one value of an attribute, which may be written as a list or alone. */
export function placeOfValue(document: SourceDocument, path: Path, written: unknown, value: string): Place {
	if (!Array.isArray(written)) return document.place(path);
	return document.place([...path, written.findIndex((each) => String(each) === value)]);
}
