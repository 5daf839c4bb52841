import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect } from "react";
import { useNow } from "../live.ts";
import { workloadsQuery } from "../mutes/queries.ts";
import { Badge } from "../operations/state-badge.tsx";
import { Empty, ErrorState, Loading, RefreshFailed } from "../shell/states.tsx";
import { useText } from "../text.ts";

/** Every workload with its owner: the way in for who builds one. */
export function WorkloadsPage() {
	const t = useText();
	const now = useNow(60_000);
	const query = useQuery(workloadsQuery);
	useEffect(() => {
		document.title = t("workloads.title");
	}, [t]);
	if (query.data === undefined) {
		if (query.error === null) return <Loading rows={6} />;
		return <ErrorState what={t("what.workloads")} error={query.error} retry={() => void query.refetch()} />;
	}
	const workloads = query.data;
	return (
		<article className="incident-page">
			{query.error === null ? null : <RefreshFailed error={query.error} since={query.dataUpdatedAt} now={now} />}
			<h1>{t("workloads.title")}</h1>
			<p className="incident-sentence">
				{t("workloads.sentence", {
					count: workloads.length,
					red: workloads.filter(({ worst }) => worst === "breach").length,
					gaps: workloads.filter(({ gaps }) => gaps > 0).length,
				})}
			</p>
			{workloads.length === 0 ? (
				<Empty title={t("workloads.none")} />
			) : (
				<table className="plain-table stack">
					<thead>
						<tr>
							<th scope="col">{t("workloads.workload")}</th>
							<th scope="col">{t("workloads.worst")}</th>
							<th scope="col">{t("workloads.owner")}</th>
							<th scope="col">{t("workloads.tenants")}</th>
							<th scope="col">{t("workloads.open")}</th>
							<th scope="col">{t("workloads.gaps")}</th>
						</tr>
					</thead>
					<tbody>
						{workloads.map((each) => (
							<tr key={each.name}>
								<th scope="row">
									<Link to="/workloads/$workload" params={{ workload: each.name }}>
										{each.displayName}
									</Link>
								</th>
								<td>
									<Badge look={each.worst} word={t(`state.${each.worst}`)} />
								</td>
								<td data-label={t("workloads.owner")}>{each.owner}</td>
								<td data-label={t("workloads.tenants")}>{each.tenants}</td>
								<td data-label={t("workloads.open")}>{each.openIncidents}</td>
								<td data-label={t("workloads.gaps")}>{each.gaps}</td>
							</tr>
						))}
					</tbody>
				</table>
			)}
		</article>
	);
}
