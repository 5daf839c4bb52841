import { ManualClock, systemClock } from "@bellwether/model";
import { expect, onTestFinished, test, vi } from "vitest";
import { temporaryControlStore } from "../adapters/sqlite/control-store-temporary.ts";
import { createDispatcher, type DispatcherOptions } from "./dispatcher.ts";
import { sequenceIds } from "./ids.ts";
import { cancelMessages, enqueue } from "./outbox.ts";
import type { ChannelSender, Message, NewMessage, Outcome, SendResult } from "./types.ts";

// Disks, sockets and processes set the pace here: on a busy machine everything takes longer.
vi.setConfig({ testTimeout: 30_000 });

const START = Date.UTC(2026, 0, 1);
const SECOND = 1_000;
const PATIENCE = { timeout: 20_000 };
const SENT: SendResult = { status: "sent", detail: "HTTP 200" };
const RETRY: SendResult = { status: "retry", detail: "HTTP 500" };

async function setUp(options: Partial<DispatcherOptions> & { channels: Record<string, ChannelSender> }) {
	const clock = new ManualClock(START);
	const ids = sequenceIds();
	const temporary = await temporaryControlStore(clock);
	onTestFinished(() => temporary.remove());
	const { store } = temporary;
	const outcomes: { id: string; outcome: Outcome }[] = [];
	const errors: unknown[] = [];
	const make = (more: Partial<DispatcherOptions> = {}) =>
		createDispatcher({
			store,
			clock,
			senders: (name) => options.channels[name],
			onOutcome: async (_tx, message, outcome) => void outcomes.push({ id: message.id, outcome }),
			onError: (error) => errors.push(error),
			...options,
			...more,
		});
	return {
		clock,
		store,
		outcomes,
		errors,
		make,
		dispatcher: make(),
		add: (more: Partial<NewMessage> = {}) =>
			store.transaction((tx) =>
				enqueue(tx, ids, clock.now(), {
					kind: "page",
					delivery: "at-least-once",
					tenant: "contoso",
					incidentId: "inc_1",
					channel: "hook",
					address: "https://example.com/hook",
					payload: { subject: "s", text: "t", data: {} },
					...more,
				}),
			),
		outbox: (id: string) => store.db.selectFrom("outbox").selectAll().where("id", "=", id).executeTakeFirstOrThrow(),
		deliveries: (id: string) =>
			store.db.selectFrom("deliveries").selectAll().where("outbox_id", "=", id).orderBy("seq").execute(),
	};
}

/** Answers from a list, the last answer for ever, and remembers what it was given. */
function scripted(...answers: SendResult[]): ChannelSender & { readonly seen: Message[] } {
	const seen: Message[] = [];
	return {
		seen,
		async send(message) {
			seen.push(message);
			return answers[Math.min(seen.length, answers.length) - 1] ?? SENT;
		},
	};
}

test("a message is sent once; its delivery is on record with a digest instead of the address", async () => {
	const hook = scripted(SENT);
	const { clock, dispatcher, add, outbox, deliveries, outcomes } = await setUp({ channels: { hook } });
	const id = await add();
	expect(await dispatcher.runDue(clock.now())).toBe(1);
	expect(await dispatcher.runDue(clock.now() + 1e9)).toBe(0);
	expect(hook.seen).toMatchObject([{ id, attempt: 1, address: "https://example.com/hook", createdAt: START }]);
	expect(await outbox(id)).toMatchObject({ state: "sent", attempts: 1, sent_at: START, last_error: null });
	const [delivery, ...more] = await deliveries(id);
	expect(more).toEqual([]);
	expect(delivery).toMatchObject({
		attempt: 1,
		outcome: "sent",
		started_at: START,
		ended_at: START,
		detail: "HTTP 200",
	});
	expect(delivery?.target_digest).toMatch(/^[0-9a-f]{64}$/);
	expect(JSON.stringify(delivery)).not.toContain("example.com");
	expect(outcomes).toEqual([{ id, outcome: { status: "sent", detail: "HTTP 200", at: START } }]);
});

test("the delivery stands as `sending` before the first byte leaves", async () => {
	const states: unknown[] = [];
	const hook: ChannelSender = {
		async send(message) {
			states.push((await outbox(message.id)).state, (await deliveries(message.id))[0]?.outcome);
			return SENT;
		},
	};
	const { clock, dispatcher, add, outbox, deliveries } = await setUp({ channels: { hook } });
	await add();
	await dispatcher.runDue(clock.now());
	expect(states).toEqual(["sending", "sending"]);
});

