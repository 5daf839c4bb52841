import { ManualClock } from "@bellwether/model";
import { expect, onTestFinished, test, vi } from "vitest";
import { temporaryControlStore } from "../adapters/sqlite/control-store-temporary.ts";
import { EventBus } from "./events.ts";
import { sequenceIds } from "./ids.ts";
import { enqueue } from "./outbox.ts";
import { forgetOld } from "./retention.ts";
import type { ControlTables } from "./tables.ts";
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

test("phone messages, pages, exchanges of tickets, codes and sessions go each at their own age", async () => {
	const { store, remove } = await temporaryControlStore(new ManualClock(NOW));
	onTestFinished(() => remove());
	const daysAgo = (days: number) => NOW - days * DAY_MS;
	const ticket = { integration: "sn", tenant: "", incident_id: null } as const;
	await store.transaction(async (tx) => {
		for (const days of [500, 50, 0.5]) {
			const at = daysAgo(days);
			const id = `of-${days}`;
			const message = { id, tenant: "", incident_id: null, at, person: "ada", title: "", body: "" };
			await tx.insertInto("phone_messages").values(message).execute();
			const page = { id, person: "ada", tenant: "", reason: "", ways: "[]", next_way: 0, timer_id: null };
			await tx
				.insertInto("pages")
				.values({ ...page, state: "over", failed_at: null, created_at: at })
				.execute();
			await tx.insertInto("page_messages").values({ outbox_id: id, page_id: id }).execute();
			await tx.insertInto("page_incidents").values({ page_id: id, incident_id: id, tenant: "" }).execute();
			const attempt = { ...ticket, ticket_id: "", what: "note", outcome: "done", detail: id } as const;
			await tx
				.insertInto("ticket_attempts")
				.values({ ...attempt, started_at: at, ended_at: at })
				.execute();
			for (const note_seq of [null, 1]) {
				const told = { ...ticket, message_key: `${id}/${note_seq}`, received_at: at, ticket_id: null };
				await tx
					.insertInto("ticket_messages")
					.values({ ...told, kind: "note", outcome: "", note_seq })
					.execute();
			}
			const code = { id, person: "ada", channel: "sms", address: "1", code_digest: "", subject: id, used_at: null };
			await tx
				.insertInto("reply_codes")
				.values({ ...code, purpose: "acknowledge", created_at: at, expires_at: at })
				.execute();
			const session = { id_hash: id, principal: "ada", role: "viewer", csrf: "", tenants: null, token_id: null };
			await tx
				.insertInto("sessions")
				.values({ ...session, created_at: at, seen_at: at, expires_at: at })
				.execute();
		}
	});
	while ((await forgetOld(store, NOW)) > 0);
	const left = async (table: keyof ControlTables, column: string) =>
		(
			await store.db
				.selectFrom(table)
				.select(column as never)
				.execute()
		)
			.map((row) => (row as Record<string, string>)[column])
			.toSorted();
	expect(await left("phone_messages", "id")).toEqual(["of-0.5", "of-50"]);
	expect(await left("pages", "id")).toEqual(["of-0.5", "of-50"]);
	expect(await left("page_messages", "page_id")).toEqual(["of-0.5", "of-50"]);
	expect(await left("page_incidents", "page_id")).toEqual(["of-0.5", "of-50"]);
	expect(await left("ticket_attempts", "detail")).toEqual(["of-0.5", "of-50"]);
	// A message that became a note stays.
	expect(await left("ticket_messages", "message_key")).toEqual(["of-0.5/1", "of-0.5/null", "of-50/1", "of-500/1"]);
	expect(await left("reply_codes", "id")).toEqual(["of-0.5"]);
	expect(await left("sessions", "id_hash")).toEqual(["of-0.5"]);
});
