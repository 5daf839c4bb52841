import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import type { PullQuery, PullSettings, Slo } from "#catalogue";
import { createEgressReader } from "#platform";
import type { EngineQuery, PullEngine, PulledRow, PullFailure, PullHttp } from "#telemetry";

/** What the tests of pulled engines share: a real HTTP server that answers what a test says, behind the real gate. */
export interface Heard {
	readonly method: string;
	readonly path: string;
	readonly query: URLSearchParams;
	readonly headers: IncomingHttpHeaders;
	readonly body: string;
}
export interface Said {
	readonly status?: number;
	readonly headers?: Readonly<Record<string, string>>;
	/** Objects are sent as JSON. */
	readonly body: unknown;
}

export interface Engine {
	readonly url: string;
	readonly http: PullHttp;
	readonly heard: readonly Heard[];
}

export async function engineServer(answer: (request: Heard, count: number) => Said): Promise<Engine> {
	const heard: Heard[] = [];
	const server = createServer(async (request, response) => {
		let body = "";
		for await (const chunk of request) body += chunk;
		const url = new URL(request.url ?? "/", "http://engine");
		const one = {
			method: request.method ?? "",
			path: url.pathname,
			query: url.searchParams,
			headers: request.headers,
			body,
		};
		heard.push(one);
		const said = answer(one, heard.length);
		response.writeHead(said.status ?? 200, { "content-type": "application/json", ...said.headers });
		response.end(typeof said.body === "string" ? said.body : JSON.stringify(said.body));
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	onTestFinished(() => {
		server.closeAllConnections();
		server.close();
	});
	const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
	return { url: `http://${host}`, http: createEgressReader({ allow: [host] }), heard };
}

export const FROM = Date.UTC(2026, 10, 23, 12, 0);
export const RANGE = { from: FROM, to: FROM + 300_000, stepMs: 60_000 };

export function settings(url: string, more: Partial<PullSettings> = {}): PullSettings {
	return {
		url,
		auth: { kind: "none" },
		tls: false,
		intervalMs: 60_000,
		stepMs: 60_000,
		overlapMs: 300_000,
		delayMs: 60_000,
		catchUpMs: 3_600_000,
		maxRangeMs: 3_600_000,
		maxQueriesPerMinute: 60,
		timeoutMs: 5_000,
		maxResponseBytes: 100_000,
		queries: [],
		...more,
	};
}

export function asking(query: Partial<PullQuery>, slo: Partial<Slo> = {}): EngineQuery {
	const place = { file: "slos/a.yaml", line: 1, column: 1 };
	return {
		query: {
			slo: "requests",
			columns: { tenant: "tenant", time: "time", good: "good", total: "total" },
			tenantAttribute: "tenant",
			...query,
		},
		slo: {
			name: "requests",
			displayName: "Requests",
			description: "",
			workload: "mail",
			sliKind: "availability",
			unit: "requests",
			indicator: {
				kind: "ratio",
				numerator: "good",
				part: { metric: "requests_total", where: [{ name: "code", op: "=", values: ["200"] }] },
				total: { metric: "requests_total", where: [] },
			},
			objective: 0.99,
			periodMs: 28 * 86_400_000,
			place,
			...slo,
		},
	};
}

export async function rowsOf(engine: PullEngine, query: EngineQuery): Promise<PulledRow[]> {
	const rows: PulledRow[] = [];
	for await (const row of engine.rows(query, RANGE, new AbortController().signal)) rows.push(row);
	return rows;
}

/** Why an engine gave no rows; throws when it did. */
export async function failureOf(engine: PullEngine, query: EngineQuery): Promise<PullFailure> {
	try {
		await rowsOf(engine, query);
	} catch (error) {
		return error as PullFailure;
	}
	throw new Error("the engine answered");
}

export const noCredentials = async () => ({});