test("a page that does not arrive is sent again after 1, 2, 5, 10, 30, 30 s, always under its id", async () => {
	const attempts: number[] = [];
	const ids = new Set<string>();
	const { clock, dispatcher, add, deliveries, outcomes } = await setUp({
		channels: {
			hook: {
				async send(message) {
					attempts.push((clock.now() - START) / SECOND);
					ids.add(message.id);
					return RETRY;
				},
			},
		},
	});
	const id = await add();
	for (let second = 0; second <= 80; second++) {
		await dispatcher.runDue(clock.now());
		clock.advance(SECOND);
	}
	expect(attempts).toEqual([0, 1, 3, 8, 18, 48, 78]);
	expect([...ids]).toEqual([id]);
	expect((await deliveries(id)).map(({ attempt, outcome }) => [attempt, outcome])).toEqual(
		attempts.map((_, index) => [index + 1, "failed"]),
	);
	expect(outcomes[0]?.outcome).toEqual({
		status: "retrying",
		detail: "HTTP 500",
		at: START,
		nextAt: START + SECOND,
	});
	expect(dispatcher.counters).toMatchObject({ sent: 0, retried: 7, inFlight: 0 });
});

test("a notice has more patience: 5 s, 30 s, 2 min, 5 min", async () => {
	const hook = scripted(RETRY);
	const { clock, dispatcher, add, outbox } = await setUp({ channels: { hook } });
	const id = await add({ kind: "notice", delivery: "at-most-once" });
	const waits: number[] = [];
	for (let attempt = 0; attempt < 5; attempt++) {
		await dispatcher.runDue(clock.now());
		const { next_at } = await outbox(id);
		waits.push((next_at - clock.now()) / SECOND);
		clock.advance(next_at - clock.now());
	}
	expect(waits).toEqual([5, 30, 120, 300, 300]);
});

test("while the store does not write, nothing is sent, and it is asked again after a pause", async () => {
	const hook = scripted(SENT);
	let refusals = 0;
	const { clock, store, make, add, errors } = await setUp({ channels: { hook } });
	const transaction: typeof store.transaction = (work) =>
		refusals-- > 0 ? Promise.reject(new Error("database or disk is full")) : store.transaction(work);
	const dispatcher = make({ store: { ...store, transaction }, recordRetryMs: 1 });
	await dispatcher.runDue(clock.now());
	await add();
	refusals = 3;
	await dispatcher.runDue(clock.now());
	expect(errors).toHaveLength(3);
	expect(hook.seen).toMatchObject([{ attempt: 1 }]);
});

test.each([
	{ asked: 12 * SECOND, waited: 12 * SECOND, why: "is honoured" },
	{ asked: 3_600 * SECOND, waited: 30 * SECOND, why: "is capped, so that a receiver cannot outwait the escalation" },
	{ asked: 0, waited: SECOND, why: "never shortens our own back-off" },
])("a wait of $asked ms that the receiver asks for $why", async ({ asked, waited }) => {
	const hook = scripted({ status: "retry", detail: "HTTP 429", retryAfterMs: asked });
	const { clock, dispatcher, add, outbox } = await setUp({ channels: { hook } });
	const id = await add();
	await dispatcher.runDue(clock.now());
	expect((await outbox(id)).next_at).toBe(START + waited);
});

