import { DAY_MS, HOUR_MS, MINUTE_MS } from "@bellwether/model";
import { expect, onTestFinished, test } from "vitest";
import type { SendResult } from "#platform";
import { exampleCatalogue, START } from "../../../testing/catalogue.ts";
import { openRooms } from "../../../testing/rooms.ts";
import { channelDays, channelStates, guardTestPages, queueTestPages, testResults } from "./index.ts";

const PERSON = {
	name: "m-ito",
	displayName: "M. Ito",
	contacts: [
		{ channel: "phone", address: "m-ito" },
		{ channel: "hook", address: "https://pager.example/m-ito" },
	],
};
const CHANNELS = exampleCatalogue().channels;
const SENT: SendResult = { status: "sent", detail: "HTTP 202" };
const FAILED: SendResult = { status: "refused", detail: "HTTP 401" };

async function rooms() {
	const opened = await openRooms();
	onTestFinished(() => opened.remove());
	const { store, deps, clock, deliver, setAnswer, db } = opened;
	const queue = (channel?: string) =>
		store.transaction((tx) => queueTestPages(tx, deps, { person: PERSON, channel, askedBy: "ada", now: clock.now() }));
	return {
		...opened,
		queue,
		/** A test by the hook, answered so, after some time. */
		async hook(answer: SendResult, afterMs = 0) {
			clock.advance(afterMs);
			setAnswer(() => answer);
			await queue("hook");
			await deliver();
		},
		hookState: async () => {
			const states = await channelStates(db, CHANNELS, clock.now());
			return states.find(({ name }) => name === "hook") ?? expect.unreachable();
		},
	};
}

test("a channel that was never used is unknown, not well", async () => {
	const { hookState } = await rooms();
	expect(await hookState()).toMatchObject({
		state: "unknown",
		lastSent: undefined,
		lastFailure: undefined,
		failingSince: undefined,
		queue: 0,
		queueAgeMs: 0,
	});
});

test("one failure is a passing one; three in ten minutes are a fault, which the next success ends", async () => {
	const { hook, hookState, clock } = await rooms();
	await hook(SENT);
	expect(await hookState()).toMatchObject({ state: "well", lastSent: { at: START, detail: "HTTP 202" } });
	await hook(FAILED, HOUR_MS);
	expect(await hookState()).toMatchObject({ state: "shaky", failingSince: START + HOUR_MS, failuresSince: 1 });
	clock.advance(HOUR_MS);
	expect((await hookState()).state).toBe("shaky");
	await hook(FAILED);
	await hook({ status: "uncertain", detail: "no answer" }, MINUTE_MS);
	expect(await hookState()).toMatchObject({ state: "failing", failuresSince: 3, lastFailure: { detail: "no answer" } });
	await hook(SENT, 1);
	expect(await hookState()).toMatchObject({ state: "well", failingSince: undefined, failuresSince: 0 });
});

test("three failures within a minute are not yet for long", async () => {
	const { hook, hookState } = await rooms();
	for (let k = 0; k < 3; k++) await hook(FAILED, 1_000);
	expect((await hookState()).state).toBe("shaky");
});

test("days are told apart at midnight UTC, those without attempts too", async () => {
	const { hook, db, clock } = await rooms();
	await hook(SENT);
	await hook(FAILED, DAY_MS);
	await hook(FAILED, 1);
	clock.advance(DAY_MS);
	const days = (await channelDays(db, clock.now()))("hook");
	expect(days).toHaveLength(14);
	expect(days.slice(-4)).toEqual([
		{ at: Math.floor(START / DAY_MS - 1) * DAY_MS, sent: 0, failed: 0, uncertain: 0 },
		{ at: Math.floor(START / DAY_MS) * DAY_MS, sent: 1, failed: 0, uncertain: 0 },
		{ at: Math.floor(START / DAY_MS + 1) * DAY_MS, sent: 0, failed: 2, uncertain: 0 },
		{ at: Math.floor(START / DAY_MS + 2) * DAY_MS, sent: 0, failed: 0, uncertain: 0 },
	]);
});

test("what waits is counted with its age", async () => {
	const { queue, hookState, clock, setAnswer, deliver } = await rooms();
	setAnswer(() => ({ status: "retry", detail: "HTTP 503" }));
	await queue("hook");
	await deliver();
	clock.advance(40_000);
	expect(await hookState()).toMatchObject({ queue: 1, queueAgeMs: 40_000 });
});

test("a test page goes by each contact, says that nothing is wrong, and belongs to no incident", async () => {
	const { queue, deliver, sent, db } = await rooms();
	const queued = await queue();
	await deliver();
	expect(sent.map(({ channel, address, incidentId }) => [channel, address, incidentId]).sort()).toEqual([
		["hook", "https://pager.example/m-ito", undefined],
		["phone", "m-ito", undefined],
	]);
	for (const { payload } of sent) {
		expect(payload.subject).toBe("[TEST] Page to M. Ito");
		expect(payload.text).toMatch(/asked for by ada\. Nothing is wrong/);
	}
	const ids = queued.map(({ messageId }) => messageId);
	expect(await testResults(db, [...ids, "msg_other"])).toMatchObject([
		{ channel: "phone", status: "sent", attempts: 1, detail: "taken", tookMs: 0 },
		{ channel: "hook", status: "sent", attempts: 1 },
	]);
});

test("a test that could not leave within two minutes is given up, so that nobody is woken by it later", async () => {
	const { queue, clock, dispatcherOptions, db, setAnswer, deliver, pass } = await rooms();
	setAnswer((message) =>
		guardTestPages(clock, { send: async () => ({ status: "retry", detail: "HTTP 503" }) }).send(message),
	);
	const [{ messageId } = expect.unreachable()] = await queue("hook");
	await deliver();
	expect(await testResults(db, [messageId])).toMatchObject([{ status: "waiting", detail: "HTTP 503" }]);
	await pass(3 * MINUTE_MS);
	expect(await testResults(db, [messageId])).toMatchObject([
		{ status: "failed", detail: "the test was given up after two minutes" },
	]);
	expect(dispatcherOptions.store.writeFault()).toBeUndefined();
});

test("old messages go with their receipts and tests", async () => {
	const { queue, deliver, store, db } = await rooms();
	const [{ messageId } = expect.unreachable()] = await queue("hook");
	await deliver();
	await store.transaction((tx) =>
		tx
			.insertInto("delivery_receipts")
			.values({
				outbox_id: messageId,
				tenant: "",
				incident_id: null,
				channel: "hook",
				state: "delivered",
				detail: "",
				at: 0,
			})
			.execute(),
	);
	await store.transaction(async (tx) => {
		await tx.deleteFrom("deliveries").where("outbox_id", "=", messageId).execute();
		await tx.deleteFrom("outbox").where("id", "=", messageId).execute();
	});
	expect(await db.selectFrom("delivery_receipts").selectAll().execute()).toEqual([]);
	expect(await db.selectFrom("page_tests").selectAll().execute()).toEqual([]);
});
