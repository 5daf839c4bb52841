import { Worker } from "node:worker_threads";
import type { Clock } from "@bellwether/model";
import type { Catalogue, Person } from "#catalogue";
import { type ControlStore, createEgressReader, type EgressReader, resolveSecret } from "#platform";
import {
	CALENDAR_AHEAD_MS,
	CALENDAR_BACK_MS,
	type CalendarLayer,
	type CalendarReading,
	calendarLayers,
	forgetCalendars,
	keepCalendar,
} from "#response";
import { MAX_CALENDAR_BYTES } from "../adapters/ical/index.ts";

export interface CalendarPullsOptions {
	readonly store: ControlStore;
	readonly clock: Clock;
	readonly catalogue: () => Catalogue;
	readonly onError: (error: unknown) => void;
	/** Default: the egress with the catalogue's allow list. */
	readonly ask?: EgressReader | undefined;
	readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}

/** An ordinary calendar takes a tenth of a second; one that takes longer than this was made to. */
const READ_WITHIN_MS = 15_000;
const LOOK_EVERY_MS = 5_000;
const TIMEOUT_MS = 20_000;
/** After a failure it is asked again sooner than its rhythm, but not at once. */
const RETRY_MS = 60_000;

/** Reads the calendars of layers by their rhythm, one after the other. `look` does what is due now. */
export function startCalendarPulls(options: CalendarPullsOptions): { look(): Promise<void>; stop(): Promise<void> } {
	const { store, clock, catalogue } = options;
	const abort = new AbortController();
	const nextAt = new Map<string, number>();
	let heard: string | undefined;
	let turn: Promise<void> = Promise.resolve();

	async function lookNow(): Promise<void> {
		const layers = calendarLayers(catalogue());
		const names = JSON.stringify(layers);
		if (names !== heard) {
			await store.transaction((tx) => forgetCalendars(tx, layers));
			nextAt.clear();
			heard = names;
		}
		for (const layer of layers) {
			const key = `${layer.schedule} ${layer.layer}`;
			if (abort.signal.aborted || clock.now() < (nextAt.get(key) ?? 0)) continue;
			const reading = await read(layer);
			if (abort.signal.aborted) return;
			await store.transaction((tx) => keepCalendar(tx, layer, reading, clock.now()));
			nextAt.set(key, clock.now() + (reading.status === "read" ? layer.everyMs : Math.min(RETRY_MS, layer.everyMs)));
		}
	}

	async function read(layer: CalendarLayer): Promise<CalendarReading> {
		const { settings, people } = catalogue();
		let url: string;
		try {
			url = layer.urlRef.startsWith("${") ? resolveSecret(layer.urlRef, options.env) : layer.urlRef;
		} catch (error) {
			return { status: "unreadable", reason: (error as Error).message };
		}
		// The address may be a secret: reasons name the host alone.
		const ask = options.ask ?? createEgressReader({ allow: settings.egress.allow });
		const answer = await ask({
			url,
			method: "GET",
			headers: { accept: "text/calendar" },
			maxBytes: MAX_CALENDAR_BYTES,
			timeoutMs: TIMEOUT_MS,
			signal: abort.signal,
		});
		if (answer.status !== "answered") return { status: "unreadable", reason: answer.reason };
		if (answer.statusCode !== 200) return { status: "unreadable", reason: `it answered ${answer.statusCode}` };
		const now = clock.now();
		const range = { from: now - CALENDAR_BACK_MS, to: now + CALENDAR_AHEAD_MS, timeZone: layer.timeZone };
		return readApart(Buffer.from(answer.body).toString("utf8"), people, range, abort.signal);
	}

	const look = () => {
		turn = turn.then(lookNow).catch(options.onError);
		return turn;
	};
	const timer = setInterval(look, LOOK_EVERY_MS);
	timer.unref();
	return {
		look,
		async stop() {
			clearInterval(timer);
			abort.abort();
			await turn;
		},
	};
}

/** On a thread of its own: a megabyte of rules takes seconds, in which no page could leave. */
function readApart(
	text: string,
	people: readonly Person[],
	range: { readonly from: number; readonly to: number; readonly timeZone: string },
	signal: AbortSignal,
): Promise<CalendarReading> {
	return new Promise((resolve) => {
		const worker = new Worker(new URL("./calendar-worker.ts", import.meta.url), {
			workerData: { text, people, range },
			resourceLimits: { maxOldGenerationSizeMb: 256 },
		});
		const end = (reading: CalendarReading) => {
			clearTimeout(deadline);
			signal.removeEventListener("abort", onAbort);
			void worker.terminate();
			resolve(reading);
		};
		const fail = (reason: string) => end({ status: "unreadable", reason });
		const onAbort = () => fail("reading was stopped");
		const deadline = setTimeout(() => fail(`it was not read within ${READ_WITHIN_MS} ms`), READ_WITHIN_MS);
		signal.addEventListener("abort", onAbort, { once: true });
		worker.once("message", end);
		worker.once("error", (error) => fail(`it cannot be read: ${error.message}`));
		worker.once("exit", () => fail("its reading ended early"));
	});
}
