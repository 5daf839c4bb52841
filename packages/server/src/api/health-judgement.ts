import { DAY_MS, describeDuration, MINUTE_MS } from "@bellwether/model";
import type { LeftBehind } from "#incidents";
import type { StorageFigures, TelemetryCounters } from "#telemetry";
import type { LoopDelay } from "./event-loop.ts";
import { type ChannelFacts, judgeChannels } from "./health-channels.ts";
import { type IntegrationFacts, judgeIntegrations } from "./health-integrations.ts";
import type { Reach } from "./page-reach.ts";
import { PART_KEYS, type PartKey, type PartState } from "./schemas-operations.ts";
import type { UncoveredSlo } from "./slo-coverage.ts";
import type { WatchdogStatus } from "./watchdog-port.ts";
import { watchdogWords } from "./watchdog-words.ts";

/**
 * How each part of this system itself fares, as a sentence and what to do. The console's health page and
 * `bellwether doctor` show the same words. What is not known is `unknown`, never `well`.
 */
export interface Part {
	readonly key: PartKey;
	readonly state: PartState;
	readonly says: string;
	/** Empty when nothing is to be done. */
	readonly remedy: string;
}

export interface HealthFacts {
	readonly now: number;
	/** Undefined: the telemetry thread does not answer. */
	readonly telemetry:
		| (Omit<TelemetryCounters, "unusedMetrics"> & {
				readonly state: string;
				readonly failure: string | undefined;
				readonly missedEvaluations?: number;
				readonly radarLearnt?: number;
		  })
		| undefined;
	/** Time of the newest event in any window. */
	readonly newestEventAt: number | undefined;
	readonly books: readonly Book[] | undefined;
	readonly tenants: {
		readonly key: number;
		readonly withoutData: readonly string[];
		/** In the telemetry, as far as the thread tells. */
		readonly ids: number | undefined;
		readonly unmatched: number | undefined;
	};
	readonly slos: {
		readonly all: number;
		readonly uncovered: readonly UncoveredSlo[];
		/** Monitors that are paused now, each with for whom, until when, why and by whom. */
		readonly paused?: readonly string[] | undefined;
	};
	readonly sources: {
		readonly declared: number;
		readonly failing: readonly string[];
		readonly silent: readonly string[];
		readonly late: readonly string[];
		/** Refused for their limits just now. */
		readonly over: readonly string[];
	};
	readonly feeds: {
		readonly all: number;
		readonly stale: readonly string[];
		readonly waiting: readonly string[];
		/** Asked, and the last answer could not be used. */
		readonly failing: readonly string[];
	};
	readonly reach: Reach;
	/** Attempts that ended in the last 24 h, and messages given up. */
	readonly deliveries: {
		readonly sent: number;
		readonly failed: number;
		readonly uncertain: number;
		readonly lastFailure: string;
	};
	/** Ways out that somebody is reached by. Undefined: not known. */
	readonly channels?: readonly ChannelFacts[] | undefined;
	/** Undefined: could not be read. */
	readonly integrations?: readonly IntegrationFacts[] | undefined;
	/** Tickets of integrations that are gone. */
	readonly leftBehind?: readonly LeftBehind[] | undefined;
	readonly queues: { readonly outbox: number; readonly outboxLateMs: number; readonly timersLateMs: number };
	/** Undefined: nothing watches. */
	readonly watchdog?: WatchdogStatus | undefined;
	readonly diskFreeBytes: number | undefined;
	readonly loop: LoopDelay | undefined;
	readonly configuration: { readonly isReloadOk: boolean; readonly hash: string; readonly firstError: string };
}

export interface Book {
	readonly received: number;
	readonly counted: number;
	readonly duplicate: number;
	/** Of these, `faults` are not silent ones. */
	readonly rejected: number;
	readonly faults: number;
}

type Verdict = Omit<Part, "key">;

