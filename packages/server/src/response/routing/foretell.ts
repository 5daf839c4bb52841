import { SEVERITIES, type SeverityKey } from "@bellwether/model";
import { type Catalogue, heldMonitor, type Monitor, type Slo, type Tell } from "#catalogue";
import { type ChainWorld, nameOf, reach } from "../chain.ts";
import { takeSnapshot } from "../chain-snapshot.ts";
import { NO_ON_CALL_STATE, whoIsOnCall } from "../schedule/index.ts";
import { decide } from "./decide.ts";
import { labelsOf } from "./labels.ts";
import type { Decision, IncidentFacts, OpenIncident } from "./types.ts";
import { span } from "./words.ts";

/** An incident that could open. What is left out follows from the rest. */
export interface Imagined {
	/** Empty or undefined: the platform. */
	readonly tenant?: string | undefined;
	readonly workload?: string | undefined;
	readonly slo?: string | undefined;
	readonly severity?: string | undefined;
	readonly monitor?: string | undefined;
}

/** One step of the chain: who would be paged, how long after the first page. */
export interface ForetoldStep {
	readonly afterMs: number;
	readonly who: string;
	/** Names of people; empty: nobody can be reached, or it is a channel. */
	readonly people: readonly string[];
}

export interface Foretold {
	readonly incident: IncidentFacts;
	readonly decision: Decision;
	readonly steps: readonly ForetoldStep[];
	/** Channel or integration names. */
	readonly tells: readonly string[];
	/** All of it in sentences. */
	readonly words: readonly string[];
}

export type Foretelling =
	| { readonly status: "told"; readonly told: Foretold }
	| {
			readonly status: "unknown";
			readonly field: keyof Imagined;
			readonly value: string;
			readonly known: readonly string[];
	  };

/** Who would be paged and told for an incident at an instant, by the catalogue alone: no mutes, no overrides of schedules. */
export function foretell(
	catalogue: Catalogue,
	imagined: Imagined,
	now: number,
	openAlready: readonly Imagined[] = [],
): Foretelling {
	const facts = imagine(catalogue, imagined, "INC-new");
	if ("status" in facts) return facts;
	const open: OpenIncident[] = [];
	for (const [k, each] of openAlready.entries()) {
		const other = imagine(catalogue, each, `INC-${k + 1}`);
		if ("status" in other) return other;
		open.push({ id: other.id, labels: other.labels, inhibitedBy: [] });
	}
	const decision = decide({ incident: facts, catalogue, mutes: [], open, groups: [], now });
	const steps = decision.action === "tell" ? [] : foretellSteps(catalogue, decision, facts, now);
	const tells = decision.tell.map(nameOfTell);
	return { status: "told", told: { incident: facts, decision, steps, tells, words: wordsOf(decision, steps) } };
}

function imagine(
	catalogue: Catalogue,
	imagined: Imagined,
	id: string,
): IncidentFacts | Exclude<Foretelling, { status: "told" }> {
	const unknown = (field: keyof Imagined, known: readonly { readonly name: string }[]) => ({
		status: "unknown" as const,
		field,
		value: imagined[field] ?? "",
		known: known.map((each) => each.name),
	});
	const tenant = imagined.tenant ?? "";
	if (tenant !== "" && !catalogue.tenants.some((each) => each.name === tenant))
		return unknown("tenant", catalogue.tenants);
	if (imagined.workload !== undefined && !catalogue.workloads.some((each) => each.name === imagined.workload))
		return unknown("workload", catalogue.workloads);
	const slo = sloOf(catalogue, imagined);
	if (!slo) return unknown(imagined.slo === undefined ? "workload" : "slo", catalogue.slos);
	const monitor = monitorOf(catalogue, imagined, slo);
	if (!monitor && imagined.monitor !== undefined) return unknown("monitor", catalogue.monitors);
	const severity =
		imagined.severity ?? heldMonitor(catalogue, monitor?.name ?? "", slo.name, tenant)?.severity ?? "2.5";
	if (!Object.hasOwn(SEVERITIES, severity))
		return unknown(
			"severity",
			Object.keys(SEVERITIES).map((name) => ({ name })),
		);
	const told = {
		tenant,
		slo: slo.name,
		workload: slo.workload,
		monitor: monitor?.name ?? "",
		kind: tenant === "" ? ("platform" as const) : ("tenant" as const),
		severity: SEVERITIES[severity as SeverityKey],
	};
	return { ...told, id, labels: labelsOf(catalogue, told), isDrill: false };
}

/** The SLO that is named, else the workload's leading one, else the first of all. */
function sloOf(catalogue: Catalogue, { slo, workload }: Imagined): Slo | undefined {
	const own = catalogue.slos.filter((each) => workload === undefined || each.workload === workload);
	if (slo !== undefined) return own.find((each) => each.name === slo);
	const lead = catalogue.workloads.find((each) => each.name === workload)?.leadSlo;
	return own.find((each) => each.name === lead) ?? own[0];
}

/** The monitor that is named, else a live one that watches the SLO. */
function monitorOf(catalogue: Catalogue, { monitor }: Imagined, slo: Slo): Monitor | undefined {
	if (monitor !== undefined) return catalogue.monitors.find((each) => each.name === monitor);
	const live = catalogue.monitors.filter((each) => each.mode === "live");
	return (
		live.find((each) => each.slos?.includes(slo.name)) ??
		live.find((each) => each.slos === undefined) ??
		catalogue.monitors[0]
	);
}

function foretellSteps(catalogue: Catalogue, decision: Decision, facts: IncidentFacts, now: number): ForetoldStep[] {
	const snapshot = takeSnapshot(catalogue, decision.policy);
	return decision.policy.steps.flatMap(({ afterMs, notify }, k): ForetoldStep[] => {
		if (!notify) return [];
		const at = firstPageAt(decision, now) + afterMs;
		const world: ChainWorld = {
			now: at,
			severity: facts.labels.severity as SeverityKey,
			onCall: (schedule, role) =>
				whoIsOnCall(snapshot, NO_ON_CALL_STATE, schedule, at).find((each) => each.role === role)?.people ?? [],
			person: (name) => catalogue.people.find((each) => each.name === name),
			turn: () => 0,
			incidentsWithin: () => 1,
			hasChannel: (name) => catalogue.channels.some((channel) => channel.name === name),
		};
		const reached = reach(snapshot, notify, world, k);
		if (typeof reached === "string") return [{ afterMs, who: `nobody: ${reached}`, people: [] }];
		const people = reached.kind === "people" ? reached.people.map((person) => person.name) : [];
		return [{ afterMs, who: nameOf(reached), people }];
	});
}

/** What is held back pages whoever is on call when the last of its holds ends; one without an end is taken as over now. */
function firstPageAt({ pageAt, holds }: Decision, now: number): number {
	return pageAt ?? Math.max(now, ...holds.flatMap((hold) => hold.until ?? []));
}

function wordsOf(decision: Decision, steps: readonly ForetoldStep[]): string[] {
	return [
		...decision.explanation,
		...steps.map(({ afterMs, who }) => (afterMs === 0 ? `First page: ${who}.` : `${span(afterMs)} later: ${who}.`)),
	];
}

function nameOfTell(tell: Tell): string {
	return "integration" in tell ? tell.integration : tell.channel;
}
