import { createHash, createHmac } from "node:crypto";
import type { FeedAuth } from "#catalogue";
import { isEqual, keysOf } from "./secret-keys.ts";

/** Headers by lower-case name. */
export type ProofHeaders = Readonly<Record<string, string | undefined>>;

export interface Proof {
	/** Names the message for good: what a sender repeats when it tries again. Undefined: nothing signed does. */
	readonly key: string | undefined;
	/** False: nothing signed tells this message from its repetition by a stranger. */
	readonly provesLife: boolean;
}

/**
 * `unproven`: wrong or missing proof, of which no more is told; `old`: signed by the right key, too long ago or ahead;
 * `unusable`: our own secret cannot be used, so that nobody's proof can be checked.
 */
export type ProofOutcome =
	| ({ readonly status: "proven" } & Proof)
	| { readonly status: "unproven"; readonly reason: string }
	| { readonly status: "old"; readonly reason: string }
	| { readonly status: "unusable"; readonly reason: string };

/** As Standard Webhooks has it. */
const TOLERANCE_MS = 5 * 60_000;
const MIN_KEY_BYTES = 16;

/**
 * Whether a message comes from who holds the feed's secret. `secrets` are all that hold now, one a line:
 * so a sender can change keys without a gap. Comparisons take the same time whatever is wrong.
 */
export function proveMessage(
	auth: FeedAuth,
	secrets: string,
	headers: ProofHeaders,
	body: Uint8Array,
	now: number,
): ProofOutcome {
	const keys = keysOf(secrets);
	if (keys.length === 0) return { status: "unusable", reason: "the secret is empty" };
	switch (auth) {
		case "standard-webhooks":
			return proveStandardWebhook(keys, headers, body, now);
		case "github":
			return proveGitHub(keys, headers, body);
		case "bearer":
			return proveHeader(keys, /^Bearer (\S+)$/i.exec(headers.authorization ?? "")?.[1], "bearer token");
		case "basic":
			return proveHeader(keys, basicOf(headers.authorization), "user name and password");
	}
}

function proveStandardWebhook(
	secrets: readonly string[],
	headers: ProofHeaders,
	body: Uint8Array,
	now: number,
): ProofOutcome {
	const id = headers["webhook-id"] ?? "";
	const timestamp = headers["webhook-timestamp"] ?? "";
	const signatures = (headers["webhook-signature"] ?? "").split(" ").filter((each) => each.startsWith("v1,"));
	const keys = secrets.map((secret) => Buffer.from(secret.replace(/^whsec_/, ""), "base64"));
	if (keys.some((key) => key.length < MIN_KEY_BYTES)) {
		return {
			status: "unusable",
			reason: "the secret is no key of Standard Webhooks (whsec_ and at least 16 bytes in base 64)",
		};
	}
	if (!/^[\x21-\x7e]{1,256}$/.test(id) || !/^\d{1,12}$/.test(timestamp) || signatures.length === 0) {
		return { status: "unproven", reason: "webhook-id, webhook-timestamp or webhook-signature (v1) is missing" };
	}
	const isSigned = keys.some((key) => {
		const expected = createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest();
		// No early end: which of several signatures is good is nobody's business.
		return signatures
			.slice(0, 10)
			.reduce((found, each) => isEqual(expected, Buffer.from(each.slice(3), "base64")) || found, false);
	});
	if (!isSigned) return { status: "unproven", reason: "the signature does not fit the body and this feed's key" };
	const awayMs = now - Number(timestamp) * 1000;
	if (Math.abs(awayMs) > TOLERANCE_MS) {
		const when = awayMs > 0 ? "old" : "ahead";
		return {
			status: "old",
			reason: `the message is ${Math.round(Math.abs(awayMs) / 1000)} s ${when}, more than ${TOLERANCE_MS / 1000} s`,
		};
	}
	return { status: "proven", key: `id:${id}`, provesLife: true };
}

/** Only the body is signed: a body that was seen before is a repetition, whoever sends it. */
function proveGitHub(secrets: readonly string[], headers: ProofHeaders, body: Uint8Array): ProofOutcome {
	const sent = /^sha256=([0-9a-f]{64})$/i.exec(headers["x-hub-signature-256"] ?? "")?.[1];
	if (sent === undefined) return { status: "unproven", reason: "X-Hub-Signature-256 is missing" };
	const isSigned = secrets.some((key) =>
		isEqual(createHmac("sha256", key).update(body).digest(), Buffer.from(sent, "hex")),
	);
	if (!isSigned) return { status: "unproven", reason: "the signature does not fit the body and this feed's key" };
	return {
		status: "proven",
		key: `body:${headers["x-github-event"] ?? ""}:${sha256(body).toString("hex")}`,
		provesLife: false,
	};
}

/** Who knows the token may say what it likes, also the same once more: it is news again after something else was said. */
function proveHeader(secrets: readonly string[], sent: string | undefined, what: string): ProofOutcome {
	if (sent === undefined) return { status: "unproven", reason: `Authorization carries no ${what}` };
	const isKnown = secrets.some((secret) => isEqual(sha256(secret), sha256(sent)));
	if (!isKnown) return { status: "unproven", reason: `the ${what} is not this feed's` };
	return { status: "proven", key: undefined, provesLife: true };
}

function basicOf(header: string | undefined): string | undefined {
	const encoded = /^Basic ([A-Za-z0-9+/=_-]{1,2000})$/i.exec(header ?? "")?.[1];
	return encoded === undefined ? undefined : Buffer.from(encoded, "base64").toString("utf8");
}

function sha256(data: Uint8Array | string): Buffer {
	return createHash("sha256").update(data).digest();
}