export function judgeHealth(facts: HealthFacts): Part[] {
	const judges: Readonly<Record<PartKey, (facts: HealthFacts) => Verdict>> = {
		"self-check": ({ watchdog, now }) => watchdogWords(watchdog, now),
		telemetry: judgeTelemetry,
		"last-sample": judgeLastSample,
		lag: judgeLag,
		accounting: judgeAccounting,
		tenants: judgeTenants,
		slos: judgeSlos,
		sources: judgeSources,
		feeds: judgeFeeds,
		pages: judgePages,
		deliveries: judgeDeliveries,
		channels: ({ channels, now }) => judgeChannels(channels, now),
		integrations: ({ integrations, leftBehind, now }) => judgeIntegrations(integrations, now, leftBehind),
		queues: judgeQueues,
		journal: judgeJournal,
		disk: judgeDisk,
		"event-loop": judgeLoop,
		configuration: judgeConfiguration,
	};
	return PART_KEYS.map((key) => ({ key, ...judges[key](facts) }));
}

const well = (says: string): Verdict => ({ state: "well", says, remedy: "" });
const unknown = (says: string, remedy: string): Verdict => ({ state: "unknown", says, remedy });
const attention = (says: string, remedy: string): Verdict => ({ state: "attention", says, remedy });
const failing = (says: string, remedy: string): Verdict => ({ state: "failing", says, remedy });

const NO_TELEMETRY = "It is not known while the telemetry thread does not answer.";
const SEE_TELEMETRY = "See the part “Telemetry thread” first.";

function judgeTelemetry({ telemetry }: HealthFacts): Verdict {
	const remedy = "Look into the server's log; it starts again by itself. Senders repeat what was not answered.";
	if (!telemetry) return failing("The telemetry thread does not answer; nothing is taken.", remedy);
	const { missedEvaluations = 0, radarLearnt = 1 } = telemetry;
	if (telemetry.state === "ready" && missedEvaluations > 0)
		return attention(
			`The telemetry thread takes data, but ${many(missedEvaluations, "evaluation")} came ten seconds late or never since it started.`,
			"Give it a core of its own, or fewer key tenants and SLOs; what was late has been judged since.",
		);
	const learning = radarLearnt < 1 ? ` The radar has learnt ${Math.floor(100 * radarLearnt)} % of what is usual.` : "";
	if (telemetry.state === "ready")
		return well(
			`The telemetry thread takes data: ${many(telemetry.streams, "stream")}, ${many(telemetry.pairs, "pair")} of a tenant and an SLO.${learning}`,
		);
	return failing(`The telemetry thread takes no data: ${telemetry.failure ?? telemetry.state}.`, remedy);
}

const LATE_MS = 2 * MINUTE_MS;
const VERY_LATE_MS = 15 * MINUTE_MS;

function judgeLastSample({ telemetry, now }: HealthFacts): Verdict {
	if (!telemetry) return unknown(NO_TELEMETRY, SEE_TELEMETRY);
	const remedy = "See that the senders run and reach this server (the page Sources, or /api/v1/sources).";
	if (telemetry.lastSampleAt === undefined) return unknown("No sample has been counted yet.", remedy);
	const age = now - telemetry.lastSampleAt;
	const says = `The last sample was counted ${describeDuration(age)} ago.`;
	if (age > VERY_LATE_MS) return failing(`${says} Without samples every state becomes unknown.`, remedy);
	return age > LATE_MS ? attention(says, remedy) : well(says);
}

function judgeLag({ newestEventAt, now }: HealthFacts): Verdict {
	if (newestEventAt === undefined)
		return unknown("The lag is not known: no window has an event.", "Send telemetry of an SLO of the catalogue.");
	const lag = Math.max(0, now - newestEventAt);
	const says = `The newest counted event happened ${describeDuration(lag)} ago.`;
	const remedy = "See what holds the senders up: batching, queues in a collector, a clock that is slow.";
	return lag > VERY_LATE_MS ? failing(says, remedy) : lag > 5 * MINUTE_MS ? attention(says, remedy) : well(says);
}

/** So much of what is sent being refused is worth a look. */
const FAULT_SHARE = 0.01;

