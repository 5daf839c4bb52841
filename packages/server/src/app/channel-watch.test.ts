import { MINUTE_MS } from "@bellwether/model";
import { expect, onTestFinished, test } from "vitest";
import type { SendResult } from "#platform";
import { queueTestPages } from "#response";
import { openRooms } from "../../testing/rooms.ts";
import { startChannelWatch } from "./channel-watch.ts";

const PERSON = {
	name: "m-ito",
	displayName: "M. Ito",
	contacts: [{ channel: "hook", address: "https://pager.example/m-ito" }],
};
const SENT: SendResult = { status: "sent", detail: "HTTP 202" };
const FAILED: SendResult = { status: "refused", detail: "HTTP 401" };

test("a channel that fails for long is said once, and once when it delivers again", async () => {
	const { clock, store, deps, db, deliver, setAnswer, remove } = await openRooms();
	onTestFinished(() => remove());
	const hook = async (answer: SendResult, afterMs = 0) => {
		clock.advance(afterMs);
		setAnswer(() => answer);
		await store.transaction((tx) => queueTestPages(tx, deps, { person: PERSON, askedBy: "ada", now: clock.now() }));
		await deliver();
	};
	const told: [string, boolean][] = [];
	const watch = startChannelWatch({
		store,
		bus: deps.bus,
		clock,
		catalogue: deps.catalogue,
		onChange: ({ name }, isFailing) => told.push([name, isFailing]),
		onError: (error) => expect.unreachable(String(error)),
	});
	onTestFinished(() => watch.stop());
	await hook(SENT);
	await watch.look();
	for (let k = 0; k < 3; k++) await hook(FAILED, 6 * MINUTE_MS);
	await watch.look();
	await watch.look();
	expect(watch.failing()).toEqual([{ name: "hook", since: clock.now() - 12 * MINUTE_MS }]);
	await hook(SENT, MINUTE_MS);
	await watch.look();
	expect(told).toEqual([
		["hook", true],
		["hook", false],
	]);
	const events = await db.selectFrom("events").select(["type", "data"]).where("type", "like", "channel.%").execute();
	expect(events.map(({ type, data }) => [type, JSON.parse(data).channel])).toEqual([
		["channel.failing", "hook"],
		["channel.recovered", "hook"],
	]);
	expect(watch.states().find(({ name }) => name === "hook")?.state).toBe("well");
});
