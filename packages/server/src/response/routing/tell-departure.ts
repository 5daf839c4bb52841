import { getIncident, type Incident, publishIncidentFact } from "#incidents";
import { type ChannelSender, type Message, type Outcome, SYSTEM, scopeOf, type Tx } from "#platform";
import type { ResponseDeps } from "../types.ts";
import { isPrivate, TELL_TYPE, tellAnew } from "./tells.ts";

const ALL = scopeOf(SYSTEM);
const WITHHELD = "withheld: ";

/** Wrap every channel's sender with it: a tell whose incident became private while it waited stays here. Pages pass. */
export function guardTells(
	options: { readonly store: { transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> } },
	sender: ChannelSender,
): ChannelSender {
	return {
		async send(message) {
			if (message.payload.data.type !== TELL_TYPE) return sender.send(message);
			let kept: readonly Incident[];
			try {
				kept = (await options.store.transaction((tx) => namedIn(tx, message))).filter(isPrivate);
			} catch (error) {
				// Nothing has left yet.
				return { status: "retry", detail: `not checked: ${error instanceof Error ? error.message : String(error)}` };
			}
			if (kept.length === 0) return sender.send(message);
			// Deliveries are listed for others as well: no id.
			return { status: "refused", detail: `${WITHHELD}an incident in it became private` };
		},
	};
}

/**
 * What was withheld is said in the timelines of those that it was withheld for, and the others that it named are told
 * without them, in the transaction that records the outcome. False: it is another message, or was not withheld.
 */
export async function recordWithheldTell(
	tx: Tx,
	deps: ResponseDeps,
	message: Message,
	outcome: Outcome,
): Promise<boolean> {
	const { data } = message.payload;
	if (data.type !== TELL_TYPE || !outcome.detail.startsWith(WITHHELD)) return false;
	const named = await namedIn(tx, message);
	for (const incident of named.filter(isPrivate)) {
		await publishIncidentFact(tx, deps, incident, SYSTEM, outcome.at, {
			type: "incident.not_told",
			data: { channel: message.channel, messageId: message.id },
		});
	}
	const others = named.filter((incident) => !isPrivate(incident));
	await tellAnew(tx, deps, message, others, outcome.at);
	return true;
}

async function namedIn(tx: Tx, { payload, incidentId }: Message): Promise<Incident[]> {
	const { incidents } = payload.data;
	const ids = Array.isArray(incidents) ? incidents.map(String) : incidentId === undefined ? [] : [incidentId];
	const found: Incident[] = [];
	for (const id of ids) {
		const incident = await getIncident(tx, ALL, id);
		if (incident) found.push(incident);
	}
	return found;
}
