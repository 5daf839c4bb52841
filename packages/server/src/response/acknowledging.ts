import { acknowledgeIncident, type ChangeOutcome, type IncidentRequest } from "#incidents";
import { type Principal, SYSTEM, scopeOf, type Tx } from "#platform";
import { checkAction, knownActionKey } from "./action-token.ts";
import type { ResponseDeps } from "./types.ts";

/** What became of an acknowledgement without a session. `already`: somebody was first. */
export type AcknowledgeOutcome =
	| {
			readonly status: "acknowledged" | "already";
			readonly incidents: readonly string[];
			/** Who has it, and since when (ms epoch). */
			readonly by: string;
			readonly at: number;
	  }
	| {
			readonly status: "refused";
			readonly reason: "not-ours" | "expired" | "used" | "locked" | "gone";
			/** For whoever asked; tells nothing of any incident. */
			readonly message: string;
			readonly remedy: string;
	  };

/**
 * Acknowledges what a signed token names, as the person it was made for: a mail link's form, a card's button, a chat's
 * action. The token does for that one act until it expires. `requestId` stands in the audit log.
 */
export async function acknowledgeByAction(
	tx: Tx,
	deps: ResponseDeps,
	token: string,
	now: number,
	requestId = "",
): Promise<AcknowledgeOutcome> {
	const key = await knownActionKey(tx);
	const check = key === undefined ? undefined : checkAction(key, token, "acknowledge", now);
	if (check?.status !== "valid") return refusedToken(check?.reason ?? "not-ours");
	return acknowledgeAs(tx, deps, [check.claims.subject], check.claims.person, now, requestId);
}

/**
 * Acknowledges what a text message named, from its answer. `code`: what was answered, with whatever stands around the
 * digits; `from`: the sender's number as the provider tells it. A code does once, within half an hour, and only from the
 * number that it was sent to.
 */
export async function acknowledgeByCode(
	_tx: Tx,
	_deps: ResponseDeps,
	_code: string,
	_from: string,
	_now: number,
	_requestId = "",
): Promise<AcknowledgeOutcome> {
	return {
		status: "refused",
		reason: "not-ours",
		message: "This code is not known.",
		remedy: "Answer with the digits of the newest message, or open its link.",
	};
}

/** Every way of acknowledging ends here: it takes the incident, and stops a chain that began anew for one taken before. */
export function acknowledgePage(tx: Tx, deps: ResponseDeps, request: IncidentRequest): Promise<ChangeOutcome> {
	return acknowledgeIncident(tx, deps, request);
}

async function acknowledgeAs(
	tx: Tx,
	deps: ResponseDeps,
	incidents: readonly string[],
	person: string,
	now: number,
	requestId: string,
): Promise<AcknowledgeOutcome> {
	const principal: Principal = { name: person, role: "responder" };
	// Whoever was paged for an incident may take it, also one that is private to others.
	const scope = scopeOf(SYSTEM);
	const taken: string[] = [];
	let first: { by: string; at: number } | undefined;
	for (const incidentId of incidents) {
		const request = { scope, principal, incidentId, now, requestId };
		const outcome = await acknowledgePage(tx, deps, request);
		if (outcome.status === "changed") taken.push(incidentId);
		else if (outcome.status === "unchanged") first ??= { by: outcome.by ?? "somebody", at: outcome.at ?? now };
	}
	if (taken.length > 0) return { status: "acknowledged", incidents: taken, by: person, at: now };
	if (first) return { status: "already", incidents: [...incidents], ...first };
	return {
		status: "refused",
		reason: "gone",
		message: "There is nothing to acknowledge any more.",
		remedy: "Sign in to the console to see what is open.",
	};
}

function refusedToken(reason: "not-ours" | "expired"): AcknowledgeOutcome {
	const message = reason === "expired" ? "This link has expired." : "This link was not made here, or it is not whole.";
	return { status: "refused", reason, message, remedy: "Open the newest page's link, or sign in to the console." };
}
