import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useEffect } from "react";
import { fleetQuery } from "../api.ts";
import { cellSentence } from "../fleet/slo-sentence.ts";
import { useNow } from "../live.ts";
import { Badge } from "../operations/state-badge.tsx";
import { ErrorState, Loading, RefreshFailed } from "../shell/states.tsx";
import { useText } from "../text.ts";
import { MatchedBy } from "./matched-by.tsx";
import { TenantHead, UnknownTenant } from "./tenant-head.tsx";

/** One key tenant: each of its workloads in a sentence, and by what telemetry it is known. */
export function TenantPage() {
	const t = useText();
	const now = useNow();
	const { tenant: name } = useParams({ from: "/tenants/$tenant" });
	const query = useQuery(fleetQuery);
	const row = query.data?.tenants.find((tenant) => tenant.name === name);
	useEffect(() => {
		document.title = row?.displayName ?? name;
	}, [row?.displayName, name]);
	if (query.data === undefined) {
		if (query.error === null) return <Loading rows={6} />;
		return <ErrorState what={t("what.tenant")} error={query.error} retry={() => void query.refetch()} />;
	}
	if (row === undefined) return <UnknownTenant />;
	const { workloads, platform } = query.data;
	return (
		<article className="incident-page">
			{query.error === null ? null : <RefreshFailed error={query.error} since={query.dataUpdatedAt} now={now} />}
			<TenantHead row={row} title={row.displayName} state={row.worst} />
			<MatchedBy tenant={row.name} now={now} />
			<section>
				<h2>{t("tenant.workloads")}</h2>
				<ul className="workloads">
					{row.cells.map((cell) => {
						const workload = workloads.find((each) => each.name === cell.workload)?.displayName ?? cell.workload;
						const facts = {
							rowName: row.displayName,
							cell,
							isPlatform: false,
							name: row.displayName,
							workload,
							platform: platform.cells.find((each) => each.workload === cell.workload),
							now,
						};
						return (
							<li key={cell.workload} className="card">
								<header className="card-head">
									<h3>
										{cell.state === "not-in-use" ? (
											workload
										) : (
											<Link to="/tenants/$tenant/$workload" params={{ tenant: row.name, workload: cell.workload }}>
												{workload}
											</Link>
										)}
									</h3>
									<Badge look={cell.state} word={t(`state.${cell.state}`)} />
								</header>
								<p>{cellSentence(t, facts)}</p>
							</li>
						);
					})}
				</ul>
			</section>
		</article>
	);
}
