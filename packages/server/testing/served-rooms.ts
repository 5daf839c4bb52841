import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import pino from "pino";
import { onTestFinished } from "vitest";
import { type ApiContext, buildHttpServer, createFleetSource, StreamHub } from "#api";
import type { Catalogue } from "#catalogue";
import {
	createTeller,
	departureOf,
	recordNoticeOutcome,
	recordSubscriptionOutcome,
	stateBreach,
	subscriptionIdOf,
} from "#engagement";
import { openForBreach } from "#incidents";
import { createCallbackEgress, createDispatcher, issueToken, type Role } from "#platform";
import { createSubscriberSender } from "../src/adapters/subscriber/index.ts";
import { exampleCatalogue } from "./catalogue.ts";
import { openRooms } from "./rooms.ts";

/** What a receiver got, in order; what it answers can be changed. */
export async function openReceiver() {
	const got: { readonly headers: IncomingMessage["headers"]; readonly body: string }[] = [];
	let status = 202;
	const server = createServer((request, response) => {
		const chunks: Buffer[] = [];
		request.on("data", (chunk: Buffer) => chunks.push(chunk));
		request.on("end", () => {
			got.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
			response.writeHead(status).end();
		});
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	onTestFinished(() => void server.close());
	const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
	return {
		got,
		host,
		url: `http://${host}/workflows/abc/triggers/manual/paths/invoke?sig=SECRET`,
		answer: (next: number) => {
			status = next;
		},
	};
}

/** The API on a real socket over the real rooms and store: what other systems and agents talk to. */
export async function serveRooms(
	options: {
		readonly allow?: readonly string[];
		readonly callbacks?: readonly string[];
		readonly catalogue?: Partial<Catalogue>;
	} = {},
) {
	const { settings } = exampleCatalogue();
	const egress = { allow: options.allow ?? [], callbacks: options.callbacks ?? [] };
	const initial = exampleCatalogue({ settings: { ...settings, egress }, ...options.catalogue });
	const rooms = await openRooms(initial);
	onTestFinished(() => rooms.remove());
	const { store, clock, deps } = rooms;
	const teller = createTeller({
		store,
		deps,
		onError: (error) => rooms.errors.push(error),
	});
	// What happened before it began is nobody's news.
	await teller.runDue();
	const subscribers = createSubscriberSender({
		egress: () => createCallbackEgress(deps.catalogue().settings),
		clock,
		departure: (message) => store.transaction((tx) => departureOf(tx, message, clock.now())),
	});
	const dispatcher = createDispatcher({
		...rooms.dispatcherOptions,
		senders: (name) => (subscriptionIdOf(name) === undefined ? rooms.dispatcherOptions.senders() : subscribers),
		onOutcome: async (tx, message, outcome) => {
			await recordNoticeOutcome(tx, deps, message, outcome);
			await recordSubscriptionOutcome(tx, message, outcome);
		},
	});
	const telemetry = quietTelemetry();
	let baseUrl = "";
	const { catalogue } = deps;
	const context = {
		clock,
		ids: deps.ids,
		bus: deps.bus,
		store,
		telemetry,
		sources: {
			statuses: () => [],
			feeds: () => [],
			test: async () => undefined,
			senders: async () => [],
			startedAt: 0,
		},
		hub: new StreamHub(clock),
		catalogue,
		fleet: createFleetSource({ clock, store, catalogue, telemetry, demo: false, onChange: () => {} }),
		readiness: async () => [],
		metrics: { contentType: "text/plain", text: async () => "" },
		baseUrl: () => baseUrl,
		demo: false,
		consoleDir: "/nowhere",
		version: "0.0.0",
	} as unknown as ApiContext;
	const { api } = await buildHttpServer({
		context,
		host: "127.0.0.1",
		tokenDigest: undefined,
		logger: pino({ level: "silent" }) as never,
		telemetry: {
			ingest: async () => ({ status: "accepted" as const, points: 0, rejected: 0, message: "" }),
			maxBodyBytes: () => 1000,
			bodyTimeoutMs: 1000,
			maxBytesInMemory: 1000,
			takeMemory: (bytes: number) => new Uint8Array(bytes),
			giveMemory: () => {},
			observe: () => {},
		} as never,
	});
	await api.listen({ host: "127.0.0.1", port: 0 });
	onTestFinished(() => api.close());
	baseUrl = `http://127.0.0.1:${(api.server.address() as AddressInfo).port}`;

	const token = (role: Role, more: { name?: string; tenants?: readonly string[]; ttlMs?: number } = {}) =>
		store.transaction((tx) => issueToken(tx, deps.ids, clock.now(), { name: role, role, oneTime: false, ...more }));
	return {
		...rooms,
		context,
		api,
		url: baseUrl,
		token,
		/** Asks over the socket as a client of the API does. */
		async ask(
			path: string,
			bearer: string,
			more: { method?: string; body?: unknown; headers?: Readonly<Record<string, string>> } = {},
		) {
			const { method = "GET", body } = more;
			const answer = await fetch(path.startsWith("http") ? path : baseUrl + path, {
				method,
				headers: {
					authorization: `Bearer ${bearer}`,
					...(body === undefined ? {} : { "content-type": "application/json" }),
					...more.headers,
				},
				...(body === undefined ? {} : { body: JSON.stringify(body) }),
			});
			const text = await answer.text();
			return { status: answer.status, headers: answer.headers, text, body: text === "" ? undefined : JSON.parse(text) };
		},
		/** Takes a claim as the app does, and tells of it. */
		claim: (breach: Parameters<typeof openForBreach>[2]) =>
			store.transaction(async (tx) => {
				const outcome = await openForBreach(tx, deps, breach, catalogue());
				await stateBreach(tx, deps, breach, outcome);
				return outcome;
			}),
		/** Tells subscribers what happened, and sends what is due, until nothing is. */
		async deliver() {
			await teller.runDue();
			return dispatcher.runDue(clock.now());
		},
	};
}

export type ServedRooms = Awaited<ReturnType<typeof serveRooms>>;

function quietTelemetry() {
	return {
		statuses: () => [],
		hourStrips: async () => [],
		attributes: async () => [],
		windows: async () => [],
		columns: async () => new Float64Array(0),
		latencies: async () => undefined,
		accounting: async () => [],
		tenantValues: async () => ({ total: 0, unmatched: 0, items: [], rest: { values: 0, streams: 0, points: 0 } }),
		health: async () => {
			throw new Error("no telemetry here");
		},
	} as unknown as ApiContext["telemetry"] & Parameters<typeof createFleetSource>[0]["telemetry"];
}
