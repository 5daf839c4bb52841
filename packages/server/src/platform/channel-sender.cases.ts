import { once } from "node:events";
import { type AddressInfo, createServer, type LookupFunction } from "node:net";
import { type Clock, ManualClock } from "@bellwether/model";
import { describe, expect, it, vi } from "vitest";
import { createEgress, type Egress } from "./egress.ts";
import { type Behaviour, drip, echo, type RawRequest, reply, startReceiver } from "./misbehaving-receiver.ts";
import type { ChannelSender, Message, SendResult } from "./types.ts";

/** What a sender over HTTP must bring to be judged. */
export interface SenderCase {
	/** A sender whose messages go to the receiver at `origin` (http://host:port), and the address of a message to it. */
	readonly make: (to: { readonly origin: string; readonly egress: Egress; readonly clock: Clock }) => {
		readonly sender: ChannelSender;
		readonly address: string;
	};
	/** The answer of a receiver that took the message. */
	readonly acceptance: { readonly status: string; readonly body: string };
	/** Whether a 2xx without a word, or with a web page, tells that it was taken. */
	readonly emptyAnswer: "sent" | "uncertain";
	readonly webPage: "sent" | "uncertain";
	/** What no detail may tell. */
	readonly secrets: readonly string[];
	/** The message's id in a request. */
	readonly idOf: (request: RawRequest) => string | undefined;
}

export const CASE_MESSAGE: Message = {
	id: "msg_01kcase",
	kind: "page",
	delivery: "at-least-once",
	tenant: "contoso",
	incidentId: "INC-1001",
	channel: "way",
	address: "",
	payload: {
		subject: "[Sev 2.5] Contoso: sign-in fails",
		text: "62% of sign-ins by Contoso succeed since 09:30 UTC.\n\nSee and acknowledge INC-1001.",
		url: "https://cre.example.com/p/INC-1001",
		person: "Ada Lovelace",
		data: { type: "incident.page", person: "ada", severity: { key: "2.5", rank: 3 }, tenantDisplayName: "Contoso" },
		card: {
			short: "Contoso: sign-in fails",
			sentence: "62% of sign-ins by Contoso succeed since 09:30 UTC. Objective 99.9%, platform 99.96%.",
			facts: [
				{ label: "Tenant", value: "Contoso" },
				{ label: "Platform", value: "99.96%" },
				{ label: "Objective", value: "99.9%" },
				{ label: "Since", value: "09:30 UTC" },
			],
			incidentUrl: "https://cre.example.com/incidents/INC-1001",
			runbookUrl: "https://cre.example.com/incidents/INC-1001#runbook",
			acknowledge: { url: "https://cre.example.com/ack?t=a1.tok", token: "a1.tok.sig", code: "4711" },
		},
	},
	attempt: 1,
	createdAt: Date.UTC(2026, 0, 1),
};

const NOW = Date.UTC(2026, 0, 1, 0, 1);
/** Long enough for a machine that is busy, short enough to wait for what never comes. */
const SHORT_MS = 700;

interface Trial {
	readonly name: string;
	readonly behave: Behaviour;
	readonly result: Partial<SendResult> & { readonly retryAfterMs?: number };
	/** It never answers, or not to the end. */
	readonly isSlow?: boolean;
}

const HEADERS = "HTTP/1.1 200 OK\r\n";

function trials(of: SenderCase): Trial[] {
	const { status, body } = of.acceptance;
	const taken = reply(status, { body });
	return [
		{ name: "takes it", behave: taken, result: { status: "sent" } },
		{
			name: "takes it after a while",
			behave: (socket, request) => void setTimeout(() => taken(socket, request), 50),
			result: { status: "sent" },
		},
		{ name: "answers 500 and all it was sent", behave: reply("500 Oops", { body: echo }), result: { status: "retry" } },
		{
			name: "answers 503 with Retry-After",
			behave: reply("503 Busy", { headers: "retry-after: 20\r\n" }),
			result: { status: "retry", retryAfterMs: 20_000 },
		},
		{
			name: "answers 429 with Retry-After",
			behave: reply("429 Slow down", { headers: "Retry-After: 7\r\n" }),
			result: { status: "retry", retryAfterMs: 7_000 },
		},
		{ name: "answers 408", behave: reply("408 Timeout"), result: { status: "retry" } },
		{
			name: "answers 400 and all it was sent",
			behave: reply("400 Bad", { body: echo }),
			result: { status: "refused" },
		},
		{ name: "answers 401", behave: reply("401 Who"), result: { status: "refused" } },
		{ name: "answers 404", behave: reply("404 None"), result: { status: "refused" } },
		{ name: "answers 410", behave: reply("410 Gone"), result: { status: "refused" } },
		...["301", "302", "307", "308"].map((code) => ({
			name: `redirects with ${code}`,
			behave: reply(`${code} There`, { headers: "location: http://127.0.0.1:1/secret\r\n" }),
			result: { status: "refused" as const },
		})),
		{ name: "takes it without a word", behave: reply("200 OK"), result: { status: of.emptyAnswer } },
		{
			name: "is a page to sign in at",
			behave: reply("200 OK", { body: "<!doctype html><title>Sign in</title>" }),
			result: { status: of.webPage },
		},
		{ name: "never answers", behave: () => undefined, result: { status: "uncertain" }, isSlow: true },
		{ name: "drips its headers", behave: drip(`${HEADERS}x-`), result: { status: "uncertain" }, isSlow: true },
		{ name: "resets the connection", behave: (socket) => socket.resetAndDestroy(), result: { status: "uncertain" } },
		{ name: "hangs up without a word", behave: (socket) => void socket.end(), result: { status: "uncertain" } },
		{
			name: "hangs up within its headers",
			behave: (socket) => void socket.end(`${HEADERS}x: `),
			result: { status: "uncertain" },
		},
		{
			name: "answers garbage",
			behave: (socket) => void socket.end("%&/()=\u0000\u0001"),
			result: { status: "uncertain" },
		},
		{
			name: "answers with endless headers",
			behave: (socket) => void socket.write(`${HEADERS}${`x: ${"y".repeat(1000)}\r\n`.repeat(100)}`),
			result: { status: "uncertain" },
		},
		{
			name: "answers with a megabyte",
			behave: reply("200 OK", { body: "x".repeat(1_000_000) }),
			result: { status: of.emptyAnswer },
		},
	];
}

