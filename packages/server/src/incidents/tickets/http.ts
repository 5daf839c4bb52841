import type { Integration, IntegrationAuth } from "#catalogue";
import { type EgressReader, resolveSecret } from "#platform";
import type { TicketFailure } from "./types.ts";

/** Answers beyond this are not read: a ticket is small. */
const MAX_ANSWER_BYTES = 1_048_576;
const MAX_WORDS = 200;

export interface TicketRequest {
	readonly method: "GET" | "POST" | "PUT" | "PATCH";
	/** Behind the integration's address; encoded, with its query. */
	readonly path: string;
	/** Sent as JSON. */
	readonly body?: unknown;
	readonly headers?: Readonly<Record<string, string>> | undefined;
	/** Another address than the integration's own. */
	readonly url?: string | undefined;
}

export type TicketAnswer =
	/** A 2xx whose body is JSON, or empty. `said`: status and the system's own request id, as proof. */
	{ readonly status: "ok"; readonly json: unknown; readonly said: string } | TicketFailure;

/** Asks one system: signs in anew each time, gives failures their meaning, and lets no secret into what it says. */
export type TicketHttp = (request: TicketRequest) => Promise<TicketAnswer>;

export interface TicketHttpOptions {
	readonly integration: Pick<Integration, "name" | "url" | "auth" | "timeoutMs">;
	readonly reader: EgressReader;
	/** Sign-in of PagerDuty's REST API, which has another token than its events. */
	readonly authorization?: ((secrets: Secrets) => Readonly<Record<string, string>>) | undefined;
}

/** Reads a secret by its reference, and remembers it so that it can be blotted out of answers. */
export type Secrets = (reference: string) => string;

export function createTicketHttp({ integration, reader, authorization }: TicketHttpOptions): TicketHttp {
	return async ({ method, path, body, headers, url = integration.url }) => {
		const used: string[] = [];
		const secrets: Secrets = (reference) => {
			const value = resolveSecret(reference).trim();
			used.push(value);
			return value;
		};
		let signedIn: Readonly<Record<string, string>>;
		let text: string | undefined;
		try {
			signedIn = authorization?.(secrets) ?? headersOf(integration.auth, secrets);
			used.push(...Object.values(signedIn).flatMap((value) => value.split(" ").slice(1)));
			text = body === undefined ? undefined : JSON.stringify(typeof body === "function" ? body(secrets) : body);
		} catch (error) {
			// A file behind a reference may yet be mounted. Its message names the reference alone.
			return { status: "retry", detail: `cannot sign in: ${(error as Error).message}` };
		}
		const answer = await reader({
			url: `${url}${path}`,
			method,
			headers: {
				accept: "application/json",
				...(text === undefined ? {} : { "content-type": "application/json" }),
				...headers,
				...signedIn,
			},
			...(text === undefined ? {} : { body: text }),
			maxBytes: MAX_ANSWER_BYTES,
			timeoutMs: integration.timeoutMs,
			signal: new AbortController().signal,
		});
		switch (answer.status) {
			case "blocked":
				return { status: "refused", detail: answer.reason };
			case "unreached":
				return { status: "retry", detail: answer.reason };
			case "unanswered":
			case "too-large":
				return { status: "uncertain", detail: answer.reason };
			case "answered":
				return judge(answer, new URL(url).host, (words) => blot(words, used));
		}
	};
}

function headersOf(auth: IntegrationAuth, secrets: Secrets): Readonly<Record<string, string>> {
	switch (auth.kind) {
		case "none":
		case "pagerduty":
			return {};
		case "bearer":
			return { authorization: `Bearer ${secrets(auth.tokenRef)}` };
		case "basic": {
			const credentials = Buffer.from(`${auth.user}:${secrets(auth.passwordRef)}`).toString("base64");
			return { authorization: `Basic ${credentials}` };
		}
	}
}

interface Answered {
	readonly statusCode: number;
	readonly headers: Readonly<Record<string, string>>;
	readonly retryAfterMs: number | undefined;
	readonly body: Uint8Array;
}

/** Where systems write the id of a request, for their support. */
const REQUEST_IDS = ["x-request-id", "x-arequestid", "x-transaction-id", "x-vss-e2eid"];

