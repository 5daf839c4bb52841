import type { AuditCode, AuditFacts, AuditFinding, UnacknowledgedIncident } from "./audit-types.ts";

export const OVERDUE_MS = 5_000;
/** An incident and its first step are one transaction; what stands between them is a hand-over between parts. */
const GRACE_MS = 10_000;
const OUTBOX_LATE_MS = { page: 20_000, notice: 300_000 };
/** Above the longest time that an attempt may take. */
export const ATTEMPT_MS = 30_000;
/** Failures in a row from which on a channel counts as one that rejects: one alone may be a slip. */
const REJECTIONS = 2;
/** A receiver of heartbeats that waits for a minute must miss one. */
const CLOCK_STEP_TOLD_MS = 120_000;
const LEAST_DISK_BYTES = 32 * 1024 * 1024;

/** Every finding, alarms first. None: each incident that nobody took has its next step, and what carries it works. */
export function judgeAudit(facts: AuditFacts): AuditFinding[] {
	const findings = [
		...judgeStore(facts),
		...facts.unacknowledged.flatMap((incident) => judgeIncident(incident, facts.now)),
		...judgeTimers(facts),
		...judgeOutbox(facts),
		...judgeChannels(facts),
		...judgeTelemetry(facts),
		...judgeRejection(facts),
		...judgeSurroundings(facts),
	];
	return findings.sort((a, b) => (a.level === b.level ? 0 : a.level === "alarm" ? -1 : 1));
}

function alarm(code: AuditCode, says: string, remedy: string): AuditFinding {
	return { code, level: "alarm", says, remedy };
}

function judgeStore({ storeFault }: AuditFacts): AuditFinding[] {
	if (storeFault === undefined) return [];
	return [
		alarm(
			"control-store",
			`Incidents and timers cannot be stored: ${storeFault}.`,
			"Look at the disk that the data folder lies on.",
		),
	];
}

/** Exactly one next step, pending or at most 5 s overdue; else the chain is exhausted, and that is on record. */
function judgeIncident(incident: UnacknowledgedIncident, now: number): AuditFinding[] {
	const { id, chain, nextSteps, otherTimers, isQuiet } = incident;
	const remedy = `Open ${id}, and page somebody by hand; the log says what failed.`;
	if (nextSteps.length > 1)
		return [alarm("several-next-steps", `${id} has ${nextSteps.length} next steps instead of one.`, remedy)];
	const [dueAt] = nextSteps;
	if (dueAt !== undefined && now - dueAt > OVERDUE_MS)
		return [alarm("step-overdue", `The next step of ${id} is ${seconds(now - dueAt)} overdue.`, remedy)];
	if (dueAt !== undefined) return [];
	if (chain === "exhausted") {
		const says = `Nobody has taken ${id}, and its chain has nobody left to page.`;
		return [
			{
				code: "chain-exhausted",
				level: "notice",
				says,
				remedy: "Take it, or call somebody; then give its policy a step that repeats.",
			},
		];
	}
	if (chain !== "running" && (otherTimers > 0 || isQuiet)) return [];
	if (now - incident.detectedAt < GRACE_MS) return [];
	return [alarm("no-next-step", `Nobody has taken ${id}, and nothing will page for it.`, remedy)];
}

function judgeTimers({ overdueTimers: { count, oldestDueAt }, now }: AuditFacts): AuditFinding[] {
	if (count === 0 || oldestDueAt === undefined) return [];
	const says = `${many(count, "timer")} should have fired; the oldest is ${seconds(now - oldestDueAt)} overdue.`;
	return [alarm("timers-late", says, "See the log; restart the server if the timers stand still.")];
}

function judgeOutbox({ waiting, unfinished, now }: AuditFacts): AuditFinding[] {
	const stuck = waiting.filter(({ kind, dueAt }) => now - dueAt > OUTBOX_LATE_MS[kind]);
	const findings = stuck.map(({ kind, count, dueAt }) => {
		const says = `${many(count, kind)} should have been sent; the oldest is ${seconds(now - dueAt)} overdue.`;
		const remedy = "See the log; restart the server if nothing leaves it.";
		return {
			code: "outbox-stuck" as const,
			level: kind === "page" ? ("alarm" as const) : ("notice" as const),
			says,
			remedy,
		};
	});
	if (unfinished.count === 0 || unfinished.startedAt === undefined) return findings;
	const says = `${many(unfinished.count, "message")} began to be sent ${seconds(now - unfinished.startedAt)} ago and have no outcome.`;
	return [
		...findings,
		alarm("outbox-stuck", says, "See the log: an outcome that cannot be stored is stored again and again."),
	];
}

