import { Button } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { programQuery } from "../api.ts";
import type { ProgramNumber } from "../api-types.ts";
import { formatDuration, formatShare } from "../format.ts";
import { CaseLine } from "../incidents/feed-cards.tsx";
import { useNow } from "../live.ts";
import { ErrorState, Loading, RefreshFailed } from "../shell/states.tsx";
import { times, useText } from "../text.ts";

/** Six numbers on one A4: baseline, now, sample size, definition, and what the sample allows to say. */
export function ProgramPage() {
	const t = useText();
	const now = useNow(60_000);
	const query = useQuery(programQuery);
	useEffect(() => {
		document.title = t("program.title");
	}, [t]);
	if (query.data === undefined) {
		if (query.error === null) return <Loading rows={6} />;
		return <ErrorState what={t("what.program")} error={query.error} retry={() => void query.refetch()} />;
	}
	const report = query.data;
	return (
		<article className="incident-page">
			{query.error === null ? null : <RefreshFailed error={query.error} since={query.dataUpdatedAt} now={now} />}
			<header>
				<h1>{t("program.title")}</h1>
				<p className="incident-meta">
					<span>{t("program.period", { from: times.dated(report.from), to: times.dated(report.at) })}</span>
					<span>{t("program.unreviewed", { count: report.unreviewed })}</span>
				</p>
			</header>
			<table className="plain-table stack">
				<thead>
					<tr>
						<th scope="col">{t("program.col.number")}</th>
						<th scope="col">{t("program.col.baseline")}</th>
						<th scope="col">{t("program.col.now")}</th>
						<th scope="col">{t("program.col.n")}</th>
						<th scope="col">{t("program.col.note")}</th>
					</tr>
				</thead>
				<tbody>
					{report.numbers.map((number) => (
						<NumberRow key={number.key} number={number} />
					))}
				</tbody>
			</table>
			{report.missed.length > 0 ? (
				<section>
					<h2>
						{t("program.missed")} <small className="soft">{report.missed.length}</small>
					</h2>
					<p className="soft">{t("program.missedAbout")}</p>
					<ul className="steps">
						{report.missed.map((each) => (
							<li key={`${each.feed} ${each.id}`}>
								<CaseLine item={each} now={now} isTenantShown />
							</li>
						))}
					</ul>
				</section>
			) : null}
			<div className="no-print">
				<Button onClick={() => window.print()}>{t("program.print")}</Button>
			</div>
			<p className="print-foot">
				{location.href} · {new Date(report.at).toISOString()}
			</p>
		</article>
	);
}

function NumberRow({ number }: { readonly number: ProgramNumber }) {
	const t = useText();
	const gaps = [
		number.pending > 0 ? t("program.pending", { count: number.pending }) : "",
		number.unknown > 0 ? t("program.unknown", { count: number.unknown }) : "",
	].filter((s) => s !== "");
	return (
		<tr>
			<th scope="row">
				{number.name}
				<br />
				<span className="definition soft">{number.definition}</span>
			</th>
			<td data-label={t("program.col.baseline")}>
				{number.baselineText || show(number.baseline, number.unit, t("program.missing"))}
			</td>
			<td data-label={t("program.col.now")} className={number.value === null ? "" : "number-value"}>
				{number.valueText || show(number.value, number.unit, t("program.missing"))}
			</td>
			<td data-label={t("program.col.n")}>
				{number.n}
				{gaps.map((gap) => (
					<span key={gap} className="soft nowrap">
						<br />
						{gap}
					</span>
				))}
			</td>
			<td data-label="">{number.note}</td>
		</tr>
	);
}

function show(value: number | null, unit: ProgramNumber["unit"], missing: string): string {
	if (value === null) return missing;
	if (unit === "ratio") return formatShare(value);
	return unit === "ms" ? formatDuration(value) : String(value);
}
