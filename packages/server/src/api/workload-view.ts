import { DAY_MS } from "@bellwether/model";
import { type Catalogue, OWNERSHIP_STEPS, type Workload } from "#catalogue";
import type { Incident } from "#incidents";
import { type Db, inScope, type TenantScope } from "#platform";
import { accountableFor, heldNow, ownershipOf } from "#response";
import { worstState } from "./fleet-view.ts";
import { maintenanceViews } from "./routing-view.ts";
import type { FleetView } from "./schemas.ts";
import type { WorkloadDetail, WorkloadSummary } from "./schemas-routing.ts";
import { type SloFacts, sloSummaries } from "./slo-view.ts";

const NOISE_DAYS = 28;

interface Facts extends SloFacts {
	readonly incidents: readonly Incident[];
}

export function workloadSummary({ catalogue, fleet, incidents }: Facts, workload: Workload): WorkloadSummary {
	const tenants = tenantsOf(fleet, workload);
	return {
		name: workload.name,
		displayName: workload.displayName,
		owner: ownershipOf(catalogue, workload.name)?.team ?? workload.owner,
		slos: catalogue.slos.filter((slo) => slo.workload === workload.name).length,
		tenants: tenants.length,
		worst: worstState(tenants.map((tenant) => tenant.state)),
		openIncidents: incidents.filter((incident) => incident.workload === workload.name).length,
		gaps: gapsOf(catalogue, workload).length,
	};
}

/** A workload first: what is promised, how every tenant stands, who answers for what, and how much of it was noise. */
export async function workloadDetail(
	db: Db,
	scope: TenantScope,
	facts: Facts,
	workload: Workload,
	now: number,
): Promise<WorkloadDetail> {
	const { catalogue, fleet, incidents } = facts;
	const ownership = ownershipOf(catalogue, workload.name);
	const held = await heldNow(db, scope);
	return {
		...workloadSummary(facts, workload),
		runbook: [...workload.runbook],
		slosInDetail: sloSummaries(facts).filter((slo) => slo.workload === workload.name),
		tenantsInDetail: tenantsOf(fleet, workload),
		incidents: incidents
			.filter((incident) => incident.workload === workload.name)
			.map(({ id, title, severity, state }) => ({ id, title, severity: { ...severity }, state, held: held.has(id) })),
		parties: (ownership?.parties ?? []).map((party) => ({
			name: party.name,
			team: party.team,
			policy: party.escalation ?? null,
			takeWithinMs: party.escalation === undefined ? null : party.takeWithinMs,
		})),
		raci: raciOf(catalogue, workload),
		gapsInDetail: gapsOf(catalogue, workload),
		ownershipPlace: ownership?.place ?? null,
		noise: await noiseOf(db, scope, workload.name, now),
		maintenance: maintenanceViews(
			catalogue,
			now,
			({ tenants, workloads }) =>
				(workloads.length === 0 || workloads.includes(workload.name)) &&
				(scope.all || tenants.every((tenant) => inScope(scope, tenant))),
		),
	};
}

function tenantsOf(fleet: FleetView, workload: Workload): WorkloadDetail["tenantsInDetail"] {
	return fleet.tenants.flatMap((row) => {
		const cell = row.cells.find((each) => each.workload === workload.name);
		if (!cell || cell.state === "not-in-use") return [];
		const tier = row.tier?.displayName ?? "";
		return [{ name: row.name, displayName: row.displayName, tier, state: cell.state, incident: cell.incident }];
	});
}

/** The register's steps; without an Ownership what the workload itself says. */
function raciOf(catalogue: Catalogue, workload: Workload): WorkloadDetail["raci"] {
	const ownership = ownershipOf(catalogue, workload.name);
	if (ownership) {
		return ownership.steps.map(({ step, parts }) => ({
			step,
			parts: Object.fromEntries(parts.map(({ party, part }) => [party, part])),
			accountable: parts.find(({ part }) => part.includes("A"))?.party ?? null,
		}));
	}
	return Object.entries(workload.raci ?? {}).map(([step, parts]) => ({
		step,
		parts: { ...parts },
		accountable: Object.keys(parts).find((party) => parts[party]?.includes("A")) ?? null,
	}));
}

/** What is open in the register, in sentences. */
function gapsOf(catalogue: Catalogue, workload: Workload): string[] {
	const ownership = ownershipOf(catalogue, workload.name);
	if (!ownership) {
		return workload.raci === undefined
			? [`It is open who does what for ${workload.displayName}: no Ownership names it.`]
			: ["The workload says who does what, but not how they are paged: write an Ownership."];
	}
	const missing = OWNERSHIP_STEPS.filter((step) => !ownership.steps.some((each) => each.step === step));
	const idle = ownership.steps.filter(({ parts }) => !parts.some(({ part }) => part.includes("R")));
	const owner = accountableFor(ownership, "respond");
	return [
		...missing.map((step) => `Nobody is accountable for step ${step}.`),
		...idle.map(({ step }) => `Nobody does step ${step}.`),
		...(owner?.escalation === undefined ? ["Who is accountable for step respond cannot be paged."] : []),
	];
}

async function noiseOf(db: Db, scope: TenantScope, workload: string, now: number): Promise<WorkloadDetail["noise"]> {
	const rows = await db
		.selectFrom("incidents")
		.select(["id", "tenant", "verdict", "paged_at", "readers"])
		.where("workload", "=", workload)
		.where("detected_at", ">=", now - NOISE_DAYS * DAY_MS)
		.execute();
	const holds = await db
		.selectFrom("page_holds")
		.select("incident_id")
		.where("since_at", ">=", now - NOISE_DAYS * DAY_MS)
		.execute();
	const held = new Set(holds.map((hold) => hold.incident_id));
	const own = rows.filter((row) => inScope(scope, row.tenant) && row.readers === null);
	const judged = (...verdicts: string[]) => own.filter((row) => row.verdict && verdicts.includes(row.verdict)).length;
	return {
		days: NOISE_DAYS,
		incidents: own.length,
		pages: own.filter((row) => row.paged_at !== null).length,
		held: own.filter((row) => held.has(row.id)).length,
		real: judged("real-impact", "real-no-impact"),
		noise: judged("noise", "expected-change", "duplicate"),
		unjudged: own.filter((row) => row.verdict === null).length,
	};
}
