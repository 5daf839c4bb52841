import { ManualClock } from "@bellwether/model";
import { expect, onTestFinished, test } from "vitest";
import { temporaryControlStore } from "../adapters/sqlite/control-store-temporary.ts";
import { SYSTEM, scopeOf } from "./access.ts";
import { EventBus, eventsAfter, lastEventSeq } from "./events.ts";

async function open() {
	const temporary = await temporaryControlStore(new ManualClock(0));
	onTestFinished(() => temporary.remove());
	return temporary.store;
}

const event = (type: string, tenant = "contoso") => ({ type, at: 7, tenant, actor: SYSTEM, data: { n: 1 } });
const everything = scopeOf(SYSTEM);

test("an event is logged and told to its listeners, in the order they were added, in one transaction", async () => {
	const store = await open();
	const bus = new EventBus();
	const heard: string[] = [];
	bus.on("incident.opened", async (_tx, { data }) => void heard.push(`first ${data.n}`));
	bus.on("incident.opened", async () => void heard.push("second"));
	bus.on("incident.closed", async () => void heard.push("never"));
	await store.transaction((tx) => bus.publish(tx, event("incident.opened")));
	expect(heard).toEqual(["first 1", "second"]);
	expect(await eventsAfter(store.db, everything, 0, 10)).toEqual([
		{
			seq: 1,
			at: 7,
			type: "incident.opened",
			tenant: "contoso",
			incidentId: undefined,
			actor: "bellwether",
			data: { n: 1 },
		},
	]);
});

test("a listener that throws undoes the event and what was written with it", async () => {
	const store = await open();
	const bus = new EventBus();
	bus.on("incident.opened", async () => {
		throw new Error("cannot page");
	});
	const publishing = store.transaction(async (tx) => {
		await tx.insertInto("meta").values({ key: "state", value: "opened" }).execute();
		await bus.publish(tx, event("incident.opened"));
	});
	await expect(publishing).rejects.toThrow("cannot page");
	expect(await lastEventSeq(store.db)).toBe(0);
	expect(await store.db.selectFrom("meta").selectAll().where("key", "=", "state").execute()).toEqual([]);
});

test("the log is read on from a number, in commit order, and never beyond the reader's tenants", async () => {
	const store = await open();
	const bus = new EventBus();
	for (const tenant of ["contoso", "fabrikam", "", "contoso"]) {
		await store.transaction((tx) => bus.publish(tx, event("x", tenant)));
	}
	const seqs = async (scope: ReturnType<typeof scopeOf>, after: number, limit = 10) =>
		(await eventsAfter(store.db, scope, after, limit)).map(({ seq }) => seq);
	expect(await seqs(everything, 1)).toEqual([2, 3, 4]);
	expect(await seqs(everything, 0, 2)).toEqual([1, 2]);
	expect(await seqs(scopeOf({ name: "a", role: "viewer", tenants: ["contoso"] }), 0)).toEqual([1, 4]);
	expect(await seqs(scopeOf({ name: "a", role: "viewer", tenants: [] }), 0)).toEqual([]);
	expect(await lastEventSeq(store.db)).toBe(4);
});
