import type { Clock } from "@bellwether/model";
import type { HeartbeatStatus, SelfCheckResult, SignedHeartbeat, WatchdogStatus } from "#api";
import { type Catalogue, DEFAULT_WATCHDOG, formatFinding } from "#catalogue";
import { auditHead, type ControlStore, createStepWatch, type Ids, resolveSecret } from "#platform";
import type { ConfigControl } from "../config-control.ts";
import type { TelemetryThread } from "../telemetry-thread.ts";
import { judgeAudit } from "./audit.ts";
import { storeFacts, telemetryFacts } from "./audit-facts.ts";
import type { AuditFacts, AuditFinding, TelemetryFacts } from "./audit-types.ts";
import { type Heartbeat, heartbeatHost, heartbeatUrl, publicPart, sendHeartbeat, signHeartbeat } from "./heartbeat.ts";
import { createNameWatch, namesOf, within } from "./name-watch.ts";
import { createRejectionWatch } from "./rejection-watch.ts";
import type { SelfCheck } from "./self-check.ts";
import { recentChecks } from "./self-check-rows.ts";
import { keepPauses, keptPauses } from "./usual-pauses.ts";

export interface WatchdogOptions {
	readonly store: ControlStore;
	readonly clock: Clock;
	readonly ids: Ids;
	readonly selfCheck: SelfCheck;
	readonly telemetry: Pick<TelemetryThread, "health">;
	readonly catalogue: () => Catalogue;
	readonly config: Pick<ConfigControl, "active">;
	readonly diskFreeBytes: () => Promise<number>;
	readonly publicUrl: () => string;
	readonly version: string;
	/** It fails, with why, or is well again (no reasons). */
	readonly onChange: (reasons: WatchdogStatus["reasons"]) => void;
}

export interface Watchdog {
	/** `prepare` is done before the first round: a start does not wait for it. */
	start(prepare: () => Promise<void>): void;
	status(): WatchdogStatus;
	/** Checks that are kept, the newest first. */
	checks(): ReturnType<typeof recentChecks>;
	/** One round: check, audit, heartbeats. For tests; `start` does one after the other. */
	round(): Promise<void>;
	stop(): Promise<void>;
}

/** A start has other things to do first. */
const FIRST_AFTER_MS = 2_000;
/** After a round that failed: the next one may show that it was a slip. */
const AGAIN_AFTER_MS = 2_000;
/** What a heartbeat says must have been true so lately. */
const FRESH_MS = 10_000;
/** A round takes so long at most: a check, an audit and the sending. */
const ROUND_MS = 30_000;
const PART_MS = 5_000;