function judgeAccounting({ books }: HealthFacts): Verdict {
	if (!books) return unknown(NO_TELEMETRY, SEE_TELEMETRY);
	const sum = (of: (book: Book) => number) => books.reduce((total, book) => total + of(book), 0);
	const [received, counted, duplicate] = [sum((b) => b.received), sum((b) => b.counted), sum((b) => b.duplicate)];
	const rejected = sum((b) => b.rejected);
	const faults = sum((b) => b.faults);
	if (received === 0) return unknown("Nothing has been received yet.", "Send telemetry: see docs/start.md.");
	const says = `${count(received)} received = ${count(counted)} counted + ${count(duplicate)} duplicate + ${count(rejected)} rejected.`;
	if (received !== counted + duplicate + rejected)
		return failing(
			`The books do not balance: ${says}`,
			"Run bellwether verify on the data folder and report the result.",
		);
	if (faults > received * FAULT_SHARE)
		return attention(
			`${says} ${count(faults)} of the rejected are faults.`,
			"See the reasons below; each says what to do.",
		);
	return well(faults === 0 ? says : `${says} ${count(faults)} of the rejected are faults.`);
}

function judgeTenants({ tenants: { key, withoutData, ids, unmatched } }: HealthFacts): Verdict {
	const remedy = "See the page Match for the ids that telemetry has, and correct the tenant's match or aliases.";
	if (key === 0)
		return attention("There is no key tenant.", "Make one on the page Match, or write a file in tenants/.");
	const rest =
		unmatched === undefined
			? "Ids of other customers are not known."
			: ids === 0
				? "The telemetry has named nobody yet."
				: unmatched === 0
					? "Every id in the telemetry belongs to a key tenant."
					: `${many(unmatched, "id", "ids")} in the telemetry ${unmatched === 1 ? "belongs" : "belong"} to none.`;
	if (withoutData.length > 0)
		return attention(
			`${withoutData.length} of ${count(key)} key tenants never had data: ${few(withoutData)}. ${rest}`,
			remedy,
		);
	return well(`Every one of ${count(key)} key tenants has had data. ${rest}`);
}

function judgeSlos({ slos: { all, uncovered, paused = [] } }: HealthFacts): Verdict {
	if (all === 0) return attention("There is no SLO.", "Write one in slos/ of the catalogue.");
	const pauses = paused.length > 0 ? `Monitors that are paused, so that nobody is paged by them: ${few(paused)}.` : "";
	if (uncovered.length === 0 && pauses !== "")
		return attention(
			pauses,
			"Remove the pause from the catalogue when its reason is gone; it ends by itself at its time.",
		);
	if (uncovered.length === 0) return well(`Every one of ${count(all)} SLOs has had data.`);
	const [first] = uncovered;
	const seen = first && first.seenInstead.length > 0 ? `; seen instead: ${first.seenInstead.join("; ")}` : "";
	const example = first ? ` ${first.slo} waits for ${first.waitsFor.join(", ")}${seen}.` : "";
	return attention(
		`${uncovered.length} of ${count(all)} SLOs never saw data: ${few(uncovered.map(({ slo }) => slo))}.${example}${pauses && ` ${pauses}`}`,
		"Correct the metric or the conditions of the SLO's selector, or have the metric sent.",
	);
}

function judgeSources({ sources: { declared, failing: bad, silent, late, over }, telemetry }: HealthFacts): Verdict {
	const tenants = (telemetry?.overQuota ?? []).filter(({ isOver }) => isOver).map(({ tenant }) => tenant);
	if (bad.length > 0)
		return failing(`Sources that fail: ${few(bad)}.`, "See the page Sources: each error says what to do.");
	if (late.length > 0)
		return attention(`Sources that have not sent for longer than usual: ${few(late)}.`, "See that these senders run.");
	if (over.length + tenants.length > 0)
		return attention(
			`More than their limits is sent by: ${few([...over, ...tenants])}; the excess is refused, others are not touched.`,
			"Let them send less, or raise their limits.",
		);
	if (silent.length > 0) return unknown(`Nothing ever came from: ${few(silent)}.`, "See that these senders run.");
	return declared === 0 ? well("No source is declared; senders that send are taken.") : well("No source is in error.");
}

