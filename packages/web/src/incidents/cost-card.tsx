import { useQuery } from "@tanstack/react-query";
import type { IncidentCost, IncidentDetail } from "../api-types.ts";
import { formatDuration } from "../format.ts";
import { useText } from "../text.ts";
import { costQuery } from "./work.ts";

type Known = IncidentCost["affectedEvents"];

/** What it cost the customer and us, each figure with how it was made. */
export function CostCard({ incident }: { readonly incident: IncidentDetail }) {
	const t = useText();
	const { data } = useQuery(costQuery(incident.id));
	if (data === undefined) return null;
	const count = new Intl.NumberFormat("en");
	const said = (figure: Known, show: (value: number) => string) =>
		figure.value === null ? t("cost.unknown") : t(`cost.${figure.status}`, { value: show(figure.value) });
	const rows: readonly (readonly [string, Known, (value: number) => string])[] = [
		[t("cost.affected"), data.affectedEvents, (value) => count.format(value)],
		[t("cost.userMinutes"), data.userMinutes, (value) => count.format(Math.round(value))],
		[t("cost.responders"), data.responderMs, formatDuration],
	];
	return (
		<section className="card">
			<h2>
				{t("cost.title")} <small className="soft">{t(data.isOver ? "cost.over" : "cost.soFar")}</small>
			</h2>
			<dl className="facts">
				{rows.map(([label, figure, show]) => (
					<div key={label}>
						<dt>{label}</dt>
						<dd>
							{said(figure, show)} <span className="soft">{figure.rule}</span>
						</dd>
					</div>
				))}
				{data.responders.map((one) => (
					<div key={one.person}>
						<dt>{one.personDisplayName}</dt>
						<dd>{t("cost.responder", { duration: formatDuration(one.ms), acts: one.acts })}</dd>
					</div>
				))}
			</dl>
		</section>
	);
}
