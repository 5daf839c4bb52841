import { ManualClock } from "@bellwether/model";
import { expect, onTestFinished, test } from "vitest";
import { temporaryControlStore } from "../adapters/sqlite/control-store-temporary.ts";
import { createDueWork, type DueWorkOptions } from "./due-work.ts";

const NOW = Date.UTC(2026, 10, 23);

async function setUp(options: Partial<DueWorkOptions>) {
	const clock = new ManualClock(NOW);
	const { store, remove } = await temporaryControlStore(clock);
	onTestFinished(() => remove());
	const faults: string[] = [];
	const work = createDueWork({
		store,
		clock,
		recover: async () => {},
		launch: async () => {},
		nextDueAt: async () => undefined,
		onError: (error) => faults.push((error as Error).message),
		recordRetryMs: 1,
		...options,
	});
	return { store, work, faults };
}

test("what a crash left is settled once, before anything is begun", async () => {
	const steps: string[] = [];
	const { work } = await setUp({
		recover: async () => void steps.push("recover"),
		launch: async () => void steps.push("launch"),
	});
	await work.runDue(NOW);
	await work.runDue(NOW);
	expect(steps).toEqual(["recover", "launch", "launch"]);
});

test("a stop waits for what is under way, also for what began before the rest could not", async () => {
	const ended = Promise.withResolvers<void>();
	const began = Promise.withResolvers<void>();
	const { work, faults } = await setUp({
		launch: async (_now, begun) => {
			begun(ended.promise);
			began.resolve();
			throw new Error("the second row could not be read");
		},
	});
	work.start();
	await began.promise;
	let isStopped = false;
	const stopping = work.stop().then(() => {
		isStopped = true;
	});
	await new Promise(setImmediate);
	expect(faults).toEqual(["the second row could not be read"]);
	expect(isStopped).toBe(false);
	ended.resolve();
	await stopping;
});

test("an outcome is stored again until the store takes it", async () => {
	const { work } = await setUp({});
	const faults: string[] = [];
	let tries = 0;
	const stored = work.record(
		async () => {
			if (++tries < 3) throw new Error(`full ${tries}`);
			return "sent";
		},
		(error) => faults.push((error as Error).message),
	);
	expect(await stored).toEqual({ stored: "sent" });
	expect(faults).toEqual(["full 1", "full 2"]);
});

test("a stop ends the tries at once, however long the wait between them, and says that nothing is stored", async () => {
	const tried = Promise.withResolvers<void>();
	const { work } = await setUp({ recordRetryMs: 3_600_000 });
	work.start();
	const stored = work.record(
		async () => {
			throw new Error("full");
		},
		() => tried.resolve(),
	);
	await tried.promise;
	await work.stop();
	expect(await stored).toBeUndefined();
});
