import { ManualClock } from "@bellwether/model";
import { expect, onTestFinished, test, vi } from "vitest";
import { temporaryControlStore } from "../adapters/sqlite/control-store-temporary.ts";
import { systemIds } from "./ids.ts";
import {
	closeForeignOperatorSessions,
	closeSession,
	closeSessionsOf,
	findSession,
	openSession,
	operatorTokenId,
	SESSION_IDLE_MS,
	SESSION_MAX_MS,
} from "./sessions.ts";
import { checkToken, issueToken, revokeToken, useToken } from "./tokens.ts";

// Disks, sockets and processes set the pace here: on a busy machine everything takes longer.
vi.setConfig({ testTimeout: 30_000 });

const HOUR = 3_600_000;
const ADA = { name: "ada", role: "responder" } as const;

async function setUp() {
	const clock = new ManualClock(Date.UTC(2026, 0, 1));
	const temporary = await temporaryControlStore(clock);
	onTestFinished(() => temporary.remove());
	const { store } = temporary;
	const ids = systemIds(clock);
	return {
		clock,
		store,
		ids,
		issue: (more: { oneTime?: boolean; ttlMs?: number } = {}) =>
			store.transaction((tx) =>
				issueToken(tx, ids, clock.now(), { name: "ci", role: "ingest", oneTime: false, ...more }),
			),
		use: (token: string) => store.transaction((tx) => useToken(tx, token, clock.now())),
		check: (token: string) => checkToken(store.db, token, clock.now()),
		open: (openedWith: { tokenId: string; endsAt?: number | undefined } = { tokenId: "tok_1" }) =>
			store.transaction((tx) => openSession(tx, ids, clock.now(), ADA, openedWith)),
		find: (id: string) => findSession(store, id, clock.now()),
	};
}

test("a token has 256 random bits and stands for its name and role, as often as it is used", async () => {
	const { issue, use, check } = await setUp();
	const { id, token } = await issue();
	expect(token).toMatch(/^bw_[0-9a-f]{64}$/);
	const principal = { name: "ci", role: "ingest", tokenId: id };
	for (let n = 0; n < 2; n++) expect((await use(token))?.principal).toEqual(principal);
	expect(await check(token)).toEqual(principal);
});

test("neither a token nor a session id can be read from the store", async () => {
	const { store, issue, open } = await setUp();
	const { token } = await issue();
	const session = await open();
	const stored = JSON.stringify([
		await store.db.selectFrom("tokens").selectAll().execute(),
		await store.db.selectFrom("sessions").selectAll().execute(),
	]);
	expect(stored).not.toContain(token.slice(3));
	expect(stored).not.toContain(session.id);
});

test("a one-time token works once, and never where nothing is written", async () => {
	const { issue, use, check } = await setUp();
	const { token } = await issue({ oneTime: true });
	expect(await check(token)).toBeUndefined();
	const tries = await Promise.all([use(token), use(token), use(token)]);
	expect(tries.filter(Boolean)).toHaveLength(1);
	expect(await use(token)).toBeUndefined();
});

test("a token is worth nothing once it has expired or was revoked", async () => {
	const { clock, store, issue, use, check } = await setUp();
	const brief = await issue({ ttlMs: HOUR });
	const lasting = await issue();
	clock.advance(HOUR - 1);
	expect(await check(brief.token)).toBeDefined();
	clock.advance(1);
	expect(await use(brief.token)).toBeUndefined();
	expect(await check(lasting.token)).toBeDefined();
	await store.transaction((tx) => revokeToken(tx, lasting.id, clock.now()));
	expect(await use(lasting.token)).toBeUndefined();
	expect(await check(lasting.token)).toBeUndefined();
});

test.each(["", "bw_", `bw_${"0".repeat(64)}`, "' or 1=1 --", "\u0000"])("%j is nobody's token", async (token) => {
	const { issue, use, check } = await setUp();
	await issue();
	expect(await use(token)).toBeUndefined();
	expect(await check(token)).toBeUndefined();
});

test("a session is found by its id, with the CSRF token of its own", async () => {
	const { open, find } = await setUp();
	const [one, other] = [await open(), await open()];
	expect(await find(one.id)).toEqual({
		principal: { ...ADA, tokenId: "tok_1" },
		csrf: one.csrf,
		expiresAt: one.expiresAt,
	});
	expect(one.csrf).not.toBe(other.csrf);
	expect(await find("someone else's")).toBeUndefined();
});

test("a session ends 12 h after its last use, and 7 d after its begin however much it is used", async () => {
	const { clock, open, find } = await setUp();
	const idle = await open();
	const busy = await open();
	const begin = clock.now();
	while (clock.now() < begin + SESSION_MAX_MS - HOUR) {
		clock.advance(HOUR);
		expect(await find(busy.id)).toBeDefined();
		if (clock.now() === begin + SESSION_IDLE_MS) expect(await find(idle.id)).toBeUndefined();
	}
	clock.advance(HOUR);
	expect(await find(busy.id)).toBeUndefined();
});

test("closing ends a session on the server, and expired ones go when the next one opens", async () => {
	const { clock, store, open, find } = await setUp();
	const session = await open();
	await store.transaction((tx) => closeSession(tx, session.id));
	expect(await find(session.id)).toBeUndefined();
	await open();
	clock.advance(SESSION_IDLE_MS);
	await open();
	expect(await store.db.selectFrom("sessions").select("id_hash").execute()).toHaveLength(1);
});

test("a session ends with the token that opened it; one opened by a one-time link does not", async () => {
	const { clock, issue, use, open, find } = await setUp();
	const used = async (more: Parameters<typeof issue>[0]) => {
		const { id, endsAt } = (await use((await issue(more)).token)) ?? expect.unreachable();
		return open({ tokenId: id, endsAt });
	};
	const brief = await used({ ttlMs: HOUR });
	const linked = await used({ ttlMs: HOUR, oneTime: true });
	expect(await find(brief.id)).toBeDefined();
	clock.advance(HOUR);
	expect(await find(brief.id)).toBeUndefined();
	expect(await find(linked.id)).toBeDefined();
});

test("all sessions of one token can be ended, and no others", async () => {
	const { store, open, find } = await setUp();
	const sessions = [await open(), await open(), await open({ tokenId: "tok_2" })];
	await store.transaction((tx) => closeSessionsOf(tx, "tok_1"));
	expect(await Promise.all(sessions.map(async ({ id }) => (await find(id)) !== undefined))).toEqual([
		false,
		false,
		true,
	]);
});

test("an operator's token that was exchanged leaves no session behind", async () => {
	const { store, open, find } = await setUp();
	const [before, now] = ["a".repeat(64), "b".repeat(64)] as const;
	const sessions = [
		await open({ tokenId: operatorTokenId(before) }),
		await open({ tokenId: operatorTokenId(now) }),
		await open(),
	];
	const alive = () => Promise.all(sessions.map(async ({ id }) => (await find(id)) !== undefined));
	await store.transaction((tx) => closeForeignOperatorSessions(tx, now));
	expect(await alive()).toEqual([false, true, true]);
	await store.transaction((tx) => closeForeignOperatorSessions(tx, undefined));
	expect(await alive()).toEqual([false, false, true]);
});
