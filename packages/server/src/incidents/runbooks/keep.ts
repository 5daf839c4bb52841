import type { Db, EventBus, TenantScope, Tx } from "#platform";
import { SYSTEM, scopeOf } from "#platform";
import { publish } from "../change.ts";
import { getIncident } from "../rows.ts";
import type { ChangeOutcome, Incident, IncidentRequest } from "../types.ts";
import { act, refuse, type WorkDeps } from "../work/acting.ts";
import { type RunbookDocument, runbooksFor } from "./choose.ts";

const ALL = scopeOf(SYSTEM);

/** An incident's runbook with what became of its items. */
export interface KeptRunbook extends RunbookDocument {
	readonly takenAt: number;
	readonly states: ReadonlyMap<string, ItemState>;
}

export interface ItemState {
	readonly isDone: boolean;
	readonly changedAt: number;
	readonly changedBy: string;
}

/** Keeps the runbooks of each new incident as they stand: whoever edits the catalogue changes nobody's checklist. Call once. */
export function keepRunbooks(bus: EventBus, deps: WorkDeps): void {
	bus.on("incident.opened", async (tx, event) => {
		const incident = event.incidentId && (await getIncident(tx, ALL, event.incidentId));
		if (!incident || incident.evidence.drill) return;
		for (const [position, document] of (await runbooksFor(deps.catalogue(), incident)).entries()) {
			await tx
				.insertInto("incident_runbooks")
				.values({
					incident_id: incident.id,
					tenant: incident.tenant,
					position,
					name: document.name,
					taken_at: event.at,
					document: JSON.stringify(document),
				})
				.execute();
		}
	});
}

/** Ticks an item of one of the incident's runbooks, or takes the tick back. */
export function tickItem(
	tx: Tx,
	deps: WorkDeps,
	request: IncidentRequest & { readonly runbook: string; readonly item: string; readonly done: boolean },
): Promise<ChangeOutcome> {
	return act(tx, request, "incident.runbook", async (incident) => {
		const { principal, now, done } = request;
		const kept = (await runbooksOf(tx, request.scope, incident)).find(({ name }) => name === request.runbook);
		const item = kept?.items.find(({ id }) => id === request.item);
		if (!kept || !item) {
			const message = `${incident.id} has no runbook "${request.runbook}" with an item "${request.item}".`;
			return refuse("item-unknown", message, "Read the incident again and take the id from its runbooks.");
		}
		const key = itemKey(kept, item.id);
		const state = kept.states.get(item.id);
		if ((state?.isDone ?? item.isDone) === done)
			return { status: "unchanged", by: state?.changedBy, at: state?.changedAt };
		const row = { done: done ? 1 : 0, changed_at: now, changed_by: principal.name };
		await tx
			.insertInto("incident_runbook_items")
			.values({ incident_id: incident.id, tenant: incident.tenant, item_id: key, ...row })
			.onConflict((conflict) => conflict.columns(["incident_id", "item_id"]).doUpdateSet(row))
			.execute();
		const data = { runbook: kept.name, item: item.id, text: item.text };
		const type = done ? "incident.runbook_ticked" : "incident.runbook_unticked";
		await publish(tx, deps, incident, principal, now, { type, data });
		return { status: "changed", incident, detail: { runbook: kept.name, item: item.id, done } };
	});
}

/** As they stood when the incident opened, the nearest first. Empty also when it is out of scope. */
export async function runbooksOf(
	db: Db | Tx,
	scope: TenantScope,
	incident: Pick<Incident, "id">,
): Promise<KeptRunbook[]> {
	if (!(await getIncident(db, scope, incident.id))) return [];
	const rows = await db
		.selectFrom("incident_runbooks")
		.selectAll()
		.where("incident_id", "=", incident.id)
		.orderBy("position")
		.execute();
	const ticked = await db
		.selectFrom("incident_runbook_items")
		.selectAll()
		.where("incident_id", "=", incident.id)
		.execute();
	const states = new Map(
		ticked.map((row) => [
			row.item_id,
			{ isDone: row.done === 1, changedAt: row.changed_at, changedBy: row.changed_by },
		]),
	);
	return rows.map((row) => {
		const document = JSON.parse(row.document) as RunbookDocument;
		const own = document.items.flatMap(({ id }) => {
			const state = states.get(itemKey(document, id));
			return state ? [[id, state] as const] : [];
		});
		return { ...document, takenAt: row.taken_at, states: new Map(own) };
	});
}

/** Two runbooks may have the same line. */
function itemKey(document: Pick<RunbookDocument, "name">, item: string): string {
	return `${document.name}/${item}`;
}
