import type { MonitorDetail, MonitorRule } from "../api-types.ts";
import { formatDuration, formatObjective, formatShare } from "../format.ts";
import { type Text, useText } from "../text.ts";
import { ModeBadge } from "./mode-badge.tsx";

type Tier = MonitorRule["tiers"][number];

/** When a monitor fires, for every SLO and every group of key tenants for whom the same holds. */
export function Rules({ monitor }: { readonly monitor: MonitorDetail }) {
	const t = useText();
	const tiers = monitor.rules[0]?.tiers ?? [];
	return (
		<section className="card wide">
			<h2>{t(tiers.length > 0 ? "monitor.rules" : "monitor.when")}</h2>
			{tiers.length > 0 ? <p className="soft">{t("monitor.rulesAbout")}</p> : null}
			<table className="plain-table stack rules">
				<thead>
					<tr>
						<th scope="col">{t("monitor.slo")}</th>
						<th scope="col">{t("monitor.holdsFor")}</th>
						{tiers.map((tier) => (
							<th key={tier.key} scope="col">
								{t(`monitor.tier.${tier.key}`)}
								<br />
								{windowsOf(t, tier)}
							</th>
						))}
						{tiers.length > 0 ? null : <th scope="col">{t("monitor.when")}</th>}
					</tr>
				</thead>
				<tbody>
					{monitor.rules.map((rule) => (
						<Rule key={JSON.stringify(rule)} t={t} rule={rule} monitorMode={monitor.mode} />
					))}
				</tbody>
			</table>
		</section>
	);
}

function Rule({
	t,
	rule,
	monitorMode,
}: {
	readonly t: Text;
	readonly rule: MonitorRule;
	readonly monitorMode: MonitorDetail["mode"];
}) {
	const { tenants, names, tiers, objective, mode, says } = rule;
	const whose =
		names.length > 0
			? names.join(", ")
			: tenants === 0
				? t("monitor.platformAlone")
				: t("slo.tenants", { count: tenants });
	return (
		<tr>
			<th scope="row">{rule.sloDisplayName}</th>
			<td data-label={t("monitor.holdsFor")}>
				{tiers.length > 0 ? (
					<>
						{formatObjective(objective)}
						<br />
					</>
				) : null}
				<span className="soft">{whose}</span> {mode === monitorMode ? null : <ModeBadge mode={mode} />}
			</td>
			{tiers.map((tier) => (
				<td key={tier.key} data-label={`${t(`monitor.tier.${tier.key}`)}, ${windowsOf(t, tier)}:`}>
					<TierCell t={t} tier={tier} />
				</td>
			))}
			{tiers.length > 0 ? null : <td>{says}</td>}
		</tr>
	);
}

function windowsOf(t: Text, { longMs, shortMs, budgetPercent }: Tier): string {
	return t("monitor.windows", { long: formatDuration(longMs), short: formatDuration(shortMs), budget: budgetPercent });
}

function TierCell({ t, tier }: { readonly t: Text; readonly tier: Tier }) {
	const factor = t("monitor.factor", { factor: Number(tier.factor.toFixed(2)) });
	if (tier.state !== "runs")
		return (
			<span className="soft">
				{factor}, {t(`monitor.state.${tier.state}`)}
			</span>
		);
	return (
		<>
			<b>{factor}</b> <span className="nowrap">{t("monitor.share", { share: formatShare(tier.errorRatio) })}</span>
		</>
	);
}
