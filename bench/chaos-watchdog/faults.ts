import { rmSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { World } from "./world.ts";

/** A fault, and how it is taken back. */
export interface Fault {
	readonly name: string;
	/** It is planted by the library between the product and the operating system. */
	readonly needsShim: boolean;
	/** Answers how to take it back. */
	plant(world: World): Promise<() => Promise<void>> | (() => Promise<void>);
}

const HOUR_MS = 3_600_000;

export const FAULTS: readonly Fault[] = [
	{
		name: "kill",
		needsShim: false,
		async plant(world) {
			await world.kill();
			return () => world.startServer();
		},
	},
	{
		name: "stop",
		needsShim: false,
		plant(world) {
			world.signal("SIGSTOP");
			return async () => world.signal("SIGCONT");
		},
	},
	standing("stalled evaluator", "evaluator"),
	standing("dead timer", "timers"),
	standing("stuck outbox", "outbox"),
	{
		name: "database locked",
		needsShim: false,
		plant(world) {
			const database = new DatabaseSync(join(world.data, "control.db"), { timeout: 10_000 });
			database.exec("begin immediate");
			return async () => {
				database.exec("rollback");
				database.close();
			};
		},
	},
	shimmed(
		"disk full",
		(world) => world.set("diskErrno", constants.errno.ENOSPC),
		(world) => world.set("diskErrno", 0),
	),
	shimmed(
		"I/O error",
		(world) => world.set("diskErrno", constants.errno.EIO),
		(world) => world.set("diskErrno", 0),
	),
	shimmed(
		"closed ingest",
		(world) => world.set("closedPort", world.otlpPort),
		(world) => world.set("closedPort", 0),
	),
	{
		name: "all telemetry rejected",
		needsShim: false,
		plant(world) {
			world.senderOffsetMs = -24 * HOUR_MS;
			return async () => {
				world.senderOffsetMs = 0;
			};
		},
	},
	shimmed(
		"clock step",
		(world) => world.set("clockOffsetMs", -2 * HOUR_MS),
		(world) => world.set("clockOffsetMs", 0),
	),
	{
		name: "configuration failing",
		needsShim: false,
		plant(world) {
			const file = join(world.catalogue, "broken.yaml");
			writeFileSync(file, "apiVersion: bellwether/v1\nkind: Nothing\n");
			return async () => rmSync(file);
		},
	},
	shimmed(
		"DNS dead",
		(world) => world.set("namesDead", 1),
		(world) => world.set("namesDead", 0),
	),
	{
		name: "page channel rejecting",
		needsShim: false,
		async plant(world) {
			world.pageStatus = 503;
			await world.testPage();
			return async () => {
				world.pageStatus = 204;
			};
		},
	},
	{
		name: "2xx but lost",
		needsShim: true,
		async plant(world) {
			const liar = await world.listen(() => 200);
			world.set("ledTo", liar);
			world.set("ledFrom", world.receiverPort());
			return async () => world.set("ledFrom", 0);
		},
	},
];

/** A part of the product whose clock stands still: the operating system cannot stop one part of a process. */
function standing(name: string, part: string): Fault {
	return {
		name,
		needsShim: false,
		plant(world) {
			world.standStill(part);
			return async () => world.standStill();
		},
	};
}

function shimmed(name: string, on: (world: World) => void, off: (world: World) => void): Fault {
	return {
		name,
		needsShim: true,
		plant(world) {
			on(world);
			return async () => off(world);
		},
	};
}
