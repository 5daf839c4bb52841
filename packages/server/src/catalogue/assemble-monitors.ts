import { type BurnRateTier, burnRateTiers, formatDuration, tierFault } from "@bellwether/model";
import { monitorFor } from "./choose.ts";
import type { Entry } from "./entries.ts";
import type { Input } from "./kinds.ts";
import { keepsLatency } from "./latency.ts";
import { BUILT_IN_MONITOR, checkTerms, readTerms } from "./monitor-terms.ts";
import type { Context } from "./references.ts";
import { sortedSet } from "./references.ts";
import { writtenSlos } from "./slo-names.ts";
import type { SourceDocument } from "./source.ts";
import { wholeThreshold } from "./threshold-terms.ts";
import type { Catalogue, Monitor, RadarTerms, SeasonalTerms, Slo } from "./types.ts";
import { type Path, show } from "./wording.ts";

const BASE_TERMS = { mode: "live", severity: "2.5", evidenceP: 1e-4 } as const;

type WrittenSeasonal = Input<"Monitor">["spec"]["seasonal"];

export function assembleMonitors(context: Context): Monitor[] {
	const entries = context.entries.of("Monitor");
	const monitors = entries.map((entry): Monitor => {
		const { detector = "burn-rate", slos, radar, seasonal, ...written } = entry.input.spec;
		slos?.forEach((name, k) => {
			context.refer(["SLO"], name, entry.document, ["spec", "slos", k]);
		});
		const { threshold, absence, ...terms } = readTerms(
			context,
			entry.document,
			["spec"],
			written,
			`Monitor/${entry.name}`,
		);
		const whole = detector === "threshold" ? wholeThreshold(threshold ?? {}) : undefined;
		checkTerms(context, entry.document, ["spec"], detector, written, whole);
		for (const [group, held] of Object.entries({ radar, seasonal })) {
			if (held !== undefined && detector !== group) {
				const message = `spec.${group} has no meaning for the detector ${detector}.`;
				context.error(entry, ["spec", group], message, `Remove it, or write detector: ${group}.`, "key");
			}
			for (const field of Object.keys(held ?? {}))
				context.note(`Monitor/${entry.name}/${group}.${field}`, entry.document, ["spec", group, field]);
		}
		if (detector === "seasonal") checkSeasonal(context, entry, seasonal);
		context.note(`Monitor/${entry.name}/detector`, entry.document, ["spec", "detector"]);
		return {
			name: entry.name,
			detector,
			...(slos === undefined ? {} : { slos: sortedSet(slos) }),
			...BASE_TERMS,
			...terms,
			...(whole && { threshold: whole }),
			...(detector === "radar" ? { radar: radarOf(radar) } : {}),
			...(detector === "seasonal" ? { seasonal: seasonalOf(seasonal) } : {}),
			...(detector === "absence" ? { absence: { quietHours: true, ...absence } } : {}),
		};
	});
	checkOverlaps(context, monitors);
	if (!monitors.some(({ detector }) => detector === "burn-rate") && context.complete("Monitor")) {
		return [...monitors, { name: BUILT_IN_MONITOR, detector: "burn-rate", ...BASE_TERMS }];
	}
	warnUnwatched(context, monitors);
	return monitors;
}

function seasonalOf(written: WrittenSeasonal): SeasonalTerms {
	const measure = written?.measure ?? "events";
	const direction = written?.direction ?? (measure === "events" ? "both" : "up");
	return { measure, ...(measure === "latency" ? { percentile: written?.percentile ?? 90 } : {}), direction };
}

function checkSeasonal(context: Context, entry: Pick<Entry, "document">, written: WrittenSeasonal): void {
	const path = ["spec", "seasonal"];
	if (written?.measure !== "latency") {
		if (written?.percentile === undefined) return;
		const message = `spec.seasonal.percentile has no meaning for the measure ${written.measure ?? "events"}.`;
		context.error(entry, [...path, "percentile"], message, "Remove it, or write measure: latency.", "key");
		return;
	}
	if (written.direction !== "both") return;
	const message = "spec.seasonal.direction both has no meaning for the measure latency.";
	context.error(entry, [...path, "direction"], message, "Write up, for slower than usual, or down.");
}

