import { z } from "zod";
import type { FleetRow, IncidentSummary } from "../schemas.ts";
import type { OnCallView } from "../schemas-oncall.ts";
import type { SloDetail } from "../schemas-slos.ts";
import { citeIncident, IncidentShape, incidentShape, SloShape, sloShape } from "./shapes.ts";
import { at, Name, path, Time, type Tool, ToolRefused, tool } from "./tool.ts";
import { plain, Untrusted, untrusted } from "./untrusted.ts";

const NOT_WELL = ["breach", "at-risk", "no-data", "muted"];
const MAX_TENANTS = 100;
const MAX_WINDOWS = 500;

const TenantLine = z.object({
	tenant: z.string(),
	displayName: Untrusted,
	tier: z.string().nullable(),
	state: z.string().describe("the worst of its workloads"),
	incident: z.string().nullable(),
	workloads: z.array(z.object({ workload: z.string(), state: z.string(), slo: SloShape.nullable() })),
});

/** What stands in the fleet, and who is on call. */
export const FLEET_TOOLS: readonly Tool[] = [
	tool({
		name: "get_fleet",
		title: "Fleet",
		description: "How all key tenants and the platform are now. Without state: those that are not healthy.",
		input: {
			state: z.enum(["breach", "at-risk", "no-data", "muted", "healthy", "all"]).optional(),
			limit: z.number().int().min(1).max(MAX_TENANTS).default(25),
		},
		output: {
			at: Time,
			sentence: Untrusted,
			platform: TenantLine,
			tenants: z.array(TenantLine).describe("the worst first"),
			tenantsInAll: z.number(),
			healthy: z.number(),
		},
		run: async (call, { state, limit }) => {
			const fleet = await call.fleet();
			const isWanted = (row: FleetRow) =>
				state === undefined ? NOT_WELL.includes(row.worst) : state === "all" || row.worst === state;
			const wanted = fleet.tenants.filter(isWanted);
			return {
				at: at(fleet.at),
				sentence: untrusted(fleet.sentence.map(({ text }) => text).join("")),
				platform: line(fleet.platform),
				tenants: wanted.slice(0, limit).map(line),
				tenantsInAll: fleet.tenants.length,
				healthy: fleet.tenants.filter(({ worst }) => worst === "healthy").length,
				citations: [
					{ id: "fleet", url: call.link("/") },
					...wanted.slice(0, limit).flatMap(({ incident }) => (incident ? [citeIncident(call, incident)] : [])),
				],
				truncated: wanted.length > limit,
			};
		},
	}),
	tool({
		name: "get_tenant",
		title: "One tenant",
		description: "How one key tenant is now, SLO by SLO, with its open incidents.",
		input: { tenant: Name("name of the key tenant, as in get_fleet") },
		output: {
			tenant: TenantLine,
			slos: z.array(SloShape.extend({ workload: z.string() })),
			incidents: z.array(IncidentShape),
		},
		run: async (call, { tenant }) => {
			const fleet = await call.fleet();
			const row = fleet.tenants.find(({ name }) => name === tenant);
			if (!row) throw new ToolRefused(`There is no key tenant "${plain(tenant)}" that you may see.`);
			const open = await call.ask<{ items: IncidentSummary[] }>(
				path`/api/v1/incidents?state=open&limit=50&tenant=${tenant}`,
			);
			const used = row.cells.filter((cell) => cell.state !== "not-in-use");
			return {
				tenant: line(row),
				slos: used.flatMap((cell) => cell.slos.map((slo) => ({ workload: cell.workload, ...sloShape(slo) }))),
				incidents: open.items.map((incident) => incidentShape(call, incident)),
				citations: [
					{ id: tenant, url: call.link(path`/tenants/${tenant}`) },
					...open.items.map((incident) => citeIncident(call, incident)),
				],
			};
		},
	}),
	tool({
		name: "get_slo",
		title: "One SLO",
		description: "What an SLO promises, and how each key tenant stands; with tenant, that one alone.",
		input: { slo: Name("name of the SLO"), tenant: Name("name of the key tenant").optional() },
		output: {
			slo: z.string(),
			workload: z.string(),
			promise: Untrusted,
			objective: z.number(),
			platform: SloShape.nullable(),
			readings: z.array(SloShape.extend({ tenant: z.string() })).describe("worst first"),
		},
		run: async (call, { slo, tenant }) => {
			const detail = await call.ask<SloDetail>(path`/api/v1/slos/${slo}`);
			const readings = detail.readings.filter((reading) => tenant === undefined || reading.tenant === tenant);
			if (tenant !== undefined && readings.length === 0)
				throw new ToolRefused(`There is no key tenant "${plain(tenant)}" with this SLO that you may see.`);
			return {
				slo: detail.name,
				workload: detail.workload,
				promise: untrusted(detail.promise),
				objective: detail.objective,
				platform: detail.platform && sloShape(detail.platform),
				readings: readings.slice(0, MAX_TENANTS).map((reading) => ({ tenant: reading.tenant, ...sloShape(reading) })),
				citations: [{ id: slo, url: call.link(path`/slos/${slo}`) }],
				truncated: readings.length > MAX_TENANTS,
			};
		},
	}),
	tool({
		name: "get_windows",
		title: "Counts over time",
		description:
			"Counted events of one SLO of a key tenant, or of ~fleet, per window. Windows without events are left out.",
		input: {
			tenant: Name("name of the key tenant, or ~fleet"),
			slo: Name("name of the SLO"),
			from: z.iso.datetime().optional().describe("an hour ago when left out"),
			to: z.iso.datetime().optional().describe("now when left out"),
			windowSeconds: z.number().int().min(10).max(604_800).multipleOf(10).default(300),
		},
		output: {
			tenant: z.string(),
			slo: z.string(),
			objective: z.number(),
			windows: z.array(z.object({ at: Time, good: z.number(), bad: z.number(), total: z.number() })),
		},
		run: async (call, { tenant, slo, from, to, windowSeconds }) => {
			const range = [from && `from=${Date.parse(from)}`, to && `to=${Date.parse(to)}`].filter(Boolean);
			const query = [...range, `resolutionMs=${windowSeconds * 1000}`].join("&");
			const view = await call.ask<WindowsAnswer>(`${path`/api/v1/tenants/${tenant}/slis/${slo}/windows`}?${query}`);
			const newest = view.windows.slice(-MAX_WINDOWS);
			return {
				tenant,
				slo,
				objective: view.objective,
				windows: newest.map((each) => ({ at: at(each.at), good: each.good, bad: each.bad, total: each.total })),
				citations: [{ id: `${tenant}/${slo}`, url: call.link(path`/slos/${slo}`) }],
				truncated: view.windows.length > MAX_WINDOWS,
			};
		},
	}),
	tool({
		name: "get_on_call",
		title: "Who is on call",
		description: "Who is on call, per schedule, now or at a time, and when nobody will be in the next two weeks.",
		input: { at: z.iso.datetime({ offset: true }).optional().describe("now when left out") },
		output: {
			at: Time,
			schedules: z.array(
				z.object({
					schedule: z.string(),
					person: Untrusted.nullable().describe("null: nobody is"),
					until: Time,
					next: Untrusted.nullable(),
					timeZone: z.string(),
				}),
			),
			uncovered: z.array(z.object({ schedule: z.string(), from: Time, to: Time })).describe("nobody is on call then"),
		},
		run: async (call, given) => {
			const query = given.at === undefined ? "" : `?at=${Date.parse(given.at)}`;
			const view = await call.ask<OnCallView>(`/api/v1/oncall${query}`);
			const named = (name: string | null) => (name === null ? null : untrusted(name, 120));
			return {
				at: at(view.at),
				schedules: view.schedules.map((schedule) => ({
					schedule: schedule.name,
					person: named(schedule.personDisplayName ?? schedule.person),
					until: at(schedule.until),
					next: named(schedule.nextDisplayName ?? schedule.next),
					timeZone: schedule.timeZone,
				})),
				uncovered: view.uncovered.map(({ schedule, from, to }) => ({ schedule, from: at(from), to: at(to) })),
				citations: [{ id: "oncall", url: call.link("/oncall") }],
			};
		},
	}),
];

interface WindowsAnswer {
	readonly objective: number;
	readonly windows: readonly {
		readonly at: number;
		readonly good: number;
		readonly bad: number;
		readonly total: number;
	}[];
}

function line(row: FleetRow): z.infer<typeof TenantLine> {
	return {
		tenant: row.name,
		displayName: untrusted(row.displayName, 120),
		tier: row.tier?.name ?? null,
		state: row.worst,
		incident: row.incident?.id ?? null,
		workloads: row.cells
			.filter(({ state }) => state !== "not-in-use")
			.map(({ workload, state, lead }) => ({ workload, state, slo: lead && sloShape(lead) })),
	};
}
