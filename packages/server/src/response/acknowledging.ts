import { acknowledgeIncident, type ChangeOutcome, type IncidentRequest } from "#incidents";
import { audit, type Db, type Principal, SYSTEM, scopeOf, type Tx } from "#platform";
import { checkAction, knownActionKey } from "./action-token.ts";
import { acknowledgeAgain } from "./after-acknowledge.ts";
import { confirmTest } from "./contact-tests.ts";
import { useCode } from "./reply-codes.ts";
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
 * action. The token does for that one act until it expires. `requestId` stands in the audit log. `by`: whoever pressed a
 * button that others see too, a person of the catalogue or `channel:…`; undefined: the person it was made for.
 */
export async function acknowledgeByAction(
	tx: Tx,
	deps: ResponseDeps,
	token: string,
	now: number,
	requestId = "",
	by?: string,
): Promise<AcknowledgeOutcome> {
	const key = await knownActionKey(tx);
	const check = key === undefined ? undefined : checkAction(key, token, "acknowledge", now);
	if (check?.status !== "valid") return refusedToken(check?.reason ?? "not-ours");
	return acknowledgeSubject(tx, deps, check.claims.subject, by ?? check.claims.person, now, requestId);
}

/**
 * Acknowledges what a text message named, from its answer. `code`: what was answered, with whatever stands around the
 * digits; `from`: the sender's number as the provider tells it. A code does once, within half an hour, and only from the
 * number that it was sent to.
 */
export async function acknowledgeByCode(
	tx: Tx,
	deps: ResponseDeps,
	code: string,
	from: string,
	now: number,
	requestId = "",
): Promise<AcknowledgeOutcome> {
	const check = await useCode(tx, code, from, now);
	if (check.status === "refused") return refusedCode(check.reason);
	if (check.purpose === "confirm-contact") {
		const isNew = await confirmTest(tx, check.subject, check.person, now, requestId);
		return { status: isNew ? "acknowledged" : "already", incidents: [], by: check.person, at: now };
	}
	return acknowledgeSubject(tx, deps, check.subject, check.person, now, requestId);
}

/**
 * Every way of acknowledging ends here: it takes the incident, and stops a chain that began anew for one taken before,
 * whose work is watched again from now on.
 */
export async function acknowledgePage(tx: Tx, deps: ResponseDeps, request: IncidentRequest): Promise<ChangeOutcome> {
	const outcome = await acknowledgeIncident(tx, deps, request);
	if (outcome.status !== "unchanged") return outcome;
	const { incident } = outcome;
	const { principal, now } = request;
	if (!(await acknowledgeAgain(tx, deps, incident, principal, now))) return outcome;
	await audit(tx, {
		at: now,
		actor: principal.name,
		action: "incident.acknowledge-again",
		tenant: incident.tenant,
		subject: incident.id,
		requestId: request.requestId ?? "",
		detail: {},
	});
	return { status: "changed", incident };
}

/** What a page or a token is about: one incident, or all that a page named and that nobody has taken yet. */
async function acknowledgeSubject(
	tx: Tx,
	deps: ResponseDeps,
	subject: string,
	person: string,
	now: number,
	requestId: string,
): Promise<AcknowledgeOutcome> {
	return acknowledgeAs(tx, deps, await subjectIncidents(tx, subject), person, now, requestId);
}

/** The incidents that an answer is about: the one, or those that the page named. */
export async function subjectIncidents(db: Db | Tx, subject: string): Promise<readonly string[]> {
	const named = await db.selectFrom("page_incidents").selectAll().where("page_id", "=", subject).execute();
	return named.length > 0 ? named.map((row) => row.incident_id) : [subject];
}

async function acknowledgeAs(
	tx: Tx,
	deps: ResponseDeps,
	incidents: readonly string[],
	person: string,
	now: number,
	requestId: string,
): Promise<AcknowledgeOutcome> {
	if (!deps.catalogue().people.some((each) => each.name === person) && !person.startsWith("channel:"))
		return {
			status: "refused",
			reason: "gone",
			message: "Whoever this was sent to is not in the catalogue any more.",
			remedy: "Sign in to the console.",
		};
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

const CODE_WORDS = {
	"not-ours": ["This code is not known.", "Answer with the digits of the newest message."],
	expired: ["This code has expired.", "Answer with the digits of the newest message, or open its link."],
	used: ["This code was used already.", "Open the message's link to see what became of it."],
	locked: ["Too many wrong codes came from this number.", "Wait a quarter of an hour, or open the message's link."],
} as const;

function refusedCode(reason: keyof typeof CODE_WORDS): AcknowledgeOutcome {
	const [message, remedy] = CODE_WORDS[reason];
	return { status: "refused", reason, message, remedy };
}
