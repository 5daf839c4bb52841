import { Worker } from "node:worker_threads";
import type { FeedPullStatus, PullStatus, PullTrial } from "#api";
import type { Catalogue } from "#catalogue";
import type { FeedStoreOutcome, PulledFacts, PulledFeed } from "./feed-puller.ts";
import type { FromPull, PullCatalogue, ToPull } from "./pull-protocol.ts";
import type { TelemetryThread } from "./telemetry-thread.ts";

export interface PullControlOptions {
	readonly catalogue: Catalogue;
	readonly telemetry: Pick<TelemetryThread, "takePulled" | "pullState">;
	readonly keepFeed: (facts: PulledFacts) => Promise<FeedStoreOutcome>;
	readonly onError: (error: Error) => void;
}

/** Pulled sources and feeds as the main thread sees them: it passes bytes on and holds what was told last. */
export interface PullControl {
	configure(catalogue: Catalogue): void;
	statuses(): readonly PullStatus[];
	feedStatuses(): readonly FeedPullStatus[];
	/** Undefined: no such source or SLO. Rejects when the thread is down. */
	test(source: string, slo: string | undefined): Promise<PullTrial | undefined>;
	stop(): Promise<void>;
}

const RESTART_AFTER_MS = [500, 2_000, 10_000, 60_000];

/** Starts the pull thread when the catalogue first has a source or feed that is pulled; without one it costs nothing. */
export function startPullControl({ catalogue, telemetry, keepFeed, onError }: PullControlOptions): PullControl {
	let current = pullPart(catalogue);
	let worker: Worker | undefined;
	let isClosed = false;
	let restarts = 0;
	let restartTimer: NodeJS.Timeout | undefined;
	let nextId = 1;
	const statuses = new Map<string, PullStatus>();
	const feedStatuses = new Map<string, FeedPullStatus>();
	const trials = new Map<number, { resolve(trial: PullTrial | undefined): void; reject(error: Error): void }>();

	function start(): void {
		const started = new Worker(new URL("./pull-worker.ts", import.meta.url), { workerData: current, name: "pull" });
		worker = started;
		const send = (message: ToPull) => started.postMessage(message);
		started.on("message", (message: FromPull) => {
			restarts = 0;
			receive(message, send);
		});
		let failure: Error | undefined;
		started.on("error", (error) => {
			failure = error as Error;
		});
		started.on("exit", (code) => {
			if (worker === started) worker = undefined;
			const error = failure ?? new Error(`the pull thread ended with code ${code}`);
			for (const { reject } of trials.values()) reject(error);
			trials.clear();
			if (isClosed) return;
			onError(error);
			const after = RESTART_AFTER_MS[Math.min(restarts++, RESTART_AFTER_MS.length - 1)];
			restartTimer = setTimeout(start, after);
		});
	}

	function receive(message: FromPull, send: (message: ToPull) => void): void {
		switch (message.kind) {
			case "status":
				statuses.set(message.status.source, message.status);
				return;
			case "feed-status":
				if (current.feeds.some(({ name }) => name === message.status.feed))
					feedStatuses.set(message.status.feed, message.status);
				return;
			case "keep-feed": {
				const { id, facts } = message;
				keepFeed(facts).then(
					(outcome) => send({ kind: "feed-kept", id, outcome }),
					(error: Error) => send({ kind: "fault", id, message: error.message }),
				);
				return;
			}
			case "tested": {
				const trial = trials.get(message.id);
				trials.delete(message.id);
				trial?.resolve(message.trial);
				return;
			}
			case "take": {
				const { id, answer } = message;
				telemetry.takePulled(answer).then(
					(outcome) => send({ kind: "taken", id, outcome }),
					(error: Error) => send({ kind: "fault", id, message: error.message }),
				);
				return;
			}
			case "state-of": {
				const { id, source, slo } = message;
				telemetry.pullState(source, slo).then(
					(state) => send({ kind: "state", id, state }),
					(error: Error) => send({ kind: "fault", id, message: error.message }),
				);
			}
		}
	}

	const isNeeded = () => current.sources.length + current.feeds.length > 0;
	if (isNeeded()) start();
	return {
		configure(changed) {
			const next = pullPart(changed);
			// Changes elsewhere in the catalogue must not break off what is under way.
			if (JSON.stringify(next) === JSON.stringify(current)) return;
			current = next;
			for (const name of statuses.keys())
				if (!current.sources.some((each) => each.name === name)) statuses.delete(name);
			for (const name of feedStatuses.keys())
				if (!current.feeds.some((each) => each.name === name)) feedStatuses.delete(name);
			if (worker) worker.postMessage({ kind: "configure", catalogue: current } satisfies ToPull);
			else if (isNeeded() && restartTimer === undefined) start();
		},
		statuses: () => [...statuses.values()],
		feedStatuses: () => [...feedStatuses.values()],
		test(source, slo) {
			const asked = worker;
			if (!asked) return Promise.reject(new Error("the pull thread is not running"));
			const id = nextId++;
			return new Promise((resolve, reject) => {
				trials.set(id, { resolve, reject });
				asked.postMessage({ kind: "test", id, source, slo } satisfies ToPull);
			});
		},
		async stop() {
			isClosed = true;
			clearTimeout(restartTimer);
			const stopping = worker;
			if (!stopping) return;
			const ended = new Promise<void>((resolve) => stopping.once("exit", () => resolve()));
			stopping.postMessage({ kind: "close" } satisfies ToPull);
			const late = setTimeout(() => void stopping.terminate(), 5_000);
			await ended;
			clearTimeout(late);
		},
	};
}

/** What concerns it alone, so that a change elsewhere breaks nothing off. */
function pullPart({ sources, feeds, slos, settings }: Catalogue): PullCatalogue {
	const pulled = sources.filter((source) => source.pull !== undefined);
	const used = new Set(pulled.flatMap((source) => source.pull?.queries.map((query) => query.slo) ?? []));
	return {
		sources: pulled,
		feeds: feeds.filter((feed): feed is PulledFeed => feed.pull !== undefined),
		slos: slos.filter((slo) => used.has(slo.name)),
		allow: settings.egress.allow,
		latenessMs: settings.telemetry.latenessMs,
	};
}
