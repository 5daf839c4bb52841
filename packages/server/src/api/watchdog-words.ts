import { describeDuration } from "@bellwether/model";
import type { WatchdogStatus } from "./watchdog-port.ts";

export interface WatchdogWords {
	readonly state: "failing" | "attention" | "unknown" | "well";
	readonly says: string;
	readonly remedy: string;
}

/** How the watch over the system itself stands, in a sentence. Undefined: nothing watches. */
export function watchdogWords(status: WatchdogStatus | undefined, now: number): WatchdogWords {
	if (!status || status.state === "starting")
		return { state: "unknown", says: "The system has not checked itself yet.", remedy: "Look again in a minute." };
	if (status.state === "stalled") {
		const says = `The checks of the system by itself came to a halt; the last one passed ${ago(status.passedAt, now)}.`;
		return { state: "failing", says, remedy: "See the log, and restart the server." };
	}
	const [first, ...others] = status.reasons;
	if (first) {
		const more =
			others.length === 0
				? ""
				: ` There ${others.length === 1 ? "is one reason" : `are ${others.length} reasons`} more.`;
		const says = `${first.says} No heartbeat leaves since ${describeDuration(now - (status.withheldSince ?? now))}.${more}`;
		return { state: "failing", says, remedy: first.remedy };
	}
	const passed = `An event of the system's own went in and came out as a page ${ago(status.passedAt, now)}, in ${seconds(status.check?.tookMs ?? 0)}; every incident that nobody has taken has its next step.`;
	const lost = status.heartbeats.find(({ failure }) => failure !== undefined);
	if (lost)
		return {
			state: "attention",
			says: `${passed} But the heartbeat to ${lost.to} does not arrive: ${lost.failure}.`,
			remedy: "See that the receiver runs, and that egress.allow names it.",
		};
	const [notice] = status.notices;
	if (notice) return { state: "attention", says: `${passed} ${notice.says}`, remedy: notice.remedy };
	const { heartbeats } = status;
	if (heartbeats.length === 0)
		return {
			state: "well",
			says: `${passed} No receiver of heartbeats is configured (spec.watchdog.heartbeat).`,
			remedy: "",
		};
	const told = heartbeats
		.map(({ to, sentAt }) => `${to} (${sentAt === undefined ? "not yet" : ago(sentAt, now)})`)
		.join(", ");
	return { state: "well", says: `${passed} Heartbeats go to ${told}.`, remedy: "" };
}

function ago(at: number | undefined, now: number): string {
	return at === undefined ? "never" : `${describeDuration(Math.max(0, now - at))} ago`;
}

function seconds(ms: number): string {
	return `${(ms / 1_000).toFixed(1)} s`;
}
