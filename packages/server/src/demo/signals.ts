/** What the demo measures: one row per SLO of examples/demo, in the words of the metrics that carry it. */
export interface Signal {
	readonly slo: string;
	readonly workload: string;
	readonly metric: string;
	readonly objective: number;
	/** Events per second of the whole world, averaged over a week. */
	readonly worldPerS: number;
	readonly shape: CounterShape | HistogramShape;
}

/** A counter whose points carry `attribute` = `good` or `bad`. */
export interface CounterShape {
	readonly kind: "counter";
	readonly attribute: string;
	readonly good: string;
	readonly bad: string;
}

/** A histogram in which events up to `goodUpTo` are good. Its events are those of the counter `eventsOf`. */
export interface HistogramShape {
	readonly kind: "histogram";
	readonly eventsOf: string;
	readonly unit: string;
	readonly bounds: readonly number[];
	readonly goodUpTo: number;
	/** Share of the good events in each bucket up to `goodUpTo`, then of the bad ones in each bucket above. */
	readonly spread: readonly number[];
}

const counter = (attribute: string, good: string, bad: string): CounterShape => ({
	kind: "counter",
	attribute,
	good,
	bad,
});

export const SIGNALS: readonly Signal[] = [
	{
		slo: "signin-success",
		workload: "sign-in",
		metric: "signin.attempts",
		objective: 0.999,
		worldPerS: 20_000,
		shape: counter("result", "ok", "error"),
	},
	{
		slo: "signin-latency",
		workload: "sign-in",
		metric: "signin.duration",
		objective: 0.99,
		worldPerS: 20_000,
		shape: {
			kind: "histogram",
			eventsOf: "signin-success",
			unit: "ms",
			bounds: [100, 250, 500, 1000, 1500, 3000, 10_000],
			goodUpTo: 1500,
			spread: [0.12, 0.41, 0.31, 0.12, 0.04, 0.8, 0.18, 0.02],
		},
	},
	{
		slo: "mail-delivery",
		workload: "mail",
		metric: "mail.messages",
		objective: 0.995,
		worldPerS: 12_000,
		shape: counter("outcome", "delivered", "failed"),
	},
	{
		slo: "file-open",
		workload: "files",
		metric: "files.opens",
		objective: 0.999,
		worldPerS: 15_000,
		shape: counter("result", "ok", "error"),
	},
	{
		slo: "device-checkin",
		workload: "devices",
		metric: "device.checkins",
		objective: 0.99,
		worldPerS: 8_000,
		shape: counter("result", "ok", "error"),
	},
	{
		slo: "policy-create",
		workload: "policy",
		metric: "policy.creates",
		objective: 0.999,
		worldPerS: 8_000,
		shape: counter("result", "ok", "throttled"),
	},
];

export function signalOf(slo: string): Signal {
	const found = SIGNALS.find((signal) => signal.slo === slo);
	if (!found) throw new Error(`The demo has no signal for SLO "${slo}".`);
	return found;
}
