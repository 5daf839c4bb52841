import type { IncidentDetail, Measure, SloCell } from "../api-types.ts";
import { wordOf } from "../fleet/platform-word.tsx";
import { formatBudget, formatDuration, formatObjective, formatSli } from "../format.ts";
import { StateIcon } from "../state-icon.tsx";
import { type Text, times, useText } from "../text.ts";
import { objectiveOf } from "./incident.ts";

const SHOWN_TENANTS = 10;

function alsoAffected({ alsoAffected: names }: IncidentDetail, t: Text): string {
	if (names.length === 0) return t("incident.none");
	const shown = names.slice(0, SHOWN_TENANTS).join(", ");
	const count = names.length - SHOWN_TENANTS;
	return count > 0 ? t("incident.andMore", { names: shown, count }) : shown;
}

/** A beginning that is known to a few minutes is one time; else the range is shown beside it. */
const EXACT_MS = 5 * 60_000;

function since({ onsetAt, evidence }: IncidentDetail, now: number, t: Text): string {
	if (onsetAt === null) return t("incident.sinceUnknown");
	const { onset } = evidence;
	// Somebody may have set another time by hand.
	if (onset === undefined || onsetAt !== evidence.since || onset.to - onset.from <= EXACT_MS)
		return times.at(onsetAt, now);
	const range = { time: times.at(onsetAt, now), from: times.at(onset.from, now), to: times.at(onset.to, now) };
	return t(onset.isOpen ? "incident.sinceOpen" : "incident.sinceRange", range);
}

const MEASURES = ["ttd", "tta", "firstNotice", "ttm"] as const;

/** How bad it is against the platform, since when, and what the clock says. */
export function ImpactCard({ incident, now }: { readonly incident: IncidentDetail; readonly now: number }) {
	const t = useText();
	const { tenant, platform } = incident.current;
	const { tier } = incident.evidence;
	const objective = objectiveOf(incident);
	const own = incident.kind === "platform" ? platform : tenant;
	const measure = (m: Measure) =>
		m.status === "recorded" && m.ms !== null
			? formatDuration(m.ms)
			: t(m.status === "unknown" ? "incident.measure.unknown" : "incident.measure.pending");
	const facts: (readonly [string, string])[] = [
		[t("incident.since"), since(incident, now, t)],
		[
			t("incident.detected"),
			tier === null
				? times.at(incident.detectedAt, now)
				: t("incident.detectedBy", {
						time: times.at(incident.detectedAt, now),
						factor: Number(tier.factor.toFixed(1)),
						long: formatDuration(tier.longMs),
						short: formatDuration(tier.shortMs),
					}),
		],
		...MEASURES.map((key) => [t(`incident.measure.${key}`), measure(incident.measures[key])] as const),
		[t("incident.also"), alsoAffected(incident, t)],
	];
	if (own !== null)
		facts.push([t("incident.budget", { period: formatDuration(own.periodMs) }), formatBudget(own.budgetRemaining)]);
	const { derived, reasons, override } = incident.severityDetail;
	facts.push([t("severity.label"), t("severity.fact", { key: derived.key, reasons: reasons.join("; ") })]);
	if (override !== null)
		facts.push([
			t("severity.labelSet"),
			t("severity.override", {
				key: override.severity.key,
				person: override.by,
				time: times.at(override.at, now),
				reason: override.reason,
			}),
		]);
	if (incident.platformSays !== null) facts.push([t("says.title"), wordOf(incident.platformSays, t, now)]);
	if (incident.signalClearedAt !== null) facts.push([t("incident.cleared"), times.at(incident.signalClearedAt, now)]);
	return (
		<section className="card">
			<h2>{t("incident.impact")}</h2>
			<div className="tiles">
				{incident.kind === "platform" ? null : (
					<Tile label={t("incident.thisTenant")} cell={tenant} objective={objective} />
				)}
				<Tile label={t("incident.platform")} cell={platform} objective={objective} />
				<div className="tile">
					<p>{t("incident.objective")}</p>
					<p className="big">{formatObjective(objective)}</p>
					<p>{incident.workloadDisplayName}</p>
				</div>
			</div>
			<dl className="facts">
				{facts.map(([label, value]) => (
					<div key={label}>
						<dt>{label}</dt>
						<dd>{value}</dd>
					</div>
				))}
			</dl>
		</section>
	);
}

function Tile({
	label,
	cell,
	objective,
}: {
	readonly label: string;
	readonly cell: SloCell | null;
	readonly objective: number;
}) {
	const t = useText();
	const state = cell?.state ?? "no-data";
	return (
		<div className={`tile state-${state}`}>
			<p>{label}</p>
			<p className="big">{cell === null ? t("state.no-data") : formatSli(cell.sli, objective)}</p>
			<p>
				<StateIcon state={state} /> {t(`state.${state}`)}
			</p>
		</div>
	);
}
