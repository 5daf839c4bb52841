import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock } from "@bellwether/model";
import type { ControlStore } from "#platform";
import { openControlStore } from "./control-store.ts";

export interface TemporaryControlStore {
	readonly store: ControlStore;
	readonly path: string;
	/** Closes the store and removes its folder. */
	remove(): Promise<void>;
}

/** A real control store in a folder of its own, for tests and trials: `onTestFinished(temporary.remove)`. */
export async function temporaryControlStore(clock: Clock): Promise<TemporaryControlStore> {
	const folder = mkdtempSync(join(tmpdir(), "bellwether-"));
	const path = join(folder, "control.db");
	const store = await openControlStore({ path, clock });
	return {
		store,
		path,
		async remove() {
			await store.close();
			rmSync(folder, { recursive: true, force: true });
		},
	};
}
