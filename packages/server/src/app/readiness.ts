import type { ApiContext, ReadyCheck, SenderStatus, WatchdogStatus } from "#api";
import type { ControlStore } from "#platform";
import type { ChannelState } from "#response";
import type { TelemetryHealth } from "./telemetry-thread.ts";

/** What readiness is read from. */
export interface ReadinessSources extends Pick<ApiContext, "clock" | "store" | "config" | "sources"> {
	readonly telemetry: { health(): Promise<TelemetryHealth> };
	readonly watchdog: { status(): WatchdogStatus };
	readonly channels: { states(): readonly ChannelState[] };
}

const LATE_MS = 5_000;

/** Whether this process does its work, part by part. No names: anybody may ask. */
export async function readiness(of: ReadinessSources): Promise<ReadyCheck[]> {
	const now = of.clock.now();
	const health = await of.telemetry.health().catch((error: Error) => error);
	const dueAt = await firstDue(of.store).catch((error: Error) => error);
	return [
		telemetryCheck(health),
		storageCheck(health),
		limitsCheck(await of.sources.senders().catch(() => []), health),
		storeCheck(dueAt instanceof Error ? dueAt.message : of.store.writeFault()),
		timersCheck(dueAt instanceof Error || dueAt === undefined ? 0 : now - dueAt),
		catalogueCheck(of.config.active()),
		selfCheck(of.watchdog.status()),
		channelsCheck(of.channels.states()),
	];
}

async function firstDue(store: ControlStore): Promise<number | undefined> {
	const row = await store.db
		.selectFrom("timers")
		.select((select) => select.fn.min("due_at").as("dueAt"))
		.where("state", "=", "pending")
		.executeTakeFirst();
	return row?.dueAt ?? undefined;
}

function telemetryCheck(health: TelemetryHealth | Error): ReadyCheck {
	const { state, failure } = health instanceof Error ? { state: "down", failure: health.message } : health;
	const ok = state === "ready";
	return { name: "telemetry", ok, level: "error", reason: ok ? "takes data" : `${state}: ${failure ?? "starting"}` };
}

/** Never silently: what is kept for shorter than it should be, and what was found damaged. */
function storageCheck(health: TelemetryHealth | Error): ReadyCheck {
	const check = (ok: boolean, reason: string): ReadyCheck => ({ name: "storage", ok, level: "warning", reason });
	if (health instanceof Error) return check(true, "is not known while telemetry is down");
	const { damaged, shortenings, isOverfull, usedBytes, limitBytes } = health.storage;
	const room = `${Math.round(usedBytes / 1e6)} MB of ${Math.round(limitBytes / 1e6)} MB`;
	if (damaged.length > 0)
		return check(
			false,
			`${damaged.length} stored ranges were found damaged and are left out: bellwether verify names them, a backup may have them`,
		);
	if (isOverfull)
		return check(false, `${room} are used although everything is kept as short as it may be: raise retention.maxBytes`);
	if (shortenings > 0)
		return check(
			false,
			`${room} are used, so key tenants' fine counts are kept for shorter than configured: raise retention.maxBytes, or write a shorter retention`,
		);
	return check(true, `${room} are used`);
}

/** Whoever sends more than it may: that is something to look at, and nobody else's trouble. */
function limitsCheck(senders: readonly SenderStatus[], health: TelemetryHealth | Error): ReadyCheck {
	const sources = senders.filter(({ isOver }) => isOver).length;
	const tenants = health instanceof Error ? 0 : health.overQuota.filter(({ isOver }) => isOver).length;
	const ok = sources === 0 && tenants === 0;
	const what = `${sources} sources and ${tenants} key tenants send more than their limits: see /api/v1/sources and the accounts of over_quota`;
	return { name: "limits", ok, level: "warning", reason: ok ? "nobody sends more than allowed" : what };
}

function storeCheck(fault: string | undefined): ReadyCheck {
	const ok = fault === undefined;
	return { name: "control-store", ok, level: "error", reason: ok ? "answers" : `cannot write: ${fault}` };
}

function timersCheck(overdueMs: number): ReadyCheck {
	const ok = overdueMs < LATE_MS;
	const reason = ok ? "none is overdue" : `the oldest is ${Math.round(overdueMs / 1000)} s overdue`;
	return { name: "timers", ok, level: "warning", reason };
}

/** What was wrong names files, tenants and people: that is for who signs in. */
function catalogueCheck({ isReloadOk: ok }: ReturnType<ApiContext["config"]["active"]>): ReadyCheck {
	const why = "see the page Health, /api/v1/config/active or bellwether validate";
	const reason = ok ? "the last change was taken" : `the last change was refused, the one before goes on: ${why}`;
	return { name: "catalogue", ok, level: "warning", reason };
}

function selfCheck({ state, reasons }: WatchdogStatus): ReadyCheck {
	const check = (ok: boolean, reason: string): ReadyCheck => ({ name: "self-check", ok, level: "warning", reason });
	if (state === "well") return check(true, "passes, and heartbeats leave");
	if (state === "starting") return check(true, "is about to begin");
	const codes = reasons.map(({ code }) => code).join(", ");
	return check(false, `no heartbeat leaves: ${codes || "the checks came to a halt"}; see /api/v1/health/details`);
}

function channelsCheck(states: readonly ChannelState[]): ReadyCheck {
	const failing = states.filter(({ state }) => state === "failing").length;
	const reason = failing === 0 ? "none has failed for long" : `${failing} have failed for long: see /api/v1/channels`;
	return { name: "channels", ok: failing === 0, level: "warning", reason };
}
