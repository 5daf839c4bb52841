import { ManualClock } from "@bellwether/model";
import { expect, onTestFinished, test, vi } from "vitest";
import { temporaryControlStore } from "../adapters/sqlite/control-store-temporary.ts";
import { EventBus } from "./events.ts";
import { sequenceIds } from "./ids.ts";
import { enqueue } from "./outbox.ts";
import { forgetOld } from "./retention.ts";
import { setTimer } from "./timers.ts";

// Disks set the pace here: on a busy machine everything takes longer.
vi.setConfig({ testTimeout: 30_000 });

const DAY_MS = 86_400_000;
const NOW = Date.UTC(2026, 10, 23);

test("what is over and old goes; what waits, what is young and the audit log stay", async () => {
	const clock = new ManualClock(NOW);
	const { store, remove } = await temporaryControlStore(clock);
	onTestFinished(() => remove());
	const ids = sequenceIds();
	const bus = new EventBus();
	for (const days of [500, 100, 10])
		await store.transaction(async (tx) => {
			const at = NOW - days * DAY_MS;
			const actor = { name: "ada" } as never;
			await bus.publish(tx, { at, type: "test", tenant: "contoso", actor, data: { days } });
			for (const state of ["done", "pending"] as const) {
				const id = await setTimer(tx, ids, at, { kind: "test", tenant: "", dueAt: at, data: {} });
				await tx.updateTable("timers").set({ state }).where("id", "=", id).execute();
			}
			for (const state of ["sent", "pending"] as const) {
				const message = { tenant: "", channel: "mail", address: "a@b.example", payload: { kind: "test" } };
				const id = await enqueue(tx, ids, at, { ...message, kind: "page", delivery: "at-least-once" } as never);
				await tx.updateTable("outbox").set({ state }).where("id", "=", id).execute();
			}
		});
	expect(await forgetOld(store, NOW)).toBeGreaterThan(0);
	while ((await forgetOld(store, NOW)) > 0);
	const ages = async (table: "events" | "timers" | "outbox", column: "at" | "created_at") =>
		(
			await store.db
				.selectFrom(table)
				.select(column as never)
				.orderBy(column as never)
				.execute()
		).map((row) => (NOW - ((row as Record<string, number>)[column] as number)) / DAY_MS);
	expect(await ages("events", "at")).toEqual([100, 10]);
	expect(await ages("timers", "created_at")).toEqual([500, 100, 10, 10]);
	expect(await ages("outbox", "created_at")).toEqual([500, 100, 100, 10, 10]);
	// Nobody else can remove an event.
	await expect(store.transaction((tx) => tx.deleteFrom("events").execute())).rejects.toThrow("append-only");
});