test.each<{ name: string; answer: SendResult; delivery: NewMessage["delivery"]; state: string; outcome: string }>([
	{
		name: "a refusal ends a page as failed",
		answer: { status: "refused", detail: "HTTP 404" },
		delivery: "at-least-once",
		state: "failed",
		outcome: "failed",
	},
	{
		name: "a refusal ends a notice as failed",
		answer: { status: "refused", detail: "550" },
		delivery: "at-most-once",
		state: "failed",
		outcome: "failed",
	},
	{
		name: "a notice that may have arrived is uncertain",
		answer: { status: "uncertain", detail: "reset" },
		delivery: "at-most-once",
		state: "uncertain",
		outcome: "uncertain",
	},
	{
		name: "a page that may have arrived is sent again",
		answer: { status: "uncertain", detail: "reset" },
		delivery: "at-least-once",
		state: "pending",
		outcome: "retrying",
	},
	{
		name: "a notice that surely did not arrive is tried again",
		answer: { status: "retry", detail: "ECONNREFUSED" },
		delivery: "at-most-once",
		state: "pending",
		outcome: "retrying",
	},
])("$name", async ({ answer, delivery, state, outcome }) => {
	const hook = scripted(answer);
	const { clock, dispatcher, add, outbox, outcomes } = await setUp({ channels: { hook } });
	const id = await add({ delivery, kind: delivery === "at-most-once" ? "notice" : "page" });
	await dispatcher.runDue(clock.now());
	expect((await outbox(id)).state).toBe(state);
	expect(outcomes.map((each) => each.outcome.status)).toEqual([outcome]);
	if (state !== "pending") expect(await dispatcher.runDue(clock.now() + 1e9)).toBe(0);
});

test("a page that may have arrived five times is not sent once more; failures in between do not count", async () => {
	const lost = { status: "uncertain", detail: "reset" } as const;
	const hook = scripted(lost, lost, { status: "retry", detail: "503" }, lost, lost, lost, lost);
	const { clock, dispatcher, add, outbox, outcomes } = await setUp({ channels: { hook } });
	const id = await add({});
	for (let k = 0; k < 10; k++) {
		await dispatcher.runDue(clock.now());
		clock.advance(60_000);
	}
	expect(await outbox(id)).toMatchObject({ state: "uncertain", attempts: 6 });
	expect(outcomes.at(-1)?.outcome).toMatchObject({
		status: "uncertain",
		detail: "given up after 5 attempts that may have arrived: reset",
	});
});

test("a message to a channel that does not exist fails, and says what to do", async () => {
	const { clock, dispatcher, add, outbox, outcomes } = await setUp({ channels: {} });
	const id = await add({ channel: "pager" });
	await dispatcher.runDue(clock.now());
	expect(await outbox(id)).toMatchObject({
		state: "failed",
		last_error: 'there is no channel "pager" in the catalogue: add it, or change the contact that names it',
	});
	expect(outcomes).toHaveLength(1);
});

test("a channel whose settings are broken is tried again, since they can be mended", async () => {
	let isMended = false;
	const hook = scripted(SENT);
	const { clock, make, add, outbox } = await setUp({ channels: {} });
	const dispatcher = make({
		senders: () => {
			if (!isMended) throw new Error("smtp.from: not one mail address");
			return hook;
		},
	});
	const id = await add();
	await dispatcher.runDue(clock.now());
	expect(await outbox(id)).toMatchObject({
		state: "pending",
		last_error: 'the channel "hook" cannot be used: smtp.from: not one mail address',
	});
	isMended = true;
	clock.advance(SECOND);
	await dispatcher.runDue(clock.now());
	expect(await outbox(id)).toMatchObject({ state: "sent" });
});

test("a page that could not be sent for a day has failed", async () => {
	const hook = scripted(RETRY);
	const { clock, dispatcher, add, outbox, outcomes } = await setUp({ channels: { hook } });
	const id = await add();
	clock.advance(24 * 3_600 * SECOND);
	await dispatcher.runDue(clock.now());
	expect(await outbox(id)).toMatchObject({ state: "failed" });
	expect(outcomes[0]?.outcome).toMatchObject({ status: "failed", detail: "given up after 1 attempts: HTTP 500" });
});

test("a message waits until its `notBefore`", async () => {
	const hook = scripted(SENT);
	const { clock, dispatcher, add } = await setUp({ channels: { hook } });
	await add({ notBefore: START + SECOND });
	expect(await dispatcher.runDue(clock.now())).toBe(0);
	clock.advance(SECOND);
	expect(await dispatcher.runDue(clock.now())).toBe(1);
});

