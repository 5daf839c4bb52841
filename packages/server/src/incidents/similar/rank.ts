import { DAY_MS } from "@bellwether/model";
import type { Incident } from "../types.ts";

/** A value of an attribute that explained bad events: region = westeurope. */
export interface CulpritValue {
	readonly attribute: string;
	readonly value: string;
}

export interface Comparable {
	readonly incident: Pick<
		Incident,
		"id" | "tenant" | "slo" | "workload" | "kind" | "monitor" | "detectedAt" | "verdict"
	>;
	readonly culprits: readonly CulpritValue[];
}

export interface Similarity {
	readonly id: string;
	/** 0 to 1. */
	readonly score: number;
	/** What the two have in common, the weightiest first. */
	readonly reasons: readonly string[];
}

/** Below this two incidents have nothing in common but a tenant or a workload. */
const LEAST = 0.2;
const HALF_LIFE_MS = 180 * DAY_MS;
const MOST_BY_CULPRIT = 0.35;

interface Common {
	readonly weight: number;
	readonly words: string;
}

/**
 * Past incidents that are like this one, the likest first: by whose and what it is, by what explained the bad events, by
 * the monitor, and a little by how long ago. What was noise comes after what was real. Pure.
 */
export function rankSimilar(one: Comparable, past: readonly Comparable[], atMost = 5): Similarity[] {
	return past
		.filter(({ incident }) => incident.id !== one.incident.id)
		.map((other) => similarity(one, other))
		.filter(({ score }) => score >= LEAST)
		.sort((a, b) => b.score - a.score || (a.id < b.id ? 1 : -1))
		.slice(0, atMost);
}

function similarity(one: Comparable, other: Comparable): Similarity {
	const common = [...ofPair(one.incident, other.incident), ...ofCulprits(one.culprits, other.culprits)];
	if (one.incident.monitor !== "" && one.incident.monitor === other.incident.monitor && common.length > 0)
		common.push({ weight: 0.05, words: `found by the same monitor` });
	const ageMs = Math.max(0, one.incident.detectedAt - other.incident.detectedAt);
	const recency = 0.1 * 2 ** (-ageMs / HALF_LIFE_MS);
	const isNoise = other.incident.verdict === "noise" || other.incident.verdict === "expected-change";
	const sum = common.reduce((all, { weight }) => all + weight, 0) + (common.length > 0 ? recency : 0);
	return {
		id: other.incident.id,
		score: Math.min(1, sum) * (isNoise ? 0.7 : 1),
		reasons: common.toSorted((a, b) => b.weight - a.weight).map(({ words }) => words),
	};
}

function ofPair(one: Comparable["incident"], other: Comparable["incident"]): Common[] {
	const isSameTenant = one.tenant === other.tenant;
	const whose = one.kind === "platform" ? "the platform as well" : "the same tenant";
	if (one.slo === other.slo)
		return isSameTenant
			? [{ weight: 0.5, words: `${whose} and the same SLO` }]
			: [{ weight: 0.3, words: "the same SLO" }];
	const isSameWorkload = one.workload !== "" && one.workload === other.workload;
	if (isSameTenant && isSameWorkload) return [{ weight: 0.25, words: `${whose} and the same workload` }];
	if (isSameWorkload) return [{ weight: 0.12, words: "the same workload" }];
	return isSameTenant ? [{ weight: 0.1, words: whose }] : [];
}

function ofCulprits(one: readonly CulpritValue[], other: readonly CulpritValue[]): Common[] {
	const keys = (values: readonly CulpritValue[]) =>
		new Set(values.map(({ attribute, value }) => JSON.stringify([attribute, value])));
	const [mine, theirs] = [keys(one), keys(other)];
	const both = one.filter(({ attribute, value }) => theirs.has(JSON.stringify([attribute, value])));
	if (both.length === 0) return [];
	const all = new Set([...mine, ...theirs]).size;
	const words = both.map(({ attribute, value }) => `${attribute} ${value === "" ? "(none)" : value}`).join(", ");
	return [{ weight: MOST_BY_CULPRIT * (keys(both).size / all), words: `also failed where ${words}` }];
}
