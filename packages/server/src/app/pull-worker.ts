import { setTimeout as delay } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import { systemClock } from "@bellwether/model";
import type { PullSettings, Source } from "#catalogue";
import type { PullOutcome, PullState } from "#telemetry";
import type { FeedStoreOutcome } from "./feed-puller.ts";
import { FeedPulls } from "./feed-pulls.ts";
import { pullEngineOf } from "./pull-engines.ts";
import type { FromPull, PullCatalogue, ToPull } from "./pull-protocol.ts";
import { PullRunner } from "./pull-runner.ts";

/**
 * Entry of the pull thread: asks sources and reads their answers, so that the main thread, which has the timers, never parses
 * one. What was read goes to the telemetry thread as bytes that are moved, not copied.
 */
const port = parentPort;
if (!port) throw new Error("pull-worker.ts runs as a worker thread of pull-control.ts only");

interface Waiting {
	resolve(value: PullOutcome | PullState | FeedStoreOutcome | undefined): void;
	reject(error: Error): void;
}
const waiting = new Map<number, Waiting>();
let nextId = 1;
let runners = new Map<string, PullRunner>();
let changing: Promise<void> = Promise.resolve();

function send(message: FromPull): void {
	port?.postMessage(message, message.kind === "take" ? [message.answer.body.buffer as ArrayBuffer] : []);
}

function call<T>(make: (id: number) => FromPull): Promise<T> {
	const id = nextId++;
	return new Promise((resolve, reject) => {
		waiting.set(id, { resolve: resolve as Waiting["resolve"], reject });
		send(make(id));
	});
}

const feeds = new FeedPulls({
	clock: systemClock,
	random: Math.random,
	sleep: (ms, signal) => delay(ms, undefined, { signal }).catch(() => {}),
	keep: (facts) => call<FeedStoreOutcome>((id) => ({ kind: "keep-feed", id, facts })),
	onStatus: (status) => send({ kind: "feed-status", status }),
	env: process.env,
});
/** What the running sources were made of. */
let sourcesPart = "";

async function configure(catalogue: PullCatalogue): Promise<void> {
	await feeds.configure(catalogue.feeds, catalogue.allow);
	const { feeds: _, ...rest } = catalogue;
	const part = JSON.stringify(rest);
	// A change of a feed breaks no catch-up off.
	if (part === sourcesPart) return;
	sourcesPart = part;
	await stopSources();
	for (const source of catalogue.sources) {
		if (!isPulled(source)) continue;
		const shared = { allow: catalogue.allow, clock: systemClock, env: process.env };
		const engine = pullEngineOf(source, { ...shared, isLimited: true });
		const runner = new PullRunner(source, catalogue.slos, engine, {
			latenessMs: catalogue.latenessMs,
			trialEngine: pullEngineOf(source, { ...shared, isLimited: false }),
			clock: systemClock,
			random: Math.random,
			sleep: (ms, signal) => delay(ms, undefined, { signal }).catch(() => {}),
			take: (answer) => call<PullOutcome>((id) => ({ kind: "take", id, answer })),
			stateOf: (source, slo) => call<PullState | undefined>((id) => ({ kind: "state-of", id, source, slo })),
			onStatus: (status) => send({ kind: "status", status }),
		});
		runners.set(source.name, runner);
		runner.start();
	}
}

async function stopAll(): Promise<void> {
	await Promise.all([feeds.stop(), stopSources()]);
}

async function stopSources(): Promise<void> {
	const old = [...runners.values()];
	runners = new Map();
	await Promise.all(old.map((runner) => runner.stop()));
}

function isPulled(source: Source): source is Source & { readonly pull: PullSettings } {
	return source.pull !== undefined;
}

function settle(id: number, use: (each: Waiting) => void): void {
	const each = waiting.get(id);
	waiting.delete(id);
	if (each) use(each);
}

port.on("message", (message: ToPull) => {
	switch (message.kind) {
		case "configure":
			changing = changing.then(() => configure(message.catalogue));
			return;
		case "test":
			changing
				.then(() => runners.get(message.source)?.test(message.slo))
				.then((trial) => send({ kind: "tested", id: message.id, trial }));
			return;
		case "taken":
			settle(message.id, (each) => each.resolve(message.outcome));
			return;
		case "feed-kept":
			settle(message.id, (each) => each.resolve(message.outcome));
			return;
		case "state":
			settle(message.id, (each) => each.resolve(message.state));
			return;
		case "fault":
			settle(message.id, (each) => each.reject(new Error(message.message)));
			return;
		case "close":
			changing.then(stopAll).then(() => port.close());
	}
});
changing = configure(workerData as PullCatalogue);
