import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { ManualClock } from "@bellwether/model";
import { expect, onTestFinished, test } from "vitest";
import { temporaryControlStore } from "../adapters/sqlite/control-store-temporary.ts";
import { sequenceIds } from "./ids.ts";
import { enqueue } from "./outbox.ts";
import { setTimer } from "./timers.ts";

/** Real processes that kill themselves (SIGKILL: no clean-up of any kind) at a named point of their work. */

const MODULE = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
const PRELUDE = `
	import { openControlStore } from ${MODULE("../adapters/sqlite/control-store.ts")};
	import * as platform from ${MODULE("./index.ts")};
	const clock = { now: () => Date.now(), monotonic: () => performance.now() };
	const store = await openControlStore({ path: process.env.CONTROL_DB, clock });
	const die = () => process.kill(process.pid, "SIGKILL");
	const onError = (error) => console.error(error);
	const point = process.env.POINT;
`;

async function run(code: string, env: Readonly<Record<string, string>>): Promise<string | null> {
	const child = spawn(process.execPath, ["--input-type=module", "--eval", PRELUDE + code], {
		env: { PATH: process.env.PATH, ...env },
		stdio: ["ignore", "inherit", "inherit"],
	});
	const [, signal] = (await once(child, "exit")) as [number | null, string | null];
	return signal;
}

async function setUp() {
	const clock = new ManualClock(Date.now());
	const temporary = await temporaryControlStore(clock);
	onTestFinished(() => temporary.remove());
	return { ...temporary, clock, ids: sequenceIds() };
}

/** A receiver that remembers the ids it was given. */
async function receiver(): Promise<{ url: string; ids: string[] }> {
	const ids: string[] = [];
	const server: Server = createServer((request, response) => {
		request.resume().on("end", () => {
			ids.push(String(request.headers["webhook-id"]));
			response.end("ok");
		});
	});
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	onTestFinished(() => void server.close());
	return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, ids };
}

const TIMER_CODE = `
	const runner = platform.createTimerRunner({
		store, clock, onError,
		handlers: {
			async ring(tx, timer) {
				if (point === "at the start of the handler") die();
				await tx.insertInto("events").values({ at: 1, type: "rang", tenant: "", incident_id: null, actor: timer.id, data: "{}" }).execute();
				if (point === "after the handler's writes, before the commit") die();
			},
		},
	});
	await runner.runDue(Date.now());
	if (point === "after the commit") die();
	await store.close();
`;

test.each(["at the start of the handler", "after the handler's writes, before the commit", "after the commit"])(
	"a timer takes effect exactly once when the process is killed %s",
	async (point) => {
		const { store, path, clock, ids } = await setUp();
		await store.transaction((tx) =>
			setTimer(tx, ids, clock.now(), { kind: "ring", tenant: "", dueAt: clock.now() - 1, data: {} }),
		);
		expect(await run(TIMER_CODE, { CONTROL_DB: path, POINT: point })).toBe("SIGKILL");
		expect(await run(TIMER_CODE, { CONTROL_DB: path, POINT: "never" })).toBeNull();
		expect(await run(TIMER_CODE, { CONTROL_DB: path, POINT: "never" })).toBeNull();
		expect(await store.db.selectFrom("events").select("actor").execute()).toHaveLength(1);
		expect(await store.db.selectFrom("timers").select("state").execute()).toEqual([{ state: "done" }]);
	},
	30_000,
);

const DISPATCH_CODE = `
	const hook = {
		async send(message) {
			if (point === "before the request leaves") die();
			const answer = await fetch(message.address, { method: "POST", headers: { "webhook-id": message.id } });
			if (point === "after the answer, before the record") die();
			return { status: "sent", detail: "HTTP " + answer.status };
		},
	};
	const dispatcher = platform.createDispatcher({
		store, clock, onError,
		senders: () => hook,
		async onOutcome(tx, message, outcome) {
			await tx.insertInto("events").values({ at: 1, type: outcome.status, tenant: "", incident_id: null, actor: message.id, data: "{}" }).execute();
			if (point === "while the outcome is recorded") die();
		},
	});
	await dispatcher.runDue(Date.now());
	if (point === "after the record") die();
	await store.close();
`;

test.each([
	{ point: "before the request leaves", pages: 1, notices: 0, notice: "uncertain" },
	{ point: "after the answer, before the record", pages: 2, notices: 1, notice: "uncertain" },
	{ point: "while the outcome is recorded", pages: 2, notices: 1, notice: "uncertain" },
	{ point: "after the record", pages: 1, notices: 1, notice: "sent" },
])(
	"killed $point: the page arrives $pages times under one id, the notice $notices times and is $notice",
	async (want) => {
		for (const delivery of ["at-least-once", "at-most-once"] as const) {
			const { store, path, clock, ids } = await setUp();
			const { url, ids: received } = await receiver();
			const id = await store.transaction((tx) =>
				enqueue(tx, ids, clock.now() - 1, {
					kind: delivery === "at-least-once" ? "page" : "notice",
					delivery,
					tenant: "contoso",
					channel: "hook",
					address: url,
					payload: { subject: "s", text: "t", data: {} },
				}),
			);
			expect(await run(DISPATCH_CODE, { CONTROL_DB: path, POINT: want.point })).toBe("SIGKILL");
			for (let restart = 0; restart < 2; restart++) {
				expect(await run(DISPATCH_CODE, { CONTROL_DB: path, POINT: "never" })).toBeNull();
			}
			expect(received).toEqual(Array(delivery === "at-least-once" ? want.pages : want.notices).fill(id));
			const state = delivery === "at-least-once" ? "sent" : want.notice;
			expect(await store.db.selectFrom("outbox").select("state").execute()).toEqual([{ state }]);
			// The room that listens heard of the final outcome once.
			expect(await store.db.selectFrom("events").select("type").execute()).toEqual([{ type: state }]);
			const open = await store.db.selectFrom("deliveries").select("seq").where("outcome", "=", "sending").execute();
			expect(open).toEqual([]);
		}
	},
	60_000,
);

const TRANSITION_CODE = `
	const ids = platform.systemIds(clock);
	await store.transaction(async (tx) => {
		const now = Date.now();
		await tx.insertInto("meta").values({ key: "state", value: "paging" }).execute();
		if (point === "after the state") die();
		await platform.setTimer(tx, ids, now, { kind: "escalate", tenant: "", dueAt: now, data: {} });
		if (point === "after the timer") die();
		await platform.enqueue(tx, ids, now, {
			kind: "page", delivery: "at-least-once", tenant: "", channel: "hook", address: "x",
			payload: { subject: "s", text: "t", data: {} },
		});
		if (point === "after the message") die();
	});
	die();
`;

test.each([
	{ point: "after the state", rows: 0 },
	{ point: "after the timer", rows: 0 },
	{ point: "after the message", rows: 0 },
	{ point: "after the commit", rows: 1 },
])(
	"killed $point: state, timer and message are all there or none is",
	async ({ point, rows }) => {
		const { store, path } = await setUp();
		expect(await run(TRANSITION_CODE, { CONTROL_DB: path, POINT: point })).toBe("SIGKILL");
		const counts = await Promise.all([
			store.db.selectFrom("meta").select("key").where("key", "=", "state").execute(),
			store.db.selectFrom("timers").select("id").execute(),
			store.db.selectFrom("outbox").select("id").execute(),
		]);
		expect(counts.map((found) => found.length)).toEqual([rows, rows, rows]);
	},
	30_000,
);
