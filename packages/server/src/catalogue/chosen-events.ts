import type { Context } from "./references.ts";
import type { SourceDocument } from "./source.ts";
import type { Selector, Signal } from "./types.ts";
import { type Path, pathText, show } from "./wording.ts";

type EventSignal = Exclude<Signal, "metric">;
const EVENT_SIGNALS: readonly EventSignal[] = ["span", "log", "event"];

export type WrittenSignal = {
	readonly metric?: string | undefined;
	readonly selector?: string | undefined;
	readonly signal?: EventSignal | undefined;
} & { readonly [K in EventSignal]?: string | undefined };

/** What `span`, `log` or `event` names instead of a metric; undefined: none of them is written. */
export function namedSignal(
	context: Context,
	document: SourceDocument,
	path: Path,
	written: WrittenSignal,
): Pick<Selector, "metric" | "signal"> | undefined {
	const signal = EVENT_SIGNALS.find((each) => written[each] !== undefined);
	if (signal === undefined) {
		if (written.signal === undefined || written.selector !== undefined) return undefined;
		const message = `${pathText([...path, "signal"])} is without a selector.`;
		context.error({ document }, [...path, "signal"], message, `Write ${written.signal}: NAME, or a selector.`, "key");
		return { metric: "", signal: written.signal };
	}
	for (const other of ["metric", "selector", "signal", ...EVENT_SIGNALS] as const) {
		if (other === signal || written[other] === undefined) continue;
		const message = `${pathText(path)} has both ${signal} and ${other}.`;
		context.error({ document }, [...path, other], message, "Keep one of the two.", "key");
	}
	return { metric: written[signal] as string, signal };
}

/** Whether the selectors of a ratio choose events of one kind: `total` says which, `part` which of them. */
export function checkPart(
	context: Context,
	document: SourceDocument,
	path: Path,
	part: Selector,
	total: Selector,
): void {
	const kind = total.signal ?? "metric";
	const complain = (at: Path, message: string, remedy: string): void =>
		void context.error({ document }, at, message, remedy);
	if ((part.signal ?? "metric") !== kind) {
		const message = `${pathText(path)} selects ${part.signal ?? "metric"}s, total selects ${kind}s.`;
		complain(path, message, "Select the same kind of events in both.");
		return;
	}
	if (kind === "metric") return;
	if (part.metric !== total.metric && total.metric !== "*" && part.metric !== "*") {
		const message = `${pathText(path)} selects ${kind}s named ${show(part.metric)}, total those named ${show(total.metric)}: no event is both.`;
		complain(path, message, "Write the same name, and say by where which of the events are meant.");
	}
	for (const [at, selector] of [
		[path, part],
		[[...path.slice(0, -1), "total"], total],
	] as const)
		if (kind === "log" && selector.le !== undefined)
			complain(at, `${pathText(at)} has le, but log records have no duration.`, "Remove le, or select spans.");
}

/** Whether events of this kind have something that can be compared with a threshold. */
export function checkMeasured(context: Context, document: SourceDocument, path: Path, selector: Selector): void {
	if (selector.signal !== "log") return;
	const remedy = "Write a ratioMetric that says which records are good.";
	context.error({ document }, path, `${pathText(path)} selects log records, which have no value.`, remedy);
}
