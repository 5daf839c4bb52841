import { ManualClock } from "@bellwether/model";
import { expect, onTestFinished, test } from "vitest";
import { checkToken, systemIds } from "#platform";
import { temporaryControlStore } from "../adapters/sqlite/control-store-temporary.ts";
import { issueStartTokens } from "./first-access.ts";

async function setUp() {
	const clock = new ManualClock(Date.UTC(2026, 0, 1));
	const { store, remove } = await temporaryControlStore(clock);
	onTestFinished(remove);
	const ids = systemIds(clock);
	return {
		start: (operatorTokenDigest?: string) => issueStartTokens(store, ids, clock.now(), operatorTokenDigest),
		isGood: async (token: string | undefined) => (await checkToken(store.db, token ?? "", clock.now())) !== undefined,
	};
}

test("the admin token of a start ends with the next start", async () => {
	const { start, isGood } = await setUp();
	const first = await start();
	expect(await isGood(first?.adminToken)).toBe(true);
	const second = await start();
	expect([await isGood(first?.adminToken), await isGood(second?.adminToken)]).toEqual([false, true]);
});

test("it also ends when the next start has a token of the operator's, and none is made", async () => {
	const { start, isGood } = await setUp();
	const first = await start();
	expect(await start("a".repeat(64))).toBeUndefined();
	expect(await isGood(first?.adminToken)).toBe(false);
});