function judge(answer: Answered, host: string, blotted: (words: string) => string): TicketAnswer {
	const { statusCode, retryAfterMs } = answer;
	const json = jsonOf(answer.body);
	const said = `HTTP ${statusCode} from ${host}${requestIdOf(answer)}`;
	const detail = blotted(`${said}${wordsOf(json)}`);
	// Azure DevOps shows its page to sign in with this status.
	if (statusCode === 203) return { status: "retry", detail: `${said}: the sign-in was not taken` };
	if (statusCode >= 200 && statusCode < 300) {
		// Something between us and the system may answer for it: a page to sign in, a proxy's greeting.
		if (json === undefined) return { status: "uncertain", detail: `${said}: the answer is no JSON` };
		return { status: "ok", json, said };
	}
	if (statusCode >= 300 && statusCode < 400) {
		return { status: "refused", detail: `${said}: redirects are not followed, give the final address` };
	}
	// Asked to come again, or not let in: an operator may be changing a key just now.
	if (statusCode === 429 || statusCode === 408 || statusCode === 425) return { status: "retry", detail, retryAfterMs };
	if (statusCode === 401 || statusCode === 403 || statusCode === 407) return { status: "retry", detail, retryAfterMs };
	if (statusCode === 404 || statusCode === 410) return { status: "gone", detail };
	if (statusCode < 500) return { status: "refused", detail };
	return { status: "uncertain", detail, retryAfterMs };
}

function requestIdOf({ headers }: Answered): string {
	const id = REQUEST_IDS.map((name) => headers[name]).find((value) => value !== undefined);
	return id !== undefined && /^[\w.:-]{1,100}$/.test(id) ? `, request ${id}` : "";
}

function jsonOf(body: Uint8Array): unknown {
	if (body.length === 0) return null;
	try {
		return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
	} catch {
		return undefined;
	}
}

/** What the system says went wrong, from the fields in which the known ones say it. */
function wordsOf(json: unknown): string {
	const texts: string[] = [];
	const take = (value: unknown) => {
		if (typeof value === "string" && value !== "") texts.push(value);
		else if (Array.isArray(value)) value.slice(0, 5).forEach(take);
	};
	const root = recordOf(json);
	take(root.errorMessages);
	take(root.message);
	const error = recordOf(root.error);
	take(error.message);
	take(error.detail);
	take(error.errors);
	for (const [field, value] of Object.entries(recordOf(root.errors)).slice(0, 5)) {
		if (typeof value === "string") texts.push(`${field}: ${value}`);
	}
	take(root.errors);
	// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed
	const words = texts.join("; ").replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, " ");
	return words === "" ? "" : `: ${words.slice(0, MAX_WORDS)}`;
}

function blot(words: string, secrets: readonly string[]): string {
	return secrets.reduce((text, secret) => (secret.length < 4 ? text : text.replaceAll(secret, "***")), words);
}

/** Whether an answer, wherever in it, holds this text; a failure holds nothing. */
export function mentions(answer: TicketAnswer, text: string): boolean {
	return answer.status === "ok" && JSON.stringify(answer.json).includes(text);
}

/** An object without its type, for answers that are read field by field; anything else is empty. */
export function recordOf(value: unknown): Readonly<Record<string, unknown>> {
	return value !== null && typeof value === "object" && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

export function listOf(value: unknown): readonly unknown[] {
	return Array.isArray(value) ? value : [];
}

/** A text or number of an answer as text; undefined where there is none. */
export function textOf(value: unknown): string | undefined {
	if (typeof value === "string") return value === "" ? undefined : value;
	return typeof value === "number" ? String(value) : undefined;
}

/** An address that people may be given to click on. */
export function webAddress(value: unknown): string | undefined {
	if (typeof value !== "string" || !URL.canParse(value)) return undefined;
	const { protocol } = new URL(value);
	return protocol === "https:" || protocol === "http:" ? value : undefined;
}

/** For a create: that there is nothing at the address is a wrong setting, not a ticket that is gone. */
export function notGone<T extends { readonly status: string }>(answer: T | TicketFailure): T | TicketFailure {
	return answer.status === "gone" ? { ...(answer as TicketFailure), status: "refused" } : answer;
}

/** An instant as systems write it, ms; undefined where it cannot be read. */
export function instantOf(value: unknown): number | undefined {
	if (typeof value === "number" && Number.isFinite(value)) return value;
	const at = typeof value === "string" ? Date.parse(value) : Number.NaN;
	return Number.isNaN(at) ? undefined : at;
}
