import type { Clock } from "@bellwether/model";
import { Webhook } from "standardwebhooks";
import type { SignedHeartbeat } from "#api";
import type { HeartbeatTarget } from "#catalogue";
import { createEgressReader, resolveSecret } from "#platform";

/** What a heartbeat says; signed, it shows that the system's own checks passed at `timestamp`. */
export interface Heartbeat {
	readonly type: "watchdog.heartbeat";
	readonly timestamp: string;
	readonly data: {
		/** The console's address: which installation this is. */
		readonly instance: string;
		readonly version: string;
		/** How long until the next one, at most, ms. */
		readonly everyMs: number;
		readonly selfCheck: { readonly tookMs: number; readonly stages: Readonly<Record<string, number>> };
		/** Newest entry of the audit log: kept outside, it makes a cut or rewritten log visible. */
		readonly audit: { readonly seq: number; readonly hash: string };
		readonly catalogue: string;
		/** Codes of what is worth knowing and keeps no page from going out. */
		readonly notices: readonly string[];
	};
}

/** Of a heartbeat, for whoever asks without a sign-in: that it was earned, when, and what shows a log that was cut. */
export interface PublicHeartbeat extends Pick<Heartbeat, "type" | "timestamp"> {
	readonly data: Pick<Heartbeat["data"], "everyMs" | "audit">;
}

/** What runs here, and how, is nothing for strangers: versions and their faults are public knowledge. */
export function publicPart({ type, timestamp, data }: Heartbeat): PublicHeartbeat {
	return { type, timestamp, data: { everyMs: data.everyMs, audit: data.audit } };
}

const TIMEOUT_MS = 5_000;
const MAX_ANSWER_BYTES = 65_536;

/** `secret` undefined: it is not signed. Throws when the secret is no key. */
export function signHeartbeat(id: string, heartbeat: PublicHeartbeat, secret: string | undefined): SignedHeartbeat {
	const body = JSON.stringify(heartbeat);
	const sentAt = new Date(heartbeat.timestamp);
	const stamp = { "webhook-id": id, "webhook-timestamp": String(Math.floor(sentAt.getTime() / 1000)) };
	if (secret === undefined) return { body, headers: stamp };
	// Several keys, with white space between, sign side by side: so a receiver can change keys without a gap.
	const keys = secret.trim().split(/\s+/);
	const signature = keys.map((key) => new Webhook(key).sign(id, sentAt, body)).join(" ");
	return { body, headers: { ...stamp, "webhook-signature": signature } };
}

export interface HeartbeatSending {
	readonly target: HeartbeatTarget;
	/** Of the watchdog; the target's own goes before it. */
	readonly secretRef: string | undefined;
	/** Same for all attempts and targets of one statement. */
	readonly id: string;
	readonly heartbeat: Heartbeat;
	readonly allow: readonly string[];
	readonly clock: Clock;
}

/** Undefined: it arrived. Else why not; never the address, which may be a secret. */
export async function sendHeartbeat(sending: HeartbeatSending): Promise<string | undefined> {
	const { target, id, heartbeat, allow, clock } = sending;
	const secretRef = target.secretRef ?? sending.secretRef;
	try {
		const url = heartbeatUrl(target);
		const isPost = target.method === "POST";
		const secret = secretRef === undefined ? undefined : resolveSecret(secretRef);
		const signed = signHeartbeat(id, heartbeat, secret);
		const answer = await createEgressReader({ allow, clock })({
			url,
			method: target.method,
			headers: isPost ? { "content-type": "application/json", ...signed.headers } : {},
			body: isPost ? signed.body : undefined,
			maxBytes: MAX_ANSWER_BYTES,
			timeoutMs: TIMEOUT_MS,
			signal: AbortSignal.timeout(TIMEOUT_MS),
		});
		if (answer.status !== "answered") return answer.reason;
		return answer.statusCode >= 200 && answer.statusCode < 300 ? undefined : `HTTP ${answer.statusCode}`;
	} catch (error) {
		return (error as Error).message;
	}
}

/** Throws when the reference has no value. */
export function heartbeatUrl({ url, urlRef }: HeartbeatTarget): string {
	return url ?? resolveSecret(urlRef ?? "");
}

/** For people: where it goes, without what may be a secret of the address. */
export function heartbeatHost(target: HeartbeatTarget): string {
	try {
		return new URL(heartbeatUrl(target)).host;
	} catch {
		return target.urlRef ?? "";
	}
}
