import { type Context, record, sortedSet } from "./references.ts";
import type { SourceDocument } from "./source.ts";
import { type Path, pathText } from "./wording.ts";

type AttributeValue = string | number | boolean;

/** Attribute → values as texts, sorted and without doubles. Numbers that lose digits as numbers (007, 1e3) are refused. */
export function attributes(
	context: Context,
	document: SourceDocument,
	path: Path,
	input: Readonly<Record<string, AttributeValue | readonly AttributeValue[]>>,
): Readonly<Record<string, readonly string[]>> {
	return record(
		Object.keys(input)
			.toSorted()
			.map((key) => {
				const given = input[key] as AttributeValue | readonly AttributeValue[];
				const values = Array.isArray(given) ? (given as readonly AttributeValue[]) : [given as AttributeValue];
				const texts = values.map((value, k) => {
					const at = [...path, key, ...(Array.isArray(given) ? [k] : [])];
					const written = document.written(at);
					if (typeof value === "number" && written !== undefined && written !== String(value)) {
						const remedy = `Write it in quotes: "${written}".`;
						context.error({ document }, at, `${pathText(at)} ${written} would be read as the number ${value}.`, remedy);
					}
					return String(value);
				});
				return [key, sortedSet(texts)] as const;
			}),
	);
}