/** Whether each SLO that a monitor of latency names keeps latencies: of the others it could never say anything. */
export function checkLatencies(context: Context, { monitors, slos }: Pick<Catalogue, "monitors" | "slos">): void {
	const able = slos.filter(keepsLatency).map(({ name }) => name);
	for (const entry of context.entries.of("Monitor")) {
		const monitor = monitors.find(({ name }) => name === entry.name);
		if (monitor?.seasonal?.measure !== "latency") continue;
		const few = able.length > 5 ? [...able.slice(0, 5), "…"] : able;
		const remedy =
			able.length === 0
				? "Give an SLO a bound on a histogram (le), or choose another measure."
				: `Name those that do: ${few.join(", ")}.`;
		if (!monitor.slos) {
			const message = `Monitor ${show(monitor.name)} judges latencies and has no spec.slos; not every SLO keeps latencies.`;
			context.error(entry, ["metadata", "name"], message, remedy);
			continue;
		}
		for (const [k, name] of (entry.input.spec.slos ?? []).entries()) {
			const slo = slos.find((each) => each.name === name);
			if (!slo || keepsLatency(slo)) continue;
			const message = `SLO ${show(name)} keeps no latencies: it has no bound on a histogram or a duration.`;
			context.error(entry, ["spec", "slos", k], message, remedy);
		}
	}
}

function radarOf(written: Input<"Monitor">["spec"]["radar"]): RadarTerms {
	return {
		watches: sortedSet(written?.watches ?? ["errors", "volume"]) as RadarTerms["watches"],
		falsePagesPerTenantWeek: written?.falsePagesPerTenantWeek ?? 0.01,
	};
}

/** Two live monitors of one detector on one SLO would open one breach with two opinions about its severity. */
function checkOverlaps(context: Context, monitors: readonly Monitor[]): void {
	const watchedBy = new Map<string, string>();
	const generals = new Map<string, string>();
	for (const entry of context.entries.of("Monitor").toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
		const monitor = monitors.find((each) => each.name === entry.name);
		if (monitor?.mode !== "live") continue;
		if (!monitor.slos) {
			const general = generals.get(monitor.detector);
			if (general !== undefined) {
				const message = `Monitor ${show(monitor.name)} watches every SLO, as ${show(general)} does.`;
				context.error(entry, ["metadata", "name"], message, "Name its SLOs, or write mode: shadow.");
			} else generals.set(monitor.detector, monitor.name);
			continue;
		}
		for (const slo of monitor.slos) {
			const key = `${monitor.detector} ${slo}`;
			const before = watchedBy.get(key);
			if (before === undefined) watchedBy.set(key, monitor.name);
			else {
				const path = ["spec", "slos", (entry.input.spec.slos ?? []).indexOf(slo)];
				const message = `SLO ${show(slo)} is already watched by the live monitor ${show(before)}.`;
				context.error(entry, path, message, "Remove it from one of the two, or write mode: shadow.");
			}
		}
	}
}

function warnUnwatched(context: Context, monitors: readonly Monitor[]): void {
	if (!context.complete("Monitor")) return;
	const live = monitors.filter((monitor) => monitor.mode === "live");
	if (live.some((monitor) => monitor.slos === undefined)) return;
	const watched = new Set(live.flatMap((monitor) => monitor.slos ?? []));
	for (const { name, entry } of writtenSlos(context.entries)) {
		if (watched.has(name)) continue;
		const message = `SLO ${show(name)} is watched by no live monitor, so it pages nobody.`;
		context.warn(
			entry,
			["metadata", "name"],
			message,
			"Name it in a monitor, or write a monitor without slos, which watches all.",
		);
	}
}

type Parts = Pick<Catalogue, "monitors" | "slos" | "tiers" | "tenants">;

/** Whether rules can be true at all: a tier whose factor a total outage cannot exceed is told, an SLO without any is wrong. */
export function checkReach(context: Context, parts: Parts): void {
	for (const slo of parts.slos) {
		const monitor = monitorFor(parts as Catalogue, slo.name);
		if (!monitor || !fitsPeriod(context, slo, monitor)) continue;
		for (const { objective, document, path } of objectivesOf(context, slo))
			reach(context, slo, monitor, objective, document, path);
	}
}

/** In a day, every page tier's budget share is less than what an even spending uses, whatever the objective. */
function fitsPeriod(context: Context, slo: Slo, monitor: Monitor): boolean {
	const pages = tiersOf(slo, monitor).filter((tier) => tier.response === "page");
	if (pages.length === 0 || pages.some((tier) => tierFault(tier, 1) === undefined)) return true;
	const entry = writtenSlos(context.entries).find((each) => each.name === slo.name)?.entry;
	const message = `${show(slo.name)} over ${formatDuration(slo.periodMs)} can never page: every page tier would fire while the error budget lasts.`;
	const remedy =
		"Write a longer duration, 2d or more, or watch it by ticket tiers only, to keep its budget without pages.";
	if (entry) context.error(entry, ["spec", "timeWindow", 0, "duration"], message, remedy);
	return false;
}

