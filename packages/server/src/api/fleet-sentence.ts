import { describeDuration } from "@bellwether/model";
import type { Cell, CellState, FleetRow, Sentence, Tone } from "./schemas.ts";
import type { IngestSilence } from "./sender-status.ts";

export interface SentenceInputs {
	readonly platform: FleetRow;
	readonly tenants: readonly FleetRow[];
	readonly workloads: readonly { readonly name: string; readonly displayName: string }[];
	readonly platformIncidents: readonly { readonly id: string; readonly workload: string }[];
	readonly lastBreach: { readonly tenantDisplayName: string; readonly closedAt: number } | undefined;
	/** Nothing comes in from anywhere. */
	readonly ingest?: IngestSilence | undefined;
	/** Channels that have failed for long: pages by them do not arrive. */
	readonly failingChannels?: readonly FailingChannel[] | undefined;
	readonly now: number;
}

export interface FailingChannel {
	readonly name: string;
	readonly since: number;
}

/** The first line of the fleet page: platform, tenants, what platform monitoring shows of them, what is unknown. */
export function fleetSentence(inputs: SentenceInputs): Sentence {
	const { platform, tenants } = inputs;
	const parts: Sentence = [];
	const part = (tone: Tone, text: string) => parts.push({ tone, text });
	const count = (state: CellState) => tenants.filter((row) => row.worst === state).length;
	const isRed = new Set(platform.cells.filter((cell) => cell.state === "breach").map((cell) => cell.workload));
	const inUse = platform.cells.filter((cell) => cell.slos.length > 0);

	for (const { name, since } of inputs.failingChannels ?? [])
		part(
			"at-risk",
			`Nothing leaves by the channel ${name} for ${describeDuration(inputs.now - since)}: see Admin, Channels.`,
		);
	if (inputs.ingest) part("no-data", silenceText(inputs.ingest, inputs.now));
	if (inUse.length > 0 && inUse.every((cell) => cell.state === "no-data")) {
		part("no-data", `No telemetry: the state of the platform and of ${tenantCount(tenants.length)} is unknown.`);
		return parts;
	}
	platformPart(inputs, inUse, isRed, part);

	const breached = tenants.filter((row) => row.worst === "breach");
	const affected = breached.filter((row) =>
		row.cells.some((cell) => cell.state === "breach" && isRed.has(cell.workload)),
	);
	const own = breached.filter((row) => row.cells.some((cell) => cell.state === "breach" && !isRed.has(cell.workload)));
	if (affected.length > 0) {
		part(
			"breach",
			`${tenantCount(affected.length)} affected; CRE is not paging for ${affected.length === 1 ? "this" : "these"}.`,
		);
	}
	if (own.length > 0) {
		part(
			"breach",
			`${own.length} of ${tenantCount(tenants.length)} in breach${isRed.size > 0 ? " of their own" : ""}.`,
		);
		if (own.every((row) => row.cells.some((cell) => cell.ring))) part("plain", maskedText(own.length));
	}
	if (count("at-risk") > 0) part("at-risk", `${tenantCount(count("at-risk"))} at risk.`);
	blindPart(tenants, part);
	if (tenants.length === 0) part("plain", "No key tenants are configured yet.");
	else if (breached.length === 0 && isRed.size === 0) {
		part("healthy", `${count("healthy")} of ${tenantCount(tenants.length)} healthy.`);
		if (inputs.lastBreach) {
			const ago = describeDuration(inputs.now - inputs.lastBreach.closedAt);
			part("plain", `Last breach: ${inputs.lastBreach.tenantDisplayName}, ${ago} ago.`);
		}
	}
	return parts;
}

/** One statement about ourselves, in place of one on each tenant. */
function silenceText({ sources, since }: IngestSilence, now: number): string {
	const who = sources === 1 ? "the only source has" : `all ${sources} sources have`;
	return `Nothing comes in: ${who} sent nothing for ${describeDuration(now - since)}. Look at the way to this server first, not at tenants.`;
}

type AddPart = (tone: Tone, text: string) => void;

function platformPart(inputs: SentenceInputs, inUse: readonly Cell[], isRed: ReadonlySet<string>, part: AddPart): void {
	if (isRed.size > 0) {
		const names = inputs.workloads
			.filter((workload) => isRed.has(workload.name))
			.map((workload) => {
				const incident = inputs.platformIncidents.find((candidate) => candidate.workload === workload.name);
				return incident ? `${workload.displayName}, ${incident.id}` : workload.displayName;
			});
		part("breach", `Platform degraded: ${names.join("; ")}.`);
		return;
	}
	const healthy = inUse.filter((cell) => cell.state === "healthy").length;
	const atRisk = inUse.filter((cell) => cell.state === "at-risk").length;
	const text = `${healthy} of ${inUse.length} ${inUse.length === 1 ? "workload" : "workloads"}.`;
	if (atRisk > 0) part("at-risk", `Platform at risk: healthy in ${text}`);
	else if (healthy < inUse.length) part("no-data", `Platform known to be healthy in ${text}`);
	else if (inUse.length > 0) part("healthy", `Platform healthy: ${text}`);
}

/** A tenant that is blind in one workload counts too when nothing worse hides it. */
function blindPart(tenants: readonly FleetRow[], part: AddPart): void {
	const blind = tenants.filter((row) => row.worst === "no-data").length;
	if (blind === 0) return;
	part(
		"no-data",
		`No telemetry for ${blind} ${blind === 1 ? "tenant; its state is" : "tenants; their state is"} unknown.`,
	);
}

function maskedText(count: number): string {
	if (count === 1) return "Platform monitoring does not show it.";
	if (count === 2) return "Platform monitoring shows neither.";
	return "Platform monitoring shows none of them.";
}

function tenantCount(count: number): string {
	return `${count} key ${count === 1 ? "tenant" : "tenants"}`;
}
