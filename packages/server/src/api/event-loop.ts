import { type IntervalHistogram, monitorEventLoopDelay } from "node:perf_hooks";

/** How long this thread was kept from its timers, ms, over the last one to two minutes. */
export interface LoopDelay {
	readonly p99Ms: number;
	readonly maxMs: number;
}

export interface LoopMonitor {
	/** Undefined: not measured for long enough. */
	read(): LoopDelay | undefined;
	stop(): void;
}

const RESOLUTION_MS = 10;
const SPAN_MS = 60_000;
/** Fewer say nothing of a 99th percentile. */
const MIN_SAMPLES = 100;

export function startLoopMonitor(): LoopMonitor {
	const measured = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
	measured.enable();
	let before: LoopDelay | undefined;
	const timer = setInterval(() => {
		before = delayOf(measured);
		measured.reset();
	}, SPAN_MS);
	timer.unref();
	return {
		read() {
			const now = delayOf(measured);
			if (!now || !before) return now ?? before;
			return { p99Ms: Math.max(now.p99Ms, before.p99Ms), maxMs: Math.max(now.maxMs, before.maxMs) };
		},
		stop() {
			clearInterval(timer);
			measured.disable();
		},
	};
}

/** What is measured is the distance of two looks: the resolution itself is no delay. */
function delayOf(measured: IntervalHistogram): LoopDelay | undefined {
	if (measured.count < MIN_SAMPLES) return undefined;
	const delay = (nanos: number) => Math.max(0, nanos / 1e6 - RESOLUTION_MS);
	return { p99Ms: delay(measured.percentile(99)), maxMs: delay(measured.max) };
}
