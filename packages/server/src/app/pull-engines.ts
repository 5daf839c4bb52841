import { setTimeout as delay } from "node:timers/promises";
import type { Clock } from "@bellwether/model";
import type { PullSettings, Source, SourceAuth } from "#catalogue";
import { createEgressReader, guardedSocket, resolveSecret } from "#platform";
import {
	type FeedEngine,
	type PullCredentials,
	type PullEngine,
	PullFailure,
	type PullHttp,
	queryWaitMs,
} from "#telemetry";
import { createEntraTokens } from "../adapters/entra-tokens/index.ts";
import { createClickHouseEngine } from "../adapters/pull-clickhouse/index.ts";
import { createFeedEngine } from "../adapters/pull-feed/index.ts";
import { createGraphEngine } from "../adapters/pull-graph/index.ts";
import { createKustoEngine } from "../adapters/pull-kusto/index.ts";
import { createPostgresqlEngine } from "../adapters/pull-postgresql/index.ts";
import { createPrometheusEngine } from "../adapters/pull-prometheus/index.ts";
import type { PulledFeed } from "./feed-puller.ts";

export interface PullEngineOptions {
	readonly allow: readonly string[];
	/** Keep to the source's maxQueriesPerMinute. */
	readonly isLimited: boolean;
	readonly clock: Clock;
	readonly env: Readonly<Record<string, string | undefined>>;
}

const POSTGRESQL_PORT = 5432;

/** The engine behind a source. All that it says to the outside goes through the gate and keeps to the source's rate. */
export function pullEngineOf(
	source: Source & { readonly pull: PullSettings },
	{ allow, isLimited, clock, env }: PullEngineOptions,
): PullEngine {
	const settings = source.pull;
	const turn = isLimited ? queryTurns(settings.maxQueriesPerMinute, clock) : async () => {};
	const reader = createEgressReader({ allow, clock });
	const http: PullHttp = async (request) => {
		await turn(request.signal);
		return reader(request);
	};
	const secret = secretOf(env);
	if (source.kind === "postgresql") {
		const { auth } = settings;
		return createPostgresqlEngine({
			settings,
			socket: () => guardedSocket(allow, POSTGRESQL_PORT),
			password: () => (auth.kind === "basic" ? secret(auth.passwordRef) : undefined),
			turn,
		});
	}
	const credentials = credentialsOf(settings.auth, reader, secret, clock, env);
	const shared = { settings, http, credentials };
	switch (source.kind) {
		case "prometheus":
			return createPrometheusEngine(shared);
		case "kusto":
		case "log-analytics":
			return createKustoEngine({ kind: source.kind, ...shared });
		case "graph":
			return createGraphEngine(shared);
		case "clickhouse":
			return createClickHouseEngine(shared);
		default:
			throw new Error(`a source of kind ${source.kind} is not asked`);
	}
}

/** The engine behind a feed that is asked. */
export function feedEngineOf(
	feed: PulledFeed,
	{ allow, clock, env }: Omit<PullEngineOptions, "isLimited">,
): FeedEngine {
	const http = createEgressReader({ allow, clock });
	return createFeedEngine({
		feed,
		http,
		credentials: credentialsOf(feed.pull.auth, http, secretOf(env), clock, env),
		clock,
	});
}

function secretOf(env: PullEngineOptions["env"]): (reference: string) => string {
	return (reference) => {
		try {
			return resolveSecret(reference, env);
		} catch (error) {
			throw new PullFailure("denied", (error as Error).message, "set what the reference names");
		}
	};
}

function credentialsOf(
	auth: SourceAuth,
	http: PullHttp,
	secret: (reference: string) => string,
	clock: Clock,
	env: PullEngineOptions["env"],
): PullCredentials {
	switch (auth.kind) {
		case "none":
			return async () => ({});
		case "bearer":
			return async () => ({ authorization: `Bearer ${secret(auth.tokenRef)}` });
		case "basic":
			return async () => {
				const text = `${auth.user}:${secret(auth.passwordRef)}`;
				return { authorization: `Basic ${Buffer.from(text, "utf8").toString("base64")}` };
			};
		default:
			return createEntraTokens({ auth, http, identityHttp, secret, now: () => clock.now(), env });
	}
}

/**
 * The machine's identity endpoint lies at an address that the gate never opens, because it hands out credentials. Its address
 * comes from the platform and is not configurable, and only the token's own request goes there.
 */
const identityHttp: PullHttp = async ({ url, method, headers, timeoutMs, maxBytes, signal }) => {
	try {
		const within = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
		const response = await fetch(url, { method, headers, redirect: "manual", signal: within });
		const body = new Uint8Array(await response.arrayBuffer());
		if (body.byteLength > maxBytes) return { status: "too-large", reason: "the answer is too large for a token" };
		const { status: statusCode } = response;
		return { status: "answered", statusCode, headers: {}, retryAfterMs: undefined, body };
	} catch (error) {
		const { cause, message } = error as Error & { cause?: { code?: string } };
		return { status: "unreached", reason: cause?.code ?? message };
	}
};

/** Lets the source's queries through at its rate, in the order in which they came. */
function queryTurns(perMinute: number, clock: Clock): (signal: AbortSignal) => Promise<void> {
	let startedAt: number[] = [];
	let last: Promise<void> = Promise.resolve();
	const wait = async (signal: AbortSignal): Promise<void> => {
		const ms = queryWaitMs(startedAt, perMinute, clock.monotonic());
		if (ms > 0) await delay(ms, undefined, { signal }).catch(() => {});
		startedAt = [...startedAt.slice(-perMinute), clock.monotonic()];
	};
	return (signal) => {
		last = last.then(() => wait(signal));
		return last;
	};
}
