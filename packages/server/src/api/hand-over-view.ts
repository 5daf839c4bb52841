import { listIncidents, tenantName } from "#incidents";
import { type Principal, scopeOf } from "#platform";
import { handOverNotes, listMutes, loadOnCallState, NEXT_WITHIN_MS, rolesNow } from "#response";
import type { ApiContext } from "./context.ts";
import { absencesOf, namer, wireRole } from "./oncall-view.ts";
import type { HandOver } from "./schemas-oncall.ts";

const OPEN = ["detected", "acknowledged", "investigating", "mitigated"] as const;
/** Mutes that end within the next shift or so: then pages come again. */
const MUTES_WITHIN_MS = 48 * 3_600_000;
const ABSENCES_WITHIN_MS = 14 * 24 * 3_600_000;
const NOTES = 10;

/** What whoever comes must know, as far as the caller may see it; undefined: no schedule of that name. */
export async function handOverView(
	context: ApiContext,
	principal: Principal,
	scheduleName: string,
	now: number,
): Promise<HandOver | undefined> {
	const catalogue = context.catalogue();
	const schedule = catalogue.schedules.find((each) => each.name === scheduleName);
	if (!schedule) return undefined;
	const { db } = context.store;
	const scope = scopeOf(principal);
	const state = await loadOnCallState(db, now, now + NEXT_WITHIN_MS);
	const { items } = await listIncidents(db, scope, { states: OPEN, limit: 100 });
	const mutes = await listMutes(db, scope, { now });
	const fleet = await context.fleet.view(scope);
	// Notes may name any tenant, so they are for those who may see all.
	const notes = scope.all ? await handOverNotes(db, schedule.name, NOTES) : [];
	return {
		at: now,
		schedule: schedule.name,
		displayName: schedule.displayName,
		now: rolesNow(catalogue, state, schedule, now).map((role) => wireRole(role, namer(catalogue))),
		absences: await absencesOf(db, catalogue, schedule, now, now + ABSENCES_WITHIN_MS),
		incidents: items.map((incident) => ({
			id: incident.id,
			title: incident.title,
			tenantDisplayName: tenantName(catalogue, incident.tenant),
			severity: incident.severity.key,
			state: incident.state,
			acknowledgedBy: incident.acknowledgedBy ?? null,
			detectedAt: incident.detectedAt,
		})),
		mutes: mutes
			.filter(({ endsAt, state: held }) => held === "active" && endsAt <= now + MUTES_WITHIN_MS)
			.map(({ id, matchers, owner, reason, endsAt }) => ({ id, matchers: [...matchers], owner, reason, endsAt })),
		tenants: fleet.tenants
			.filter(({ worst }) => worst === "breach" || worst === "at-risk" || worst === "no-data")
			.map((row) => ({
				name: row.name,
				displayName: row.displayName,
				state: row.worst,
				workloads: row.cells.filter(({ state: cell }) => cell === row.worst).map(({ workload }) => workload),
				incident: row.incident?.id ?? null,
			})),
		notes: notes.map(({ seq, at, by, text }) => ({ seq, at, by, text })),
	};
}
