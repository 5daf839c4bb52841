import { readFileSync } from "node:fs";
import { type Clock, describeDuration, systemClock } from "@bellwether/model";
import { EXIT } from "./command-options.ts";
import { askForHeartbeat, listenForHeartbeats } from "./watch/ears.ts";
import { failed, hear, newsAt, told, type WatchState, type WatchTerms, watchFrom } from "./watch/judgement.ts";
import type { Reading } from "./watch/statement.ts";
import { type Listeners, newMessageId, tellAll } from "./watch/tell.ts";

export interface WatchOptions {
	/** A server that is asked for its heartbeat. */
	readonly url?: string | undefined;
	/** Or where heartbeats are sent to. */
	readonly listen?: { readonly host: string; readonly port: number } | undefined;
	readonly terms: WatchTerms;
	/** Key of the heartbeats' signature; undefined: it is not looked at. */
	readonly key?: string | undefined;
	readonly listeners: Listeners;
	readonly clock: Clock;
	readonly stop: AbortSignal;
	readonly json: boolean;
	readonly out: (text: string) => void;
	readonly err: (text: string) => void;
}

interface AskedFor {
	readonly url?: string;
	readonly listen?: { readonly host: string; readonly port: number };
	readonly within: number;
	readonly repeat: number;
	readonly maxSkew: number;
	readonly page?: readonly string[];
	readonly pageSecretFile?: string;
	readonly mail?: readonly string[];
	readonly smtp?: { readonly host: string; readonly port: number };
	readonly mailFrom?: string;
	readonly secretFile?: string;
	readonly json?: true;
}

/** The command line's words. Throws when a file with a key cannot be read. */
export function watchOptions(asked: AskedFor): Omit<WatchOptions, "out" | "err" | "stop"> {
	const keyOf = (path: string | undefined) => (path === undefined ? undefined : readFileSync(path, "utf8").trim());
	const { smtp, mailFrom } = asked;
	return {
		url: asked.url,
		listen: asked.listen,
		terms: { withinMs: asked.within, repeatMs: asked.repeat, skewMs: asked.maxSkew },
		key: keyOf(asked.secretFile),
		listeners: {
			webhooks: asked.page ?? [],
			webhookKey: keyOf(asked.pageSecretFile),
			mails: asked.mail ?? [],
			smtp: smtp && mailFrom !== undefined ? { ...smtp, from: mailFrom } : undefined,
		},
		clock: systemClock,
		json: asked.json === true,
	};
}

const MOST_OFTEN_MS = 5_000;
const LEAST_OFTEN_MS = 200;
/** Whoever was not reached is tried again after this. */
const AGAIN_MS = 10_000;

/**
 * Waits for heartbeats of one Bellwether server, from another machine, and pages without it when they stay away. Runs until
 * it is stopped. 0: stopped, 2: it is not said what to watch or whom to tell.
 */
export async function runWatch(options: WatchOptions): Promise<number> {
	const { url, listen, terms, key, listeners, clock, stop } = options;
	if ((url === undefined) === (listen === undefined) || listeners.webhooks.length + listeners.mails.length === 0) {
		options.err("Name what to watch with --url or --listen, and whom to tell with --page or --mail.\n");
		return EXIT.usage;
	}
	const moment = () => ({ now: clock.now(), monotonic: clock.monotonic() });
	const watched = url ?? `heartbeats to ${listen?.host}:${listen?.port}`;
	let state: WatchState = watchFrom(moment());
	let messageId = newMessageId();
	let tellAgainAt = 0;
	const say = (type: string, text: string, more: object = {}) =>
		options.out(
			options.json ? `${JSON.stringify({ type, at: new Date(clock.now()), watched, ...more })}\n` : `${text}\n`,
		);
	const take = (reading: Reading) => {
		const before = state.newest;
		state = "fault" in reading ? failed(state, reading.fault) : hear(state, reading, moment(), terms);
		if (state.newest !== before) say("heartbeat", `${new Date(clock.now()).toISOString()} heartbeat`);
	};
	const ears = listen && (await listenForHeartbeats({ ...listen, key, now: () => clock.now(), onReading: take }));
	say("watching", `Watching ${watched}: a heartbeat must come within ${describeDuration(terms.withinMs)}.`, {
		listens: ears?.address ?? null,
	});
	const everyMs = Math.max(LEAST_OFTEN_MS, Math.min(MOST_OFTEN_MS, terms.withinMs / 10));
	while (!stop.aborted) {
		if (url !== undefined) take(await askForHeartbeat(url, key, Math.min(MOST_OFTEN_MS, terms.withinMs / 2)));
		await tellNews();
		await pause(everyMs, stop);
	}
	await ears?.close();
	return EXIT.fine;

	async function tellNews(): Promise<void> {
		const news = newsAt(state, moment(), terms);
		if (!news || clock.monotonic() < tellAgainAt) return;
		const reason =
			news.type === "missing"
				? `missing for ${describeDuration(news.forMs)}: ${news.fault ?? "no reason known"}`
				: "back";
		say(news.type, `${new Date(clock.now()).toISOString()} ${reason}`, { ...news });
		const failures = await tellAll(listeners, watched, news, messageId);
		for (const failure of failures) say("not-told", `not told: ${failure}`, { failure });
		// One who heard of it is enough to wait for the next time; nobody is not.
		if (failures.length === listeners.webhooks.length + listeners.mails.length) {
			tellAgainAt = clock.monotonic() + AGAIN_MS;
			return;
		}
		state = told(state, news, moment());
		messageId = newMessageId();
	}
}

function pause(ms: number, stop: AbortSignal): Promise<void> {
	return new Promise((resolve) => {
		const end = () => {
			clearTimeout(timer);
			stop.removeEventListener("abort", end);
			resolve();
		};
		const timer = setTimeout(end, ms);
		stop.addEventListener("abort", end);
		if (stop.aborted) end();
	});
}
