import { attributes } from "./attributes.ts";
import { namedSignal, type WrittenSignal } from "./chosen-events.ts";
import type { Context } from "./references.ts";
import { parseSelector } from "./selector.ts";
import type { SourceDocument } from "./source.ts";
import type { Matcher, Selector } from "./types.ts";
import { type Path, pathText } from "./wording.ts";

type Written = WrittenSignal & {
	readonly metric?: string | undefined;
	readonly selector?: string | undefined;
	readonly where?: Parameters<typeof attributes>[3] | undefined;
};

/** The streams that the object at `path` names, by `metric` and `where` or by `selector` in PromQL; faults are told where they stand. */
export function chosenStreams(
	context: Context,
	document: SourceDocument,
	path: Path,
	written: Written,
): Pick<Selector, "metric" | "where" | "signal"> {
	const values = attributes(context, document, [...path, "where"], written.where ?? {});
	const where = Object.entries(values).map(([name, values]): Matcher => ({ name, op: "=", values }));
	const named = namedSignal(context, document, path, written);
	if (named) return { ...named, where };
	if (written.selector === undefined) {
		if (written.metric !== undefined) return { metric: written.metric, where };
		const message = `${pathText([...path, "metric"])} is missing.`;
		context.error({ document }, path, message, "Write metric, or selector with a PromQL selector.", "key");
		return { metric: "", where };
	}
	const at = [...path, "selector"];
	for (const other of ["metric", "where"] as const) {
		if (written[other] === undefined) continue;
		const message = `${pathText(path)} has both selector and ${other}.`;
		context.error({ document }, at, message, `Write ${other} into the selector, or remove it.`, "key");
	}
	const reading = parseSelector(written.selector);
	const { signal } = written;
	if (reading.status === "ok") return { ...reading.selector, ...(signal === undefined ? {} : { signal }) };
	const message = `${pathText(at)} ${reading.message}.`;
	context.findings.error(document.placeIn(at, reading.at), message, reading.remedy);
	return { metric: "", where };
}