test("a channel that hangs holds up itself alone, with at most four attempts at once", async () => {
	const hanging: ((result: SendResult) => void)[] = [];
	const stuck: ChannelSender = { send: () => new Promise((resolve) => hanging.push(resolve)) };
	const good = scripted(SENT);
	const { clock, dispatcher, add, outbox } = await setUp({ channels: { stuck, good } });
	const stuckIds: string[] = [];
	for (let n = 0; n < 6; n++) stuckIds.push(await add({ channel: "stuck" }));
	const goodIds: string[] = [];
	for (let n = 0; n < 12; n++) goodIds.push(await add({ channel: "good" }));
	dispatcher.start();
	onTestFinished(() => dispatcher.stop());
	await expect.poll(() => good.seen.length, PATIENCE).toBe(12);
	expect(hanging).toHaveLength(4);
	hanging[0]?.(SENT);
	hanging[1]?.(SENT);
	await expect.poll(() => hanging.length, PATIENCE).toBe(6);
	for (const resolve of hanging) resolve(SENT);
	await dispatcher.stop();
	for (const id of [...stuckIds, ...goodIds]) expect(await outbox(id)).toMatchObject({ state: "sent", attempts: 1 });
	expect(clock.now()).toBe(START);
});

test("an attempt is given up after a while, whatever its sender does", async () => {
	const stuck: ChannelSender = { send: () => new Promise(() => undefined) };
	const { clock, dispatcher, add, outbox } = await setUp({ channels: { stuck }, timeoutMs: 20 });
	const id = await add({ channel: "stuck" });
	await dispatcher.runDue(clock.now());
	expect(await outbox(id)).toMatchObject({ state: "pending", last_error: "no outcome within 20 ms" });
});

test("a receiver that hangs holds up no other of the same channel", async () => {
	const reached: string[] = [];
	const hanging: ((result: SendResult) => void)[] = [];
	const hook: ChannelSender = {
		send: ({ address }) => {
			reached.push(address);
			if (address !== "hangs") return Promise.resolve(SENT);
			return new Promise((resolve) => hanging.push(resolve));
		},
	};
	const { dispatcher, add, outbox } = await setUp({ channels: { hook }, timeoutMs: 60_000 });
	for (let n = 0; n < 12; n++) await add({ address: "hangs" });
	dispatcher.start();
	await expect.poll(() => reached.length, PATIENCE).toBe(4);
	const id = await add({ address: "answers" });
	await expect.poll(async () => (await outbox(id)).state, PATIENCE).toBe("sent");
	expect(reached).toEqual(["hangs", "hangs", "hangs", "hangs", "answers"]);
	const stopped = dispatcher.stop();
	for (const resolve of hanging) resolve(SENT);
	await stopped;
});

test("within a channel pages go before notices, whatever came first", async () => {
	const hook = scripted(SENT);
	const { clock, dispatcher, add } = await setUp({ channels: { hook }, perChannel: 1 });
	await add({ kind: "notice", delivery: "at-most-once" });
	await add({ kind: "page" });
	await dispatcher.runDue(clock.now());
	expect(hook.seen.map(({ kind }) => kind)).toEqual(["page", "notice"]);
});

test("a sender that breaks its word and throws is reported; the message is treated as one that may have arrived", async () => {
	const hook: ChannelSender = {
		async send() {
			throw new Error("secret detail");
		},
	};
	const { clock, dispatcher, add, outbox, errors } = await setUp({ channels: { hook } });
	const notice = await add({ kind: "notice", delivery: "at-most-once" });
	await dispatcher.runDue(clock.now());
	expect(await outbox(notice)).toMatchObject({
		state: "uncertain",
		last_error: "the channel's sender failed: see the log",
	});
	expect(errors).toMatchObject([{ message: "secret detail" }]);
});

test("cancelled messages are not sent; those of other incidents and kinds are", async () => {
	const hook = scripted(SENT);
	const { clock, store, dispatcher, add } = await setUp({ channels: { hook } });
	await add();
	const notice = await add({ kind: "notice", delivery: "at-most-once" });
	const other = await add({ incidentId: "inc_2" });
	expect(await store.transaction((tx) => cancelMessages(tx, { incidentId: "inc_1", kind: "page" }))).toBe(1);
	await dispatcher.runDue(clock.now());
	expect(hook.seen.map(({ id }) => id).toSorted()).toEqual([notice, other].toSorted());
});