function tiersOf(slo: Slo, monitor: Monitor): BurnRateTier[] {
	return burnRateTiers(slo.periodMs).filter((tier) => !monitor.tiers || monitor.tiers.includes(tier.key));
}

interface WrittenObjective {
	readonly objective: number;
	readonly document: SourceDocument;
	readonly path: Path;
}

/** The SLO's own objective and every override of it, each with its place. */
function objectivesOf(context: Context, slo: Slo): WrittenObjective[] {
	const { entries } = context;
	const own = writtenSlos(entries)
		.filter(({ name }) => name === slo.name)
		.map(({ entry, index }) => {
			const field = entry.input.spec.objectives[index]?.target === undefined ? "targetPercent" : "target";
			return { objective: slo.objective, document: entry.document, path: ["spec", "objectives", index, field] };
		});
	const overrides = [
		...[...entries.of("Tier"), ...entries.of("KeyTenant")].map(({ document, input }) => ({
			document,
			path: ["spec"],
			held: input.spec.objectives,
		})),
		...entries
			.of("KeyTenantList")
			.flatMap(({ document, input }) => [
				{ document, path: ["spec", "defaults"], held: input.spec.defaults?.objectives },
				...input.spec.tenants.map((tenant, k) => ({ document, path: ["spec", "tenants", k], held: tenant.objectives })),
			]),
	].flatMap(({ document, path, held }) => {
		const objective = held && Object.hasOwn(held, slo.name) ? held[slo.name] : undefined;
		return objective === undefined ? [] : [{ objective, document, path: [...path, "objectives", slo.name] }];
	});
	return [...own, ...overrides];
}

function reach(
	context: Context,
	slo: Slo,
	monitor: Monitor,
	objective: number,
	document: SourceDocument,
	path: Path,
): void {
	const tiers = tiersOf(slo, monitor);
	const pages = tiers.filter((tier) => tier.response === "page");
	const faults = tiers.map((tier) => ({ tier, fault: tierFault(tier, objective) }));
	const never = faults.filter(({ fault }) => fault === "never-fires").map(({ tier }) => tier);
	const usable = faults.some(({ tier, fault }) => tier.response === "page" && fault === undefined);
	const what = `${show(slo.name)} at ${objective} over ${formatDuration(slo.periodMs)}`;
	if (pages.length > 0 && !usable) {
		const lowest = Math.min(...pages.filter((tier) => tierFault(tier, 1) === undefined).map((tier) => tier.factor));
		const message = `${what} can never page: a total outage burns at ${round(1 / (1 - objective))}, and no page tier has a lower factor.`;
		const remedy = `Write an objective above ${roundUp(1 - 1 / lowest)}, or watch it by ticket tiers only.`;
		context.error({ document }, path, message, remedy);
		return;
	}
	const blind = faults.filter(({ tier, fault }) => !fault && !canProve(slo, tier, objective, monitor.evidenceP));
	if (blind.length > 0) {
		const list = blind.map(({ tier }) => tier.key).join(", ");
		const message = `${what} can never fire ${list}: too few slices fit into the window to prove anything.`;
		const left = faults.some(
			({ tier, fault }) => tier.response === "page" && !fault && !blind.some((each) => each.tier === tier),
		);
		if (left || pages.length === 0)
			context.warn({ document }, path, message, "The other tiers still watch it; shorter slices let all fire.");
		else {
			const remedy = "Write shorter slices or a higher objective, or watch it by ticket tiers only.";
			context.error({ document }, path, message, remedy);
		}
	}
	if (never.length === 0) return;
	const list = never.map((tier) => `${tier.key} (factor ${round(tier.factor)})`).join(", ");
	const message = `${what} can never fire ${list}: a total outage burns at ${round(1 / (1 - objective))}.`;
	const highest = Math.max(...never.map((tier) => tier.factor));
	context.warn(
		{ document },
		path,
		message,
		`The other tiers still watch it; above ${roundUp(1 - 1 / highest)} all can fire.`,
	);
}

/** Whether even a total outage is evidence: each slice is one event, and a window holds only so many. */
function canProve(slo: Slo, tier: BurnRateTier, objective: number, evidenceP: number): boolean {
	const sliceMs = slo.indicator.kind === "heartbeat" ? slo.indicator.everyMs : slo.slicing?.sliceMs;
	return sliceMs === undefined || (1 - objective) ** Math.floor(tier.longMs / sliceMs) < evidenceP;
}

function round(value: number): number {
	return Number(value.toPrecision(4));
}

/** Rounded away from where it would again be out of reach. */
function roundUp(ratio: number): number {
	return Math.ceil(ratio * 10_000) / 10_000;
}