function judgeFeeds({ feeds: { all, stale, waiting, failing: unread } }: HealthFacts): Verdict {
	if (unread.length > 0) {
		const known = stale.length > 0 ? ` What is stale is unknown: ${few(stale)}.` : "";
		return attention(
			`Feeds that cannot be read: ${few(unread)}.${known}`,
			"See the page Sources: each error says what to do.",
		);
	}
	if (stale.length > 0)
		return attention(
			`Feeds that are stale: ${few(stale)}; what they tell is unknown.`,
			"See that these systems still post here.",
		);
	if (waiting.length > 0)
		return unknown(`Feeds never heard: ${few(waiting)}.`, "Point these systems at /api/v1/feeds/NAME.");
	return well(all === 0 ? "No side feed is declared." : "Every side feed is live.");
}

function judgePages({ reach }: HealthFacts): Verdict {
	const worst = reach.faults.find(({ level }) => level === "failing") ?? reach.faults[0];
	if (!worst)
		return well(
			`${count(reach.people)} ${reach.people === 1 ? "person" : "people"} can be paged, by ${reach.kinds.join(", ")}.`,
		);
	const more = reach.faults.length - 1;
	const says = more > 0 ? `${worst.says} (and ${more} more)` : worst.says;
	return { state: worst.level, says, remedy: worst.remedy };
}

function judgeDeliveries({ deliveries: { sent, failed, uncertain, lastFailure } }: HealthFacts): Verdict {
	if (sent + failed + uncertain === 0)
		return unknown(
			"No page or notice was sent in the last 24 h: whether they arrive is not known.",
			"Try the page path once: docs/start.md says how.",
		);
	const says = `In the last 24 h: ${many(sent, "page or notice", "pages and notices")} sent, ${many(failed, "attempt")} failed, ${count(uncertain)} uncertain.`;
	if (failed + uncertain === 0) return well(says);
	const why = lastFailure === "" ? "" : ` Last failure: ${lastFailure}`;
	const remedy = "See /api/v1/deliveries for every attempt, and the channel's receiver.";
	return sent === 0 ? failing(says + why, remedy) : attention(says + why, remedy);
}

function judgeQueues({ queues: { outbox, outboxLateMs, timersLateMs } }: HealthFacts): Verdict {
	const late = Math.max(outboxLateMs, timersLateMs);
	if (late <= MINUTE_MS)
		return well(
			`${many(outbox, "message waits", "messages wait")} to be sent; nothing that is due waits for longer than a minute.`,
		);
	const says = `What is due has waited for ${describeDuration(late)}: messages ${describeDuration(outboxLateMs)}, timers ${describeDuration(timersLateMs)}.`;
	const remedy = "See that the disk can be written and that receivers of pages answer.";
	return late > 5 * MINUTE_MS ? failing(says, remedy) : attention(says, remedy);
}

function judgeJournal({ telemetry, now }: HealthFacts): Verdict {
	if (!telemetry) return unknown(NO_TELEMETRY, SEE_TELEMETRY);
	const { journalRows, journalBytes, foldAt, commits, commitFailures } = telemetry;
	const folded = foldAt === undefined ? "not folded since the start" : `folded ${describeDuration(now - foldAt)} ago`;
	const says = `The journal has ${many(journalRows, "row")} (${bytes(journalBytes)}), ${folded}; ${many(commits, "commit")} since the start`;
	if (commitFailures === 0) return well(`${says}, none failed.`);
	return attention(
		`${says}, ${count(commitFailures)} failed.`,
		"See the log and the disk; what failed was not acknowledged.",
	);
}

const FEW_DAYS = 14;
const VERY_FEW_DAYS = 3;
const LITTLE_BYTES = 512 * 1024 * 1024;

