import { Button } from "@fluentui/react-components";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { SloDetail, TenantReading } from "../api-types.ts";
import { formatBudget, formatDuration, formatObjective, formatSli } from "../format.ts";
import { Badge } from "../operations/state-badge.tsx";
import { matchesText } from "../search.ts";
import { SearchBox } from "../shell/search-box.tsx";
import { type Text, useText } from "../text.ts";

/** So many stand there unasked: the worst ones. */
const SHOWN = 10;

/** Every key tenant of an SLO, the worst first, with what it keeps and what is left. */
export function TenantTable({
	slo,
	chosen,
	choose,
	q,
	setQuery,
}: {
	readonly slo: SloDetail;
	readonly chosen: string | undefined;
	readonly choose: (tenant: string) => void;
	readonly q: string | undefined;
	readonly setQuery: (q: string | undefined) => void;
}) {
	const t = useText();
	const [isAll, setAll] = useState(false);
	const matching = slo.readings.filter((each) => matchesText(`${each.tenantDisplayName} ${each.tier}`, q));
	const shown = isAll || q !== undefined ? matching : matching.slice(0, SHOWN);
	const period = formatDuration(slo.periodMs);
	return (
		<section className="tenant-table" aria-label={t("slo.table")}>
			<SearchBox label={t("slo.filter")} placeholder={t("slo.filter")} value={q} change={setQuery} />
			{matching.length === 0 ? (
				<p className="soft">{t("slo.noTenantMatch", { text: q ?? "" })}</p>
			) : (
				<table className="plain-table stack">
					<thead>
						<tr>
							<th scope="col">{t("slo.col.tenant")}</th>
							<th scope="col">{t("slo.col.state")}</th>
							<th scope="col">{t("slo.col.sli", { period })}</th>
							<th scope="col">{t("slo.objective")}</th>
							<th scope="col">{t("slo.col.left")}</th>
							<th scope="col">{t("slo.col.incident")}</th>
						</tr>
					</thead>
					<tbody>
						{shown.map((reading) => (
							<Row
								key={reading.tenant}
								t={t}
								slo={slo}
								reading={reading}
								isChosen={reading.tenant === chosen}
								choose={choose}
							/>
						))}
					</tbody>
				</table>
			)}
			{shown.length < matching.length ? (
				<div className="actions no-print">
					<Button onClick={() => setAll(true)}>{t("slo.more", { count: matching.length })}</Button>
				</div>
			) : null}
		</section>
	);
}

function Row({
	t,
	slo,
	reading,
	isChosen,
	choose,
}: {
	readonly t: Text;
	readonly slo: SloDetail;
	readonly reading: TenantReading;
	readonly isChosen: boolean;
	readonly choose: (tenant: string) => void;
}) {
	const { tenant, tenantDisplayName, state, objective, objectiveSetBy, incident } = reading;
	const period = formatDuration(slo.periodMs);
	return (
		<tr>
			<th scope="row">
				<Link to="/tenants/$tenant/$workload" params={{ tenant, workload: slo.workload }}>
					{tenantDisplayName}
				</Link>{" "}
				<span className="soft definition">{reading.tier}</span>
			</th>
			<td>
				<Badge look={state} word={t(`state.${state}`)} />
			</td>
			<td data-label={t("slo.col.sli", { period })}>
				{reading.periodSli === null ? t("slo.noEvents") : formatSli(reading.periodSli, objective)}
			</td>
			<td data-label={t("slo.objective")}>
				{objectiveSetBy === "slo"
					? formatObjective(objective)
					: t("slo.own", { objective: formatObjective(objective), setBy: t(`setBy.${objectiveSetBy}`) })}
			</td>
			<td data-label={t("slo.col.left")}>
				<button
					type="button"
					className="budget-button"
					aria-pressed={isChosen}
					aria-label={`${formatBudget(reading.budgetRemaining)}. ${t("slo.showBudget", { tenant: tenantDisplayName })}`}
					onClick={() => choose(tenant)}
				>
					<BudgetBar left={reading.budgetRemaining} />
					{formatBudget(reading.budgetRemaining)}
				</button>
			</td>
			<td data-label={t("slo.col.incident")}>
				{incident === null ? (
					<span className="soft">–</span>
				) : (
					<Link to="/incidents/$id" params={{ id: incident }}>
						{incident}
					</Link>
				)}
			</td>
		</tr>
	);
}

/** How much is left, full at 100 %; what is overspent is hatched, what is unknown is empty. */
function BudgetBar({ left }: { readonly left: number | null }) {
	const width = left === null ? 0 : left < 0 ? 100 : Math.min(1, left) * 100;
	return (
		<svg
			className={`budget-bar ${left === null ? "is-unknown" : left < 0 ? "is-over" : ""}`}
			viewBox="0 0 100 10"
			preserveAspectRatio="none"
			aria-hidden="true"
			focusable="false"
		>
			<rect className="budget-bar-all" width={100} height={10} />
			<rect className="budget-bar-left" width={width} height={10} />
		</svg>
	);
}
