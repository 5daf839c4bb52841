import type { MonitorDetail, MonitorRule } from "../api-types.ts";
import { formatDuration, formatObjective, formatShare } from "../format.ts";
import { useText } from "../text.ts";

type Tier = MonitorRule["tiers"][number];

/** The tiers of every SLO that a burn-rate monitor watches: factors of the period, and what they mean at the objective. */
export function RuleTable({ rules }: { readonly rules: MonitorDetail["rules"] }) {
	const t = useText();
	const tiers = rules[0]?.tiers ?? [];
	return (
		<section className="card wide">
			<h2>{t("monitor.rules")}</h2>
			<p className="soft">{t("monitor.rulesAbout")}</p>
			<table className="plain-table stack rules">
				<thead>
					<tr>
						<th scope="col">{t("monitor.slo")}</th>
						<th scope="col">{t("monitor.objective")}</th>
						{tiers.map((tier) => (
							<th key={tier.key} scope="col">
								{t(`monitor.tier.${tier.key}`)}
								<br />
								{windowsOf(tier)}
							</th>
						))}
					</tr>
				</thead>
				<tbody>
					{rules.map((rule) => (
						<tr key={`${rule.slo} ${rule.objective}`}>
							<th scope="row">{rule.sloDisplayName}</th>
							<td data-label={t("monitor.objective")}>
								{formatObjective(rule.objective)}
								<br />
								<span className="soft">{t("slo.tenants", { count: rule.tenants })}</span>
							</td>
							{rule.tiers.map((tier) => (
								<td key={tier.key} data-label={`${t(`monitor.tier.${tier.key}`)}, ${windowsOf(tier)}:`}>
									<TierCell tier={tier} />
								</td>
							))}
						</tr>
					))}
				</tbody>
			</table>
		</section>
	);

	function windowsOf(tier: Tier): string {
		return t("monitor.windows", {
			long: formatDuration(tier.longMs),
			short: formatDuration(tier.shortMs),
			budget: tier.budgetPercent,
		});
	}
}

function TierCell({ tier }: { readonly tier: Tier }) {
	const t = useText();
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