test.each<{ name: string; answer: SendResult; state: string; told: number }>([
	{ name: "that fails is not repeated", answer: RETRY, state: "cancelled", told: 0 },
	{ name: "that arrives has arrived", answer: SENT, state: "sent", told: 1 },
])("a page cancelled while on the wire $name", async ({ answer, state, told }) => {
	const hook: ChannelSender = {
		async send() {
			await store.transaction((tx) => cancelMessages(tx, { incidentId: "inc_1" }));
			return answer;
		},
	};
	const { clock, store, dispatcher, add, outbox, outcomes, deliveries } = await setUp({ channels: { hook } });
	const id = await add();
	await dispatcher.runDue(clock.now());
	expect(await outbox(id)).toMatchObject({ state });
	expect(outcomes).toHaveLength(told);
	expect((await deliveries(id))[0]?.outcome).toBe(answer.status === "sent" ? "sent" : "failed");
	expect(await dispatcher.runDue(clock.now() + 1e9)).toBe(0);
});

test("a notice on the wire cannot be cancelled: its outcome is recorded", async () => {
	const hook: ChannelSender = {
		async send() {
			expect(await store.transaction((tx) => cancelMessages(tx, { incidentId: "inc_1" }))).toBe(0);
			return { status: "uncertain", detail: "reset" };
		},
	};
	const { clock, store, dispatcher, add, outbox } = await setUp({ channels: { hook } });
	const id = await add({ kind: "notice", delivery: "at-most-once" });
	await dispatcher.runDue(clock.now());
	expect(await outbox(id)).toMatchObject({ state: "uncertain" });
});

test("what a listener writes and the outcome are one transaction, tried again until it holds; nothing is resent", async () => {
	const hook = scripted(SENT);
	let failures = 2;
	const { clock, store, dispatcher, add, outbox, errors } = await setUp({
		channels: { hook },
		recordRetryMs: 1,
		onOutcome: async (tx, message) => {
			await tx.insertInto("meta").values({ key: message.id, value: "told" }).execute();
			if (failures-- > 0) throw new Error("listener broke");
		},
	});
	const id = await add();
	await dispatcher.runDue(clock.now());
	expect(errors).toMatchObject([{ message: "listener broke" }, { message: "listener broke" }]);
	expect(await outbox(id)).toMatchObject({ state: "sent" });
	expect(await store.db.selectFrom("meta").select("key").where("value", "=", "told").execute()).toEqual([{ key: id }]);
	expect(hook.seen).toHaveLength(1);
});

test("after a crash while sending, a page is sent again under its id, a notice becomes uncertain and is told", async () => {
	const never: ChannelSender = { send: () => new Promise(() => undefined) };
	const { clock, make, add, outbox, deliveries, outcomes } = await setUp({ channels: { hook: never } });
	const page = await add();
	const notice = await add({ kind: "notice", delivery: "at-most-once" });
	// The first dispatcher never comes back: its process is gone.
	void make().runDue(clock.now());
	await expect.poll(async () => (await outbox(notice)).state, PATIENCE).toBe("sending");
	clock.advance(5 * SECOND);
	const hook = scripted(SENT);
	await make({ senders: () => hook }).runDue(clock.now());
	expect(hook.seen).toMatchObject([{ id: page, attempt: 2 }]);
	expect(await outbox(page)).toMatchObject({ state: "sent", attempts: 2 });
	expect(await outbox(notice)).toMatchObject({ state: "uncertain", attempts: 1 });
	expect((await deliveries(page)).map(({ outcome }) => outcome)).toEqual(["uncertain", "sent"]);
	expect((await deliveries(notice)).map(({ outcome }) => outcome)).toEqual(["uncertain"]);
	expect(outcomes.map(({ id, outcome }) => [id, outcome.status])).toEqual([
		[notice, "uncertain"],
		[page, "sent"],
	]);
});

test("once started, it sends what waits, wakes by itself on commits, and stops after the attempts under way", async () => {
	const hook = scripted(RETRY, SENT);
	const { store, add, outbox } = await setUp({ channels: { hook } });
	const dispatcher = createDispatcher({
		store,
		clock: systemClock,
		senders: () => hook,
		retryDelaysMs: { page: [5] },
		giveUpAfterMs: Number.POSITIVE_INFINITY,
		onError: (error) => {
			throw error;
		},
	});
	const first = await add();
	dispatcher.start();
	await expect.poll(async () => (await outbox(first)).state, PATIENCE).toBe("sent");
	const second = await add();
	await expect.poll(async () => (await outbox(second)).state, PATIENCE).toBe("sent");
	await dispatcher.stop();
	const third = await add();
	expect(await outbox(third)).toMatchObject({ state: "pending", attempts: 0 });
});
