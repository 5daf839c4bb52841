import { readFileSync } from "node:fs";
import { rebaseDueTimes } from "./timers.ts";
import type { Tx } from "./types.ts";

/** How long the machine runs, on a clock that nobody sets; `boot` tells one run of it from another. */
export interface SinceBoot {
	readonly boot: string;
	readonly ms: number;
}

/** The anchor is renewed this often: what was written between it and a step cannot be told from what came after. */
export const ANCHOR_EVERY_MS = 10_000;
const META_KEY = "clock-anchor";
/** Smaller differences are drift, which the running process follows. */
const STEP_MS = 500;

interface Anchor extends SinceBoot {
	readonly wall: number;
}

/** Undefined where the system does not tell; then only a running process notices steps. */
export function sinceBoot(): SinceBoot | undefined {
	try {
		const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
		return { boot, ms: Number(process.hrtime.bigint() / 1_000_000n) };
	} catch {
		return undefined;
	}
}

/** Notes which wall-clock time belongs to which time since the machine started. */
export async function writeAnchor(tx: Tx, { boot, ms }: SinceBoot, wall: number): Promise<void> {
	const value = JSON.stringify({ boot, ms, wall } satisfies Anchor);
	await tx
		.insertInto("meta")
		.values({ key: META_KEY, value })
		.onConflict((conflict) => conflict.column("key").doUpdateSet({ value }))
		.execute();
}

/** Moves what waits along with a step that no process had stored; answers its length. Another start of the machine tells nothing. */
export async function rebaseAfterStart(tx: Tx, now: SinceBoot, wall: number): Promise<number | undefined> {
	const row = await tx.selectFrom("meta").select("value").where("key", "=", META_KEY).executeTakeFirst();
	const anchor = row && (JSON.parse(row.value) as Anchor);
	await writeAnchor(tx, now, wall);
	if (anchor?.boot !== now.boot) return undefined;
	const stepMs = Math.round(wall - anchor.wall - (now.ms - anchor.ms));
	if (Math.abs(stepMs) <= STEP_MS) return undefined;
	await rebaseDueTimes(tx, stepMs, anchor.wall + stepMs, wall);
	return stepMs;
}
