import { parentPort, workerData } from "node:worker_threads";
import type { Person } from "#catalogue";
import { readCalendar } from "../adapters/ical/index.ts";

/** Reads one calendar on a thread of its own and ends. A rule that takes for ever takes this thread's time alone. */
const { text, people, range } = workerData as {
	readonly text: string;
	readonly people: readonly Person[];
	readonly range: { readonly from: number; readonly to: number; readonly timeZone: string };
};
parentPort?.postMessage(await readCalendar(text, people, range));
