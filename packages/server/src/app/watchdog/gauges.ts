import { Gauge, type Registry } from "prom-client";
import type { WatchdogStatus } from "#api";

/** The watchdog's figures in a registry; call what it returns before the registry is read. */
export function watchdogGauges(registry: Registry, prefix: string): (status: WatchdogStatus) => void {
	const gauge = (name: string, help: string, labelNames: string[] = []) =>
		new Gauge({ name: prefix + name, help, labelNames, registers: [registry] });
	const ok = gauge("watchdog_ok", "1: the system's checks of itself pass and heartbeats leave");
	const passedAt = gauge("watchdog_passed_timestamp_seconds", "When a heartbeat was last earned");
	const checks = gauge("self_checks_total", "Checks from end to end since start by outcome", ["outcome"]);
	const stages = gauge("self_check_stage_seconds", "How long each stage of the last check took", ["stage"]);
	const reasons = gauge("watchdog_reasons", "What holds heartbeats back now", ["code"]);
	const heartbeats = gauge("heartbeats_configured", "Receivers of heartbeats");
	const failing = gauge("heartbeats_failing", "Receivers whose last heartbeat did not arrive");
	return (status) => {
		ok.set(status.state === "well" ? 1 : 0);
		if (status.passedAt !== undefined) passedAt.set(status.passedAt / 1000);
		checks.set({ outcome: "passed" }, status.checks.passed);
		checks.set({ outcome: "failed" }, status.checks.failed);
		stages.reset();
		for (const [stage, ms] of Object.entries(status.check?.stages ?? {})) stages.set({ stage }, ms / 1000);
		reasons.reset();
		for (const { code } of status.reasons) reasons.inc({ code });
		heartbeats.set(status.heartbeats.length);
		failing.set(status.heartbeats.filter(({ failure }) => failure !== undefined).length);
	};
}
