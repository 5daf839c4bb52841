import type { EventBus, Tx } from "#platform";
import { SYSTEM, scopeOf } from "#platform";
import { publish } from "../change.ts";
import { getIncident, incidentOf, UNRESOLVED } from "../rows.ts";
import type { ChangeOutcome, Incident, IncidentRequest } from "../types.ts";
import { act, refuse, unknownPerson, type WorkDeps } from "./acting.ts";

const ALL = scopeOf(SYSTEM);
const MAX_READERS = 100;

/**
 * Makes an incident private to named people, changes who they are, or (`readers` undefined) ends its privacy. Whoever
 * asks stays among them, and so does who is paged, has a part or a task. Administrators always read it.
 */
export function setReaders(
	tx: Tx,
	deps: WorkDeps,
	request: IncidentRequest & { readonly readers: readonly string[] | undefined },
): Promise<ChangeOutcome> {
	return act(tx, request, "incident.private", async (incident) => {
		const { principal, now } = request;
		if (incident.kind === "platform" && request.readers !== undefined)
			return refuse(
				"target-unfit",
				`${incident.id} is the platform's: it tells everybody why the tenants' incidents do not page.`,
				"Make the tenant's incident private that is meant.",
			);
		const unknown = request.readers
			?.filter((name) => !incident.readers?.includes(name))
			.map((name) => unknownPerson(deps, request, name))
			.find((each) => each !== undefined);
		if (unknown) return unknown;
		if ((request.readers?.length ?? 0) > MAX_READERS)
			return refuse("too-many", `${request.readers?.length} readers are named.`, `Name at most ${MAX_READERS}.`);
		const bound = request.readers && (await boundPeople(tx, incident.id));
		const readers = request.readers && [...new Set([...request.readers, principal.name, ...(bound ?? [])])].sort();
		if (JSON.stringify(readers) === JSON.stringify(incident.readers)) return { status: "unchanged" };
		const next = { ...incident, readers, version: incident.version + 1 };
		await write(tx, next);
		const type =
			readers === undefined
				? "incident.made_public"
				: incident.readers === undefined
					? "incident.made_private"
					: "incident.readers_changed";
		await publish(tx, deps, incident, principal, now, { type, data: { readers: readers?.join(", ") ?? null } });
		return { status: "changed", incident: next, detail: { before: incident.readers ?? null, after: readers ?? null } };
	});
}

/** Lets somebody read a private incident who has to act on it. Answers the incident as it is then. */
export async function admit(tx: Tx, incident: Incident, names: readonly string[]): Promise<Incident> {
	if (incident.readers === undefined || names.every((name) => incident.readers?.includes(name))) return incident;
	const next = { ...incident, readers: [...new Set([...incident.readers, ...names])].sort() };
	await tx
		.updateTable("incidents")
		.set({ readers: JSON.stringify(next.readers) })
		.where("id", "=", incident.id)
		.execute();
	return next;
}

/**
 * Whoever is paged for a private incident may read it: a page that leads to nothing would wake somebody in vain. One that
 * shares another's page is paged for by that.
 */
export function admitWhoIsPaged(bus: EventBus): void {
	bus.on("page.queued", async (tx, event) => {
		const { person } = event.data;
		if (typeof person !== "string" || event.incidentId === undefined) return;
		for (const incident of await privateOnes(tx)) {
			const isMeant = incident.id === event.incidentId || (await leadOf(tx, incident.id)) === event.incidentId;
			if (isMeant) await admit(tx, incident, [person]);
		}
	});
	bus.on("routing.shared", async (tx, event) => {
		const incident = event.incidentId && (await getIncident(tx, ALL, event.incidentId));
		if (incident && incident.readers !== undefined && typeof event.data.leadId === "string")
			await admit(tx, incident, await pagedFor(tx, event.data.leadId));
	});
}

async function privateOnes(tx: Tx): Promise<Incident[]> {
	const rows = await tx
		.selectFrom("incidents")
		.selectAll()
		.where("readers", "is not", null)
		.where("state", "in", UNRESOLVED)
		.execute();
	return rows.map((row) => incidentOf(row, ALL));
}

/** The incident whose page it shares, as routing told last. */
async function leadOf(tx: Tx, incidentId: string): Promise<unknown> {
	const row = await tx
		.selectFrom("events")
		.select("data")
		.where("incident_id", "=", incidentId)
		.where("type", "=", "routing.shared")
		.orderBy("seq", "desc")
		.executeTakeFirst();
	return row && (JSON.parse(row.data) as { readonly leadId?: unknown }).leadId;
}

async function pagedFor(tx: Tx, incidentId: string): Promise<string[]> {
	const pages = await tx
		.selectFrom("events")
		.select("data")
		.where("incident_id", "=", incidentId)
		.where("type", "=", "page.queued")
		.execute();
	return pages
		.map(({ data }) => (JSON.parse(data) as { readonly person?: unknown }).person)
		.filter((name): name is string => typeof name === "string");
}

/** Who was paged, has a part, or a task that is not done. */
async function boundPeople(tx: Tx, incidentId: string): Promise<string[]> {
	const lead = await leadOf(tx, incidentId);
	const paged = await pagedFor(tx, incidentId);
	if (typeof lead === "string") paged.push(...(await pagedFor(tx, lead)));
	const roles = await tx
		.selectFrom("incident_roles")
		.select("person")
		.where("incident_id", "=", incidentId)
		.where("ended_at", "is", null)
		.execute();
	const tasks = await tx
		.selectFrom("incident_tasks")
		.select("owner")
		.where("incident_id", "=", incidentId)
		.where("done_at", "is", null)
		.execute();
	return [...paged, ...roles.map(({ person }) => person), ...tasks.map(({ owner }) => owner)].filter(
		(name): name is string => typeof name === "string",
	);
}

async function write(tx: Tx, { id, readers, version }: Incident): Promise<void> {
	await tx
		.updateTable("incidents")
		.set({ readers: readers === undefined ? null : JSON.stringify(readers), version })
		.where("id", "=", id)
		.execute();
}
