import { createHmac, timingSafeEqual } from "node:crypto";
import type { InboundAuth } from "#catalogue";
import { type ProofHeaders, type ProofOutcome, proveMessage } from "./feed-proof.ts";
import { keysOf } from "./secret-keys.ts";

/**
 * Whether a message comes from the system of record that holds the secret. `secrets` are all that hold now, one a line.
 * PagerDuty and Jira sign the body alone, so that only its own id and time tell it from its repetition.
 */
export function proveIntegration(
	auth: InboundAuth,
	secrets: string,
	headers: ProofHeaders,
	body: Uint8Array,
	now: number,
): ProofOutcome {
	switch (auth) {
		case "pagerduty": {
			// https://developer.pagerduty.com/docs/webhooks/webhook-signatures/
			const sent = (headers["x-pagerduty-signature"] ?? "")
				.split(",")
				.map((each) => /^\s*v1=([0-9a-f]{64})\s*$/i.exec(each)?.[1]);
			return proveBody(secrets, sent, body, "X-PagerDuty-Signature");
		}
		case "hub-signature": {
			// https://www.w3.org/TR/websub/#authenticated-content-distribution
			const sent = /^sha256=([0-9a-f]{64})$/i.exec(
				headers["x-hub-signature"] ?? headers["x-hub-signature-256"] ?? "",
			)?.[1];
			return proveBody(secrets, [sent], body, "X-Hub-Signature");
		}
		case "standard-webhooks":
		case "bearer":
		case "basic":
			return proveMessage(auth, secrets, headers, body, now);
	}
}

const MAX_SIGNATURES = 10;
const MIN_KEY_LENGTH = 16;

function proveBody(
	secrets: string,
	sent: readonly (string | undefined)[],
	body: Uint8Array,
	header: string,
): ProofOutcome {
	const keys = keysOf(secrets);
	if (keys.length === 0) return { status: "unusable", reason: "the secret is empty" };
	if (keys.some((key) => key.length < MIN_KEY_LENGTH)) {
		return { status: "unusable", reason: `the secret is shorter than ${MIN_KEY_LENGTH} characters` };
	}
	const signatures = sent.filter((each) => each !== undefined).slice(0, MAX_SIGNATURES);
	if (signatures.length === 0) return { status: "unproven", reason: `${header} is missing` };
	let isSigned = false;
	// No early end: which of several keys is good is nobody's business.
	for (const key of keys) {
		const expected = createHmac("sha256", key).update(body).digest();
		for (const signature of signatures) isSigned = timingSafeEqual(expected, Buffer.from(signature, "hex")) || isSigned;
	}
	if (!isSigned)
		return { status: "unproven", reason: "the signature does not fit the body and this integration's key" };
	return { status: "proven", key: undefined, provesLife: true };
}
