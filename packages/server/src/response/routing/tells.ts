import type { Tell } from "#catalogue";
import { getIncident, type Incident, incidentSentence, isResolved, publishIncidentFact } from "#incidents";
import { cancelTimers, enqueue, type Message, SYSTEM, scopeOf, setTimer, type Timer, type Tx } from "#platform";
import type { ResponseDeps } from "../types.ts";
import { type KeptDecision, routedRow } from "./rows.ts";
import type { Decision } from "./types.ts";

export const TELL_TIMER = "routing.tell";
/** Of the payload's data: this message is nobody's page. */
export const TELL_TYPE = "incident.told";
const ALL = scopeOf(SYSTEM);

/** Begins what tells that it is over. */
const RESOLVED = "Resolved: ";

type ByChannel = Extract<Tell, { readonly channel: string }>;

/** Who is told by a route is nobody in particular: what is for named people is not told there. It pages all the same. */
export function isPrivate({ readers }: Incident): boolean {
	return readers !== undefined;
}

/** Tells whoever the routes name, once per receiver for all incidents together, and again while they are not resolved. */
export async function tellOf(
	tx: Tx,
	deps: ResponseDeps,
	members: readonly { readonly incident: Incident; readonly decision: Pick<Decision, "tell" | "repeatIntervalMs"> }[],
	now: number,
): Promise<void> {
	const receivers = new Map<string, { readonly to: ByChannel; readonly incidents: Incident[] }>();
	for (const { incident, decision } of members) {
		if (isPrivate(incident)) continue;
		for (const tell of decision.tell) {
			if (!("channel" in tell)) continue;
			// Who hears of one tenant's incident must not read of another's in the same message.
			const key = JSON.stringify([tell.channel, tell.address, incident.tenant]);
			const receiver = receivers.get(key) ?? { to: tell, incidents: [] };
			receivers.set(key, { ...receiver, incidents: [...receiver.incidents, incident] });
		}
	}
	for (const { to, incidents } of receivers.values()) await tell(tx, deps, to, incidents, "", now);
	for (const { incident, decision } of members) {
		if (!decision.tell.some((each) => "channel" in each)) continue;
		if (!isPrivate(incident))
			await tx.updateTable("routed").set({ told_at: now }).where("incident_id", "=", incident.id).execute();
		await cancelTimers(tx, { incidentId: incident.id, kind: TELL_TIMER });
		await setTimer(tx, deps.ids, now, {
			kind: TELL_TIMER,
			tenant: incident.tenant,
			incidentId: incident.id,
			dueAt: now + decision.repeatIntervalMs,
			data: {},
		});
	}
}

/** The repeat: who was told is told again while the incident is not resolved. */
export async function tellAgain(tx: Tx, deps: ResponseDeps, timer: Timer, now: number): Promise<void> {
	const incident = timer.incidentId && (await getIncident(tx, ALL, timer.incidentId));
	const row = incident && (await routedRow(tx, incident.id));
	if (!incident || !row || isResolved(incident)) return;
	const { tell: tells, repeatIntervalMs } = JSON.parse(row.decision) as KeptDecision;
	await tellOf(tx, deps, [{ incident, decision: { tell: tells, repeatIntervalMs } }], now);
}

/** Who was told that it burns is told that it is over. */
export async function tellResolved(tx: Tx, deps: ResponseDeps, incident: Incident, now: number): Promise<void> {
	const row = await routedRow(tx, incident.id);
	if (!row || row.told_at === null || isPrivate(incident)) return;
	const { tell: tells } = JSON.parse(row.decision) as KeptDecision;
	for (const to of tells) if ("channel" in to) await tell(tx, deps, to, [incident], RESOLVED, now);
}

/** The same receiver again, of these incidents alone. */
export async function tellAnew(
	tx: Tx,
	deps: ResponseDeps,
	{ channel, address, payload }: Message,
	incidents: readonly Incident[],
	now: number,
): Promise<void> {
	await tell(tx, deps, { channel, address }, incidents, payload.data.isResolved === true ? RESOLVED : "", now);
}

async function tell(
	tx: Tx,
	deps: ResponseDeps,
	to: ByChannel,
	incidents: readonly Incident[],
	prefix: string,
	now: number,
): Promise<void> {
	const [first] = incidents;
	if (!first) return;
	const catalogue = deps.catalogue();
	const base = deps.publicUrl().replace(/\/+$/, "");
	const more = incidents.length > 1 ? ` and ${incidents.length - 1} more` : "";
	const lines = incidents.map(
		(incident) =>
			`${incidentSentence(incident, catalogue, { now, timeZone: "UTC" })}\n${incident.id}: ${base}/incidents/${incident.id}`,
	);
	await enqueue(tx, deps.ids, now, {
		kind: "page",
		delivery: "at-least-once",
		tenant: first.tenant,
		incidentId: first.id,
		channel: to.channel,
		address: to.address,
		payload: {
			subject: `${prefix}[Sev ${first.severity.key}] ${first.title}${more}`,
			text: lines.join("\n\n"),
			url: `${base}/incidents/${first.id}`,
			person: "those who are told",
			data: {
				type: TELL_TYPE,
				incident: first.id,
				incidents: incidents.map(({ id }) => id),
				isResolved: prefix !== "",
			},
		},
	});
	for (const incident of incidents) {
		const data = { channel: to.channel, isResolved: prefix !== "" };
		await publishIncidentFact(tx, deps, incident, SYSTEM, now, { type: "incident.told", data });
	}
}
