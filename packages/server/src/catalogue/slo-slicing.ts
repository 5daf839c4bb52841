import { DAY_MS, formatDuration, MINUTE_MS, parseDuration } from "@bellwether/model";
import type { Entry } from "./entries.ts";
import type { Input } from "./kinds.ts";
import { ANNOTATIONS } from "./kinds-openslo.ts";
import type { Context } from "./references.ts";
import { shorthandMs } from "./slo-window.ts";
import type { Slicing } from "./types.ts";
import { type Path, pathText, show } from "./wording.ts";

type ObjectiveInput = Input<"SLO">["spec"]["objectives"][number];

/** Shorter slices would hold too few events; a longer one than a day tells nobody in time. */
const MAX_SLICE_MS = DAY_MS;

/** "none": by occurrences. Undefined: something is wrong, and was told. */
export function slicingOf(
	context: Context,
	entry: Entry<"SLO">,
	objective: ObjectiveInput,
	index: number,
): Slicing | "none" | undefined {
	const method = entry.input.spec.budgetingMethod ?? "Occurrences";
	const at: Path = ["spec", "objectives", index];
	const { timeSliceTarget, timeSliceWindow } = objective;
	const complain = (path: Path, message: string, remedy: string, where: "key" | "value" = "value"): undefined => {
		context.error(entry, path, message, remedy, where);
		return undefined;
	};
	const useless = (field: "timeSliceTarget" | "timeSliceWindow", methods: string): undefined =>
		complain(
			[...at, field],
			`${pathText([...at, field])} has no effect: budgetingMethod is ${method}.`,
			`Remove it, or write budgetingMethod: ${methods}.`,
			"key",
		);
	if (method === "Occurrences") {
		if (timeSliceTarget !== undefined) return useless("timeSliceTarget", "Timeslices");
		if (timeSliceWindow !== undefined) return useless("timeSliceWindow", "Timeslices or RatioTimeslices");
		return "none";
	}
	if (timeSliceWindow === undefined)
		return complain(at, `${pathText([...at, "timeSliceWindow"])} is missing.`, `${method} needs it, such as 5m.`);
	const sliceMs = shorthandMs(timeSliceWindow);
	if (sliceMs === undefined || sliceMs < MINUTE_MS || sliceMs > MAX_SLICE_MS || sliceMs % MINUTE_MS !== 0) {
		const path = [...at, "timeSliceWindow"];
		const message = `${pathText(path)} ${show(timeSliceWindow)} is not a length from 1 minute to 1 day.`;
		return complain(path, message, "Write whole minutes or hours, such as 5m.");
	}
	if (method === "RatioTimeslices")
		return timeSliceTarget === undefined
			? { method: "ratio-timeslices", sliceMs }
			: useless("timeSliceTarget", "Timeslices");
	if (timeSliceTarget === undefined)
		return complain(at, `${pathText([...at, "timeSliceTarget"])} is missing.`, "Timeslices needs it, such as 0.95.");
	if (timeSliceTarget > 0 && timeSliceTarget <= 1) return { method: "timeslices", sliceMs, target: timeSliceTarget };
	const path = [...at, "timeSliceTarget"];
	return complain(
		path,
		`${pathText(path)} ${timeSliceTarget} is not above 0 and at most 1.`,
		"Write a ratio such as 0.95.",
	);
}

/** What the heartbeat annotations say; undefined: there are none, or something is wrong and was told. */
export function heartbeatOf(
	context: Context,
	entry: Entry<"SLO">,
): { readonly everyMs: number; readonly effectiveAt?: number } | undefined {
	const annotations = entry.input.metadata.annotations ?? {};
	const path = (key: string): Path => ["metadata", "annotations", key];
	const complain = (key: string, says: string, remedy: string): undefined => {
		context.error(entry, path(key), `${pathText(path(key))} ${show(annotations[key])} ${says}.`, remedy);
		return undefined;
	};
	const every = annotations[ANNOTATIONS.heartbeat];
	const from = annotations[ANNOTATIONS.effectiveFrom];
	if (every === undefined) {
		if (from === undefined) return undefined;
		const remedy = `Write ${ANNOTATIONS.heartbeat} beside it, such as 10m, or remove it.`;
		return complain(ANNOTATIONS.effectiveFrom, "is only for heartbeats", remedy);
	}
	const everyMs = parseDuration(every);
	if (everyMs === undefined || everyMs < MINUTE_MS || everyMs > MAX_SLICE_MS || everyMs % MINUTE_MS !== 0)
		return complain(
			ANNOTATIONS.heartbeat,
			"is not a length from 1 minute to 1 day",
			"Write whole minutes, such as 10m.",
		);
	if (entry.input.spec.budgetingMethod !== undefined && entry.input.spec.budgetingMethod !== "Occurrences") {
		const method = entry.input.spec.budgetingMethod;
		const says = `makes each interval of ${formatDuration(everyMs)} one event, so that spec.budgetingMethod ${method} has nothing to slice`;
		return complain(ANNOTATIONS.heartbeat, says, "Write budgetingMethod: Occurrences.");
	}
	if (from === undefined) return { everyMs };
	const isTime = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:\d{2}))?$/.test(from);
	const effectiveAt = isTime ? Date.parse(from) : Number.NaN;
	if (!Number.isNaN(effectiveAt)) return { everyMs, effectiveAt };
	return complain(ANNOTATIONS.effectiveFrom, "is not a date", "Write 2026-12-01, or 2026-12-01T08:00Z.");
}
