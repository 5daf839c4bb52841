import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { backfill } from "./backfill.ts";
import { readFleet } from "./fleet.ts";
import { historyRows } from "./history.ts";
import { post, retryAfterMs } from "./post.ts";
import { makeScenario } from "./scenario.ts";
import { runSender, senderGroups } from "./sender.ts";

const CATALOGUE = fileURLToPath(new URL("../../../../examples/demo", import.meta.url));
const NOW = Date.UTC(2026, 2, 4, 7, 41, 10);
const fleet = readFleet(CATALOGUE, 1);
const scenario = makeScenario("quiet", fleet, NOW);

interface Reply {
	readonly status: number;
	readonly headers?: Record<string, string>;
	readonly text?: string;
}
interface Received {
	readonly path: string;
	readonly headers: IncomingMessage["headers"];
	readonly body: Buffer;
}

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
	for (const close of closers.splice(0)) await close();
});

/** A receiver that answers one after the other, then 200 for ever, and keeps what it got. */
async function receiver(...replies: Reply[]) {
	const received: Received[] = [];
	const server = createServer(async (request, response) => {
		const chunks: Buffer[] = [];
		for await (const chunk of request) chunks.push(chunk as Buffer);
		received.push({ path: request.url ?? "", headers: request.headers, body: Buffer.concat(chunks) });
		const reply = replies.shift() ?? { status: 200 };
		response.writeHead(reply.status, reply.headers).end(reply.text);
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	closers.push(() => new Promise((resolve) => server.close(resolve)));
	server.keepAliveTimeout = 1;
	return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received };
}

/** Waits in which no time passes; what would have been waited is kept. */
function instantSleep() {
	const waits: number[] = [];
	return { waits, sleep: async (ms: number) => void waits.push(ms) };
}

const posting = (url: string) => ({ url: `${url}/v1/metrics`, headers: {}, body: "the body" });
const never = new AbortController().signal;

describe("posting", () => {
	it("sends the very same body again after 429, 503 and 502, and waits as Retry-After says, else twice as long", async () => {
		const { url, received } = await receiver(
			{ status: 429, headers: { "retry-after": "7" } },
			{ status: 503 },
			{ status: 502 },
		);
		const { sleep, waits } = instantSleep();
		expect(await post(posting(url), { signal: never, sleep })).toEqual({ status: "accepted", text: "" });
		expect(received.map((request) => request.body.toString())).toEqual(Array(4).fill("the body"));
		expect(waits).toEqual([7000, 1000, 2000]);
	});

	it("gives a body up that the server refuses, with the server's words", async () => {
		const { url, received } = await receiver({ status: 400, text: "line 3: good is larger than total" });
		const result = await post(posting(url), { signal: never });
		expect(result).toEqual({ status: "refused", code: 400, text: "line 3: good is larger than total" });
		expect(received).toHaveLength(1);
	});

	it("tries again when nobody answers, until it is stopped", async () => {
		const { url } = await receiver();
		for (const close of closers.splice(0)) await close();
		const stop = new AbortController();
		const reasons: string[] = [];
		const result = await post(posting(url), {
			signal: stop.signal,
			sleep: async () => void (reasons.length === 3 && stop.abort()),
			onRetry: (why) => reasons.push(why),
		});
		expect(result).toEqual({ status: "stopped" });
		expect(reasons).toHaveLength(3);
	});

	it.each([
		["12", 12_000],
		["Wed, 04 Mar 2026 07:41:40 GMT", 30_000],
		["Wed, 04 Mar 2026 07:00:00 GMT", 0],
		["soon", undefined],
		[null, undefined],
	])("reads Retry-After %s as %s ms", (header, ms) => {
		expect(retryAfterMs(header, NOW)).toBe(ms);
	});
});

describe("the senders of the demo fleet", () => {
	it("carry every tenant once, ten at most in a request, every 2 to 5 s", () => {
		const groups = senderGroups(fleet);
		expect(groups.flatMap((group) => group.tenants)).toEqual([...fleet.keyTenants, ...fleet.others]);
		for (const group of groups) {
			expect(group.tenants.length).toBeLessThanOrEqual(10);
			expect(group.periodMs).toBeGreaterThanOrEqual(2000);
			expect(group.periodMs).toBeLessThanOrEqual(5000);
		}
		expect(new Set(groups.map((group) => group.phaseMs)).size).toBe(groups.length);
	});

	it("send interval after interval without a gap, as gzip-compressed protobuf, and the late ones at once", async () => {
		const { url, received } = await receiver();
		const stop = new AbortController();
		// The clock stands 7 s after the start: three intervals are due, then the sender waits.
		const waits: number[] = [];
		await runSender(
			{ tenants: fleet.keyTenants.slice(0, 1), periodMs: 2000, phaseMs: 500 },
			{
				endpoint: url,
				token: "secret",
				fleet,
				scenario,
				startAt: NOW,
				signal: stop.signal,
				now: () => NOW + 5000,
				sleep: async (ms) => {
					waits.push(ms);
					stop.abort();
				},
				report: () => undefined,
			},
		);
		expect(received).toHaveLength(3);
		expect(waits).toEqual([1500]);
		expect(received[0]?.path).toBe("/v1/metrics");
		expect(received[0]?.headers).toMatchObject({
			"content-type": "application/x-protobuf",
			"content-encoding": "gzip",
			authorization: "Bearer secret",
		});
	});

	it("leave a long sleep of the machine as a gap", async () => {
		const { url, received } = await receiver();
		const stop = new AbortController();
		await runSender(
			{ tenants: fleet.keyTenants.slice(0, 1), periodMs: 2000, phaseMs: 500 },
			{
				endpoint: url,
				fleet,
				scenario,
				startAt: NOW,
				signal: stop.signal,
				now: () => NOW + 3_600_000,
				sleep: async () => stop.abort(),
				report: () => undefined,
			},
		);
		expect(received).toHaveLength(1);
	});
});

describe("the back-fill", () => {
	it("sends the whole history as NDJSON in batches with keys of their own, and the same key for the same batch again", async () => {
		const { url, received } = await receiver({ status: 503, headers: { "retry-after": "1" } });
		const progress: number[] = [];
		const rows = await backfill({
			url,
			token: "admin",
			fleet,
			scenario,
			until: NOW,
			signal: never,
			sleep: instantSleep().sleep,
			onProgress: (done) => progress.push(done),
		});
		const [first, again, ...others] = received as [Received, Received, ...Received[]];
		expect(first.headers["idempotency-key"]).toBe(again.headers["idempotency-key"]);
		expect(first.body.equals(again.body)).toBe(true);
		expect(new Set([again, ...others].map((request) => request.headers["idempotency-key"])).size).toBe(
			others.length + 1,
		);
		expect(first.headers.authorization).toBe("Bearer admin");
		const lines = [again, ...others].flatMap((request) => request.body.toString().trimEnd().split("\n"));
		expect(lines).toHaveLength(rows);
		expect(JSON.parse(lines[0] as string)).toEqual(historyRows(fleet, scenario, NOW).next().value);
		expect(progress.at(-1)).toBe(rows);
	});

	it("ends with the server's words when a batch is refused", async () => {
		const { url } = await receiver({ status: 400, text: "no SLO called x" });
		const run = backfill({ url, token: "t", fleet, scenario, until: NOW, signal: never, onProgress: () => undefined });
		await expect(run).rejects.toThrow("The import was refused (400): no SLO called x");
	});
});