function judgeChannels({ attempts }: AuditFacts): AuditFinding[] {
	const over = attempts.filter(({ outcome }) => outcome !== "sending");
	return [...Map.groupBy(over, ({ channel }) => channel)].flatMap(([channel, newestFirst]) => {
		const good = newestFirst.findIndex(({ outcome }) => outcome === "sent");
		const inVain = good < 0 ? newestFirst : newestFirst.slice(0, good);
		if (inVain.length < REJECTIONS && !inVain.some(({ isGivenUp }) => isGivenUp)) return [];
		const says = `Nobody is reached by the channel ${channel}: its last ${many(inVain.length, "attempt")} to page failed.`;
		return [alarm("channel-rejecting", says, "See the deliveries of the incident, and ask who runs the receiver.")];
	});
}

function judgeTelemetry({ telemetry, telemetryBefore: before }: AuditFacts): AuditFinding[] {
	const remedy = "See the log; senders repeat what was not answered.";
	if (!telemetry) return [alarm("telemetry", "The telemetry thread does not answer.", remedy)];
	if (telemetry.state !== "ready") {
		const says = `Telemetry is not taken: ${telemetry.failure ?? telemetry.state}.`;
		return [alarm("telemetry", says, remedy)];
	}
	// After a restart of the thread its figures begin anew, and nothing can be compared.
	if (!before || telemetry.evaluations < before.evaluations) return [];
	if (telemetry.evaluations > before.evaluations) return [];
	return [alarm("evaluator-stalled", "No SLO was judged since the last look.", "Restart the server.")];
}

function judgeRejection({ allRejected }: AuditFacts): AuditFinding[] {
	if (!allRejected) return [];
	const { forMs, points, requests } = allRejected;
	const says = `For ${seconds(forMs)} all telemetry that came was rejected: ${many(points, "point")}, and ${many(requests, "request")} that could not be read.`;
	return [
		alarm(
			"telemetry-rejected",
			says,
			"The page Sources says why; often it is a sender's clock or a new version of it.",
		),
	];
}

function judgeSurroundings(facts: AuditFacts): AuditFinding[] {
	const { configuration, unresolved, clockStep, diskFreeBytes, now } = facts;
	const findings: AuditFinding[] = [];
	if (!configuration.isReloadOk) {
		const says = `The last change of the catalogue was refused, the one before goes on: ${configuration.firstError}`;
		findings.push(alarm("configuration", says, "Correct it, or take the change back; bellwether validate says more."));
	}
	if (unresolved.length > 0) {
		const says = `Names that pages need cannot be looked up: ${unresolved.join(", ")}.`;
		findings.push(alarm("names", says, "Look at the name server of this machine (DNS)."));
	}
	if (clockStep && Math.abs(now - clockStep.at) < CLOCK_STEP_TOLD_MS) {
		const way = clockStep.stepMs < 0 ? "back" : "ahead";
		const says = `The clock of this machine jumped ${way} by ${seconds(Math.abs(clockStep.stepMs))}; waiting steps moved along.`;
		findings.push(alarm("clock-step", says, "See that NTP holds the clock."));
	}
	if (diskFreeBytes !== undefined && diskFreeBytes < LEAST_DISK_BYTES) {
		const says = `${Math.floor(diskFreeBytes / 1_048_576)} MiB are free on the disk of the data folder.`;
		findings.push(alarm("disk", says, "Make room: without it no telemetry is taken."));
	}
	return findings;
}

function many(count: number, what: string): string {
	return `${count.toLocaleString("en")} ${what}${count === 1 ? "" : "s"}`;
}

function seconds(ms: number): string {
	return `${Math.round(ms / 1_000).toLocaleString("en")} s`;
}
