import type { PullRange } from "./pull-engine.ts";
import { PullFailure, type PullHttp, type PullHttpRequest } from "./pull-engine.ts";

/** Headers that prove who asks. `isRenewal`: the last ones were refused. Throws PullFailure. */
export type PullCredentials = (signal: AbortSignal, isRenewal: boolean) => Promise<Readonly<Record<string, string>>>;

export interface AskedAnswer {
	/** 2xx, or 304 when the request was conditional. */
	readonly statusCode: number;
	readonly body: Uint8Array;
	readonly headers: Readonly<Record<string, string>>;
}

/** One exchange whose answer is 2xx. Throws PullFailure; `refusal` reads the engine's own words out of an error's body. */
export async function ask(
	http: PullHttp,
	credentials: PullCredentials,
	request: PullHttpRequest,
	refusal: (body: string) => string | undefined,
): Promise<AskedAnswer> {
	for (let attempt = 0; ; attempt++) {
		const proof = await credentials(request.signal, attempt > 0);
		const answer = await http({ ...request, headers: { ...request.headers, ...proof } });
		if (answer.status !== "answered") throw failureOf(answer.status, answer.reason);
		const { statusCode } = answer;
		if (statusCode >= 200 && statusCode < 300) return answer;
		if (statusCode === 304 && ("if-none-match" in request.headers || "if-modified-since" in request.headers))
			return answer;
		// A token may have ended before its time: once with a fresh one.
		if (statusCode === 401 && attempt === 0 && Object.keys(proof).length > 0) continue;
		const text = Buffer.from(answer.body.subarray(0, 65_536)).toString("utf8");
		// Before, for a refusal cuts its text and could halve a secret; after, for JSON may have hidden it.
		const words = refusal(withoutSecrets(text, request.url, proof));
		const safe = words === undefined ? undefined : withoutSecrets(words, request.url, proof);
		throw statusFailure(new URL(request.url).host, statusCode, safe, answer.retryAfterMs);
	}
}

function failureOf(status: "too-large" | "blocked" | "unreached" | "unanswered", reason: string): PullFailure {
	switch (status) {
		case "too-large":
			return new PullFailure("too_large", reason, "lower maxRange, group by fewer columns, or raise maxResponseBytes");
		case "blocked":
			return new PullFailure("blocked", reason, "allow the address in settings.egress.allow if it is yours");
		case "unreached":
			return new PullFailure("unreached", reason, "check url, network and certificate");
		case "unanswered":
			return new PullFailure("timeout", reason, "make the query cheaper, lower maxRange, or raise timeout");
	}
}

function statusFailure(
	host: string,
	statusCode: number,
	words: string | undefined,
	retryAfterMs: number | undefined,
): PullFailure {
	const said = words === undefined || words === "" ? "" : `: ${oneLine(words)}`;
	const message = `${host} answered ${statusCode}${said}`;
	if (statusCode === 401 || statusCode === 403)
		return new PullFailure("denied", message, "check auth of the source and what it may read");
	if (statusCode === 429 || (statusCode === 503 && retryAfterMs !== undefined))
		return new PullFailure("throttled", message, "lower maxQueriesPerMinute or ask less often", retryAfterMs);
	if (statusCode >= 300 && statusCode < 400)
		return new PullFailure("refused", message, "give the address that answers itself: redirects are not followed");
	if (statusCode >= 400 && statusCode < 500)
		return new PullFailure("refused", message, "correct the query or the address", retryAfterMs);
	return new PullFailure("failed", message, "look at that system; it is asked again by itself", retryAfterMs);
}

/**
 * Foreign words without what we sent them to prove ourselves: systems, and whoever answers in their place, repeat requests
 * in their errors. Values of the address's query are taken out as well, for keys stand there.
 */
export function withoutSecrets(text: string, url: string, proof: Readonly<Record<string, string>>): string {
	const sent = Object.values(proof).flatMap((value) => {
		const bare = value.replace(/^\S+ /, "");
		const isBasic = /^Basic /i.test(value);
		return [
			value,
			bare,
			...(isBasic
				? [
						Buffer.from(bare, "base64")
							.toString("utf8")
							.replace(/^[^:]*:/, ""),
					]
				: []),
		];
	});
	const { search, searchParams } = new URL(url);
	// As it was written, and as it is meant.
	const keys = [
		...search
			.slice(1)
			.split("&")
			.map((each) => each.replace(/^[^=]*=/, "")),
		...searchParams.values(),
	];
	const hidden = [...sent, ...keys.filter((each) => each.length >= MIN_KEY_LENGTH)].filter((each) => each !== "");
	return hidden
		.toSorted((a, b) => b.length - a.length)
		.reduce((words, secret) => words.replaceAll(secret, "[hidden]"), text);
}

/** Shorter values are counts and dates. */
const MIN_KEY_LENGTH = 12;

/** Of foreign text: one short line without control characters. */
export function oneLine(text: string): string {
	return text
		.replace(/[\p{Cc}\u2028\u2029]+/gu, " ")
		.trim()
		.slice(0, 300);
}

/** The body as JSON; throws PullFailure naming how it begins. */
export function jsonOf(body: Uint8Array, host: string): unknown {
	try {
		return JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("utf8"));
	} catch {
		const start = oneLine(Buffer.from(body.subarray(0, 80)).toString("utf8"));
		throw new PullFailure(
			"malformed",
			`the answer of ${host} is not JSON; it begins ${JSON.stringify(start)}`,
			"check that url leads to the engine itself, not to a sign-in page",
		);
	}
}

/** The query with each placeholder replaced by what the engine calls the parameter. */
export function withPlaceholders(
	text: string,
	names: { readonly from: string; readonly to: string; readonly step: string },
): string {
	return text.replace(/\{\{(from|to|step)\}\}/g, (_, name: "from" | "to" | "step") => names[name]);
}

export function isoInstants({ from, to }: PullRange): { readonly from: string; readonly to: string } {
	return { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
}