/** What every sender over HTTP promises, whatever the receiver does. */
export function channelSenderCases(name: string, of: SenderCase): void {
	// Sockets set the pace here: on a busy machine everything takes longer.
	vi.setConfig({ testTimeout: 30_000 });

	async function send(behave: Behaviour, timeoutMs: number) {
		await using receiver = await startReceiver(behave);
		const clock = new ManualClock(NOW);
		const egress = createEgress({ allow: [receiver.host], timeoutMs, clock });
		const { sender, address } = of.make({ origin: `http://${receiver.host}`, egress, clock });
		const result = await sender.send({ ...CASE_MESSAGE, address });
		return { result, requests: [...receiver.requests] };
	}

	describe.concurrent(`${name}: a receiver that`, () => {
		it.for(trials(of))("$name", async ({ behave, result: expected, isSlow }) => {
			const { result, requests } = await send(behave, isSlow ? SHORT_MS : 10_000);
			expect(result).toMatchObject(expected);
			expect(requests).toHaveLength(1);
			for (const secret of of.secrets) expect(result.detail).not.toContain(secret);
		});

		it("drips its answer is believed by its status alone, or not at all", async () => {
			const { result } = await send(drip(`${HEADERS}content-length: 1000\r\n\r\n`), SHORT_MS);
			expect(result).toMatchObject({ status: of.emptyAnswer });
		});

		it("is not there is tried again", async () => {
			const host = await closedHost();
			const { sender, address } = of.make(at(`http://${host}`, createEgress({ allow: [host] })));
			expect(await sender.send({ ...CASE_MESSAGE, address })).toMatchObject({ status: "retry" });
		});

		it("speaks no TLS is tried again", async () => {
			await using receiver = await startReceiver(reply("200 OK"));
			const { sender, address } = of.make(at(`https://${receiver.host}`, createEgress({ allow: [receiver.host] })));
			expect(await sender.send({ ...CASE_MESSAGE, address })).toMatchObject({ status: "retry" });
			expect(receiver.requests).toEqual([]);
		});

		it("has a name that is not found is tried again", async () => {
			const lookup: LookupFunction = (_host, _options, done) =>
				done(Object.assign(new Error("not found"), { code: "ENOTFOUND" }), []);
			const { sender, address } = of.make(at("https://gone.example", createEgress({ allow: [], lookup })));
			expect(await sender.send({ ...CASE_MESSAGE, address })).toMatchObject({ status: "retry" });
		});
	});

	describe.concurrent(`${name}: an inside address is refused before a byte leaves`, () => {
		it.for([
			"10.0.0.1",
			"127.0.0.1",
			"169.254.169.254",
			"192.168.1.1",
			"2130706433",
			"0x7f.1",
			"[::1]",
			"[::ffff:10.0.0.1]",
		])("%s", async (host) => {
			const { sender, address } = of.make(at(`http://${host}`, createEgress({ allow: [] })));
			expect(await sender.send({ ...CASE_MESSAGE, address })).toMatchObject({ status: "refused" });
		});

		it("an outside name with an inside address", async () => {
			const lookup: LookupFunction = (_host, _options, done) => done(null, [{ address: "10.0.0.1", family: 4 }]);
			const { sender, address } = of.make(at("https://rebound.example", createEgress({ allow: [], lookup })));
			expect(await sender.send({ ...CASE_MESSAGE, address })).toMatchObject({ status: "refused" });
		});
	});

	it(`${name}: every attempt carries the same id and the same words`, async () => {
		await using receiver = await startReceiver(reply("500 Oops"));
		const clock = new ManualClock(NOW);
		const { sender, address } = of.make({
			origin: `http://${receiver.host}`,
			egress: createEgress({ allow: [receiver.host], clock }),
			clock,
		});
		await sender.send({ ...CASE_MESSAGE, address, attempt: 1 });
		clock.advance(60_000);
		await sender.send({ ...CASE_MESSAGE, address, attempt: 2 });
		expect(receiver.requests.map(of.idOf)).toEqual([CASE_MESSAGE.id, CASE_MESSAGE.id]);
		expect(receiver.requests[0]?.body).toBe(receiver.requests[1]?.body);
	});
}

function at(origin: string, egress: Egress) {
	return { origin, egress, clock: new ManualClock(NOW) };
}

async function closedHost(): Promise<string> {
	const server = createServer();
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
	server.close();
	await once(server, "close");
	return host;
}
