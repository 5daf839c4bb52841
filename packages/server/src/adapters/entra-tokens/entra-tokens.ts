import { z } from "zod";
import type { SourceAuth } from "#catalogue";
import { jsonOf, oneLine, type PullCredentials, PullFailure, type PullHttp } from "#telemetry";

export interface EntraTokensOptions {
	readonly auth: Extract<SourceAuth, { kind: "client-credentials" | "managed-identity" }>;
	/** The gate for addresses that somebody wrote down. */
	readonly http: PullHttp;
	/** The way to the machine's own identity endpoint, which no other address may use. */
	readonly identityHttp: PullHttp;
	/** Value behind a reference. */
	readonly secret: (reference: string) => string;
	readonly now: () => number;
	/** IDENTITY_ENDPOINT and IDENTITY_HEADER, where the platform sets them. */
	readonly env: Readonly<Record<string, string | undefined>>;
}

const Token = z.object({
	access_token: z.string().min(1),
	expires_in: z.coerce.number().optional(),
	expires_on: z.coerce.number().optional(),
});
/** Asked for anew this long before it ends, so that a query under way does not outlive it. */
const RENEW_BEFORE_MS = 120_000;
const TIMEOUT_MS = 10_000;
const MAX_BYTES = 65_536;
/** https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token */
const MACHINE_ENDPOINT = "http://169.254.169.254/metadata/identity/oauth2/token";

/** Bearer tokens of Microsoft Entra: by client credentials, or from the machine's managed identity. Kept until shortly before they end. */
export function createEntraTokens(options: EntraTokensOptions): PullCredentials {
	const { auth, now } = options;
	let held: { readonly token: string; readonly until: number } | undefined;
	return async (signal, isRenewal) => {
		if (isRenewal || !held || now() >= held.until) {
			const { access_token, expires_in, expires_on } =
				auth.kind === "client-credentials"
					? await byClientCredentials(options, auth, signal)
					: await byManagedIdentity(options, auth, signal);
			const ends = expires_on !== undefined ? expires_on * 1000 : now() + (expires_in ?? 300) * 1000;
			held = { token: access_token, until: ends - RENEW_BEFORE_MS };
		}
		return { authorization: `Bearer ${held.token}` };
	};
}

async function byClientCredentials(
	{ http, secret }: EntraTokensOptions,
	auth: Extract<SourceAuth, { kind: "client-credentials" }>,
	signal: AbortSignal,
): Promise<z.infer<typeof Token>> {
	const body = new URLSearchParams({
		grant_type: "client_credentials",
		client_id: auth.clientId,
		client_secret: secret(auth.secretRef),
		scope: auth.scope,
	}).toString();
	return tokenFrom(http, auth.tokenUrl, { "content-type": "application/x-www-form-urlencoded" }, body, signal);
}

async function byManagedIdentity(
	{ identityHttp, env }: EntraTokensOptions,
	auth: Extract<SourceAuth, { kind: "managed-identity" }>,
	signal: AbortSignal,
): Promise<z.infer<typeof Token>> {
	const resource = auth.scope.replace(/\/\.default$/, "");
	const client = auth.clientId === undefined ? {} : { client_id: auth.clientId };
	const { IDENTITY_ENDPOINT: endpoint, IDENTITY_HEADER: header } = env;
	if (endpoint !== undefined && header !== undefined) {
		const query = new URLSearchParams({ "api-version": "2019-08-01", resource, ...client });
		return tokenFrom(identityHttp, `${endpoint}?${query}`, { "x-identity-header": header }, undefined, signal);
	}
	const query = new URLSearchParams({ "api-version": "2018-02-01", resource, ...client });
	return tokenFrom(identityHttp, `${MACHINE_ENDPOINT}?${query}`, { metadata: "true" }, undefined, signal);
}

async function tokenFrom(
	http: PullHttp,
	url: string,
	headers: Readonly<Record<string, string>>,
	body: string | undefined,
	signal: AbortSignal,
): Promise<z.infer<typeof Token>> {
	const { host } = new URL(url);
	const method = body === undefined ? "GET" : "POST";
	const answer = await http({ url, method, headers, body, maxBytes: MAX_BYTES, timeoutMs: TIMEOUT_MS, signal });
	if (answer.status !== "answered")
		throw new PullFailure(
			answer.status === "blocked" ? "blocked" : "unreached",
			`no token from ${host}: ${answer.reason}`,
			"check auth of the source, and that the address of the token can be reached",
		);
	if (answer.statusCode === 429 || answer.statusCode >= 500)
		throw new PullFailure(
			"throttled",
			`${host} gives no token at present (${answer.statusCode})`,
			"it is asked again by itself",
			answer.retryAfterMs,
		);
	const parsed = answer.statusCode === 200 ? Token.safeParse(jsonOf(answer.body, host)) : undefined;
	if (parsed?.success) return parsed.data;
	throw new PullFailure(
		"denied",
		`${host} refused a token (${answer.statusCode})${refusalIn(answer.body)}`,
		"check directory, client id, secret and scope of the source",
	);
}

/** The code of the refusal alone: its description may repeat what was sent. */
function refusalIn(body: Uint8Array): string {
	try {
		const { error } = JSON.parse(Buffer.from(body).toString("utf8")) as { error?: unknown };
		return typeof error === "string" ? `: ${oneLine(error)}` : "";
	} catch {
		return "";
	}
}