function judgeDisk({ telemetry, diskFreeBytes }: HealthFacts): Verdict {
	if (!telemetry) return unknown(NO_TELEMETRY, SEE_TELEMETRY);
	const { storage } = telemetry;
	const free = diskFreeBytes === undefined ? "" : ` The disk has ${bytes(diskFreeBytes)} free.`;
	const says = `${bytes(storage.usedBytes)} of ${bytes(storage.limitBytes)} are used.${free}`;
	const room = "Raise telemetry.retention.maxBytes, shorten retention, or give the data folder a larger disk.";
	if (storage.damaged.length > 0)
		return failing(
			`${damagedWords(storage.damaged)} ${says}`,
			"Run bellwether verify, and restore from a backup if they matter.",
		);
	if (storage.isOverfull) return failing(`Even the shortest retention does not fit. ${says}`, room);
	if (diskFreeBytes !== undefined && diskFreeBytes < LITTLE_BYTES) return failing(says, room);
	if (storage.shortenings > 0) return attention(`Retention was shortened for want of room. ${says}`, room);
	return judgeGrowth(storage, says, room);
}

function damagedWords(damaged: StorageFigures["damaged"]): string {
	const leaves = damaged.filter(({ what }) => what === "attributes").length;
	const ranges = damaged.length - leaves;
	const are = (one: number) => (one === 1 ? "is" : "are");
	return [
		...(ranges > 0 ? [`${many(ranges, "stored range")} ${are(ranges)} damaged; their counts are missing.`] : []),
		...(leaves > 0
			? [`${many(leaves, "row")} of counts by attribute ${are(leaves)} damaged; “where it fails” is missing them.`]
			: []),
	].join(" ");
}

function judgeGrowth({ daysLeft, growthBytesPerDay }: StorageFigures, says: string, room: string): Verdict {
	if (growthBytesPerDay === undefined)
		return unknown(
			`${says} How long it lasts is not known yet.`,
			"Nothing is to be done: growth is known after some hours.",
		);
	if (daysLeft === undefined) return well(`${says} It does not grow.`);
	const days = `At the present growth that lasts ${Math.floor(daysLeft)} days.`;
	if (daysLeft < VERY_FEW_DAYS) return failing(`${says} ${days}`, room);
	return daysLeft < FEW_DAYS ? attention(`${says} ${days}`, room) : well(`${says} ${days}`);
}

/** The goal for the thread that holds timers; from a fifth of a second on people notice. */
const LOOP_GOAL_MS = 20;
const LOOP_BAD_MS = 200;

function judgeLoop({ loop }: HealthFacts): Verdict {
	if (!loop) return unknown("It is not measured for long enough yet.", "Look again in a few seconds.");
	const says = `Timers of the last minutes were late by ${ms(loop.p99Ms)} at the 99th percentile, ${ms(loop.maxMs)} at most.`;
	const remedy = "Give the machine more CPU, or move other programs away from it.";
	if (loop.p99Ms <= LOOP_GOAL_MS) return well(says);
	return loop.p99Ms <= LOOP_BAD_MS ? attention(says, remedy) : failing(says, remedy);
}

function judgeConfiguration({ configuration: { isReloadOk, hash, firstError } }: HealthFacts): Verdict {
	if (isReloadOk) return well(`The last change was taken; ${hash.slice(0, 12)} runs.`);
	return attention(
		`The last change was refused; ${hash.slice(0, 12)} goes on.${firstError === "" ? "" : ` ${firstError}`}`,
		"Correct the files; bellwether validate tells every error.",
	);
}

function few(names: readonly string[]): string {
	const shown = names.slice(0, 3).join(", ");
	return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}

function count(value: number): string {
	return Math.round(value).toLocaleString("en-US");
}

function many(value: number, one: string, more = `${one}s`): string {
	return `${count(value)} ${value === 1 ? one : more}`;
}

function ms(value: number): string {
	return `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
}

function bytes(value: number): string {
	if (value >= 1e9) return `${(value / 1e9).toFixed(1)} GB`;
	return value >= 1e6 ? `${Math.round(value / 1e6)} MB` : `${Math.ceil(value / 1e3)} kB`;
}

/** Attempts older than this say nothing of now. */
export const DELIVERIES_MS = DAY_MS;
