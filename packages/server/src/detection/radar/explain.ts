import type { RadarAlert } from "./types.ts";

/** Says an alert in words, from its own numbers. */
export function explain(alert: Omit<RadarAlert, "explanation">): string {
	const { evidence: e, workload, sli } = alert;
	const who =
		alert.scope === "tenant"
			? alert.tenant
			: alert.scope === "cohort"
				? `${alert.tenants.length} tenants with ${alert.cohort?.attribute} ${alert.cohort?.value}`
				: `${alert.tenants.length} tenants`;
	const what =
		e.kind === "volume"
			? `${round(e.total)} events came where ${round(e.expected)} were expected`
			: `${round(e.bad)} of ${round(e.total)} events ${e.kind === "latency" ? "slow" : "failed"} where ${round(e.expected)} were expected`;
	const slice = alert.culprits.map((c) => `${c.attribute} ${c.value}`).join(", ");
	const minutes = Math.round((e.until - e.since) / 60_000);
	return [
		`${who}: ${workload} ${sli} has been off for ${minutes} min: ${what}.`,
		slice === "" ? "" : `It is in ${slice}.`,
		alert.changes.length > 0 ? `Changes that fit: ${alert.changes.join(", ")}.` : "",
	]
		.filter((part) => part !== "")
		.join(" ");
}

const round = (n: number): string => (n >= 10 ? Math.round(n).toString() : n.toFixed(1));