/** Check, audit and heartbeat in turn. A heartbeat leaves only from the round that earned it: a process that hangs sends none. */
export function createWatchdog(options: WatchdogOptions): Watchdog {
	const { store, clock, catalogue, selfCheck } = options;
	const names = createNameWatch();
	let rejections: ReturnType<typeof createRejectionWatch> | undefined;
	const steps = createStepWatch(clock);
	const sent = new Map<string, { at: number; monotonicAt: number; failure: string | undefined }>();
	const checks = { passed: 0, failed: 0 };
	let clockStep: AuditFacts["clockStep"];
	let telemetryBefore: TelemetryFacts | undefined;
	let check: SelfCheckResult | undefined;
	let findings: readonly AuditFinding[] = [];
	let reasons: WatchdogStatus["reasons"] = [];
	let endedAt: number | undefined;
	let passedAt: number | undefined;
	let withheldSince: number | undefined;
	let latest: SignedHeartbeat | undefined;
	let timer: NodeJS.Timeout | undefined;
	let underWay: Promise<void> = Promise.resolve();
	let isStopped = false;
	let first = async (): Promise<void> => {};

	const settings = () => catalogue().settings.watchdog ?? DEFAULT_WATCHDOG;

	async function audit(isDisturbed: boolean): Promise<AuditFinding[]> {
		const now = clock.now();
		const step = steps.look();
		if (step) {
			steps.accept(step);
			if (step.isNotable) clockStep = { stepMs: step.stepMs, at: now };
		}
		const { heartbeats } = settings();
		const urls = heartbeats.flatMap((target) => valueOr(() => [heartbeatUrl(target)], []));
		const [stored, telemetry, unresolved, diskFreeBytes] = await Promise.all([
			storeFacts(store, now).catch((error: Error) => error),
			within(telemetryFacts(options.telemetry), PART_MS),
			names.look(namesOf(catalogue(), urls)),
			within(
				options.diskFreeBytes().catch(() => undefined),
				PART_MS,
			),
		]);
		const { isReloadOk, findings: faults } = options.config.active();
		const first = faults.find(({ level }) => level === "error");
		const facts: AuditFacts = {
			now,
			storeFault: stored instanceof Error ? stored.message : store.writeFault(),
			...(stored instanceof Error ? NOTHING_STORED : stored),
			telemetry,
			telemetryBefore,
			allRejected: await allRejected(telemetry, now, isDisturbed),
			configuration: { isReloadOk, firstError: first ? formatFinding(first).replaceAll("\n", " ") : "" },
			unresolved,
			clockStep,
			diskFreeBytes,
		};
		telemetryBefore = telemetry;
		return judgeAudit(facts);
	}

	/** The senders' pauses are kept over a start: a rejection right after one is told as soon as any other. */
	async function allRejected(telemetry: TelemetryFacts | undefined, now: number, isDisturbed: boolean) {
		rejections ??= createRejectionWatch(await keptPauses(store).catch(() => []));
		const before = rejections.pauses();
		const told = rejections.look(telemetry, now, isDisturbed);
		const pauses = rejections.pauses();
		// What cannot be stored is told as the store's fault.
		if (pauses !== before)
			await within(
				keepPauses(store, pauses).catch(() => undefined),
				PART_MS,
			);
		return told;
	}

	async function round(): Promise<void> {
		const result = await selfCheck.run();
		const provenAt = clock.monotonic();
		if (isStopped) return;
		// It failed, or it was away: then senders could not send either.
		const isAway = endedAt !== undefined && provenAt - endedAt > settings().everyMs + ROUND_MS;
		const found = await audit(result.failure !== undefined || reasons.length > 0 || isAway);
		check = result;
		findings = found;
		checks[result.failure ? "failed" : "passed"]++;
		const before = reasons;
		reasons = reasonsOf(result, found);
		endedAt = clock.monotonic();
		if (reasons.length === 0) {
			passedAt = clock.now();
			withheldSince = undefined;
			await beat(result, provenAt);
		} else withheldSince ??= clock.now();
		if (codesOf(before) !== codesOf(reasons)) options.onChange(reasons);
	}

	async function beat(result: SelfCheckResult, provenAt: number): Promise<void> {
		const { heartbeats, everyMs, secretRef } = settings();
		const head = await auditHead(store.db);
		const at = clock.now();
		const id = options.ids.next("hb");
		const statement = (targetEveryMs: number): Heartbeat => ({
			type: "watchdog.heartbeat",
			timestamp: new Date(at).toISOString(),
			data: {
				instance: options.publicUrl(),
				version: options.version,
				everyMs: Math.max(everyMs, targetEveryMs),
				selfCheck: { tookMs: result.tookMs, stages: result.stages },
				audit: head,
				catalogue: catalogue().hash,
				notices: findings.map(({ code }) => code),
			},
		});
		const key = secretRef === undefined ? undefined : valueOr(() => resolveSecret(secretRef), undefined);
		latest = signHeartbeat(id, publicPart(statement(0)), key);
		await Promise.all(
			heartbeats.map(async (target) => {
				const key = keyOf(target);
				const last = sent.get(key);
				// A little early is better than a whole round late.
				if (last && !last.failure && clock.monotonic() - last.monotonicAt < target.everyMs - everyMs / 2) return;
				// Whatever held this process up since: what was true then may no longer be.
				if (clock.monotonic() - provenAt > FRESH_MS) return;
				const { allow } = catalogue().settings.egress;
				const heartbeat = statement(target.everyMs);
				const failure = await sendHeartbeat({ target, secretRef, id, heartbeat, allow, clock });
				const arrived = failure === undefined ? { at: clock.now(), monotonicAt: clock.monotonic() } : undefined;
				sent.set(key, { at: 0, monotonicAt: 0, ...last, ...arrived, failure });
			}),
		);
	}

	function later(afterMs: number): void {
		if (isStopped) return;
		timer = setTimeout(() => {
			const began = clock.monotonic();
			underWay = first()
				.then(round)
				.catch((error: Error) => {
					reasons = [
						{ code: "watchdog", says: `The watchdog itself failed: ${error.message}`, remedy: "See the log." },
					];
					withheldSince ??= clock.now();
					options.onChange(reasons);
				})
				.then(() => {
					const everyMs = reasons.length === 0 ? settings().everyMs : Math.min(AGAIN_AFTER_MS, settings().everyMs);
					later(Math.max(100, everyMs - (clock.monotonic() - began)));
				});
		}, afterMs);
		timer.unref();
	}

	function heartbeatStatuses(): HeartbeatStatus[] {
		return settings().heartbeats.map((target) => {
			const last = sent.get(keyOf(target));
			const sentAt = last && last.at > 0 ? last.at : undefined;
			return { to: heartbeatHost(target), method: target.method, sentAt, failure: last?.failure };
		});
	}

	return {
		start(prepare) {
			let isPrepared = false;
			first = async () => {
				if (!isPrepared) await prepare();
				isPrepared = true;
			};
			later(Math.min(FIRST_AFTER_MS, settings().everyMs));
		},
		round,
		status() {
			const { everyMs } = settings();
			const isStalled = endedAt !== undefined && clock.monotonic() - endedAt > everyMs + ROUND_MS;
			const state = isStalled
				? "stalled"
				: reasons.length > 0
					? "failing"
					: endedAt === undefined
						? "starting"
						: "well";
			const shared = {
				passedAt,
				withheldSince,
				reasons,
				everyMs,
				check,
				checks: { ...checks },
				notices: findings.filter(({ level }) => level === "notice"),
				latest,
			};
			return { state, ...shared, heartbeats: heartbeatStatuses() };
		},
		checks: () => recentChecks(store),
		async stop() {
			isStopped = true;
			clearTimeout(timer);
			await selfCheck.close();
			await within(underWay, PART_MS);
		},
	};
}

const NOTHING_STORED = {
	unacknowledged: [],
	overdueTimers: { count: 0, oldestDueAt: undefined },
	waiting: [],
	unfinished: { count: 0, startedAt: undefined },
	attempts: [],
} as const;

function reasonsOf({ failure }: SelfCheckResult, findings: readonly AuditFinding[]): WatchdogStatus["reasons"] {
	const remedy = "See the log, and the parts below; pages may not go out.";
	const failed = failure && {
		code: `self-check:${failure.stage}`,
		says: `The system's check of itself failed at "${failure.stage}": ${failure.detail}.`,
		remedy,
	};
	return [...(failed ? [failed] : []), ...findings.filter(({ level }) => level === "alarm")];
}

function codesOf(reasons: WatchdogStatus["reasons"]): string {
	return reasons.map(({ code }) => code).join();
}

function keyOf(target: { readonly url?: string | undefined; readonly urlRef?: string | undefined }): string {
	return target.url ?? target.urlRef ?? "";
}

function valueOr<T>(work: () => T, otherwise: T): T {
	try {
		return work();
	} catch {
		return otherwise;
	}
}
