import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@bellwether/model";
import { expect, onTestFinished, test } from "vitest";
import { openControlStore } from "../../adapters/sqlite/control-store.ts";
import { keepPauses, keptPauses } from "./usual-pauses.ts";

async function newStore() {
	const root = mkdtempSync(join(tmpdir(), "bellwether-test-"));
	onTestFinished(() => rmSync(root, { recursive: true }));
	return openControlStore({ path: join(root, "control.db"), clock: systemClock });
}

test("pauses that were kept are known again, the last list only", async () => {
	const store = await newStore();
	onTestFinished(() => store.close());
	expect(await keptPauses(store)).toEqual([]);
	await keepPauses(store, [5_000]);
	await keepPauses(store, [5_000, 7_000]);
	expect(await keptPauses(store)).toEqual([5_000, 7_000]);
});

test.each([["{"], ['{"a":1}'], ['["5"]'], ["[-1]"], ["[null]"]])(
	"what is stored and no list of pauses is none: %s",
	async (value) => {
		const store = await newStore();
		onTestFinished(() => store.close());
		await store.transaction((tx) => tx.insertInto("meta").values({ key: "usual-pauses", value }).execute());
		expect(await keptPauses(store)).toEqual([]);
	},
);
