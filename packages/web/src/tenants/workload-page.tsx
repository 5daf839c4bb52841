import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useEffect, useMemo } from "react";
import { changesQuery, fleetQuery, why } from "../api.ts";
import type { Change } from "../api-types.ts";
import type { Mark } from "../charts/plot.tsx";
import { budgetSentence, sloSentence } from "../fleet/slo-sentence.ts";
import { useNow } from "../live.ts";
import { Badge } from "../operations/state-badge.tsx";
import { ErrorState, Loading, RefreshFailed } from "../shell/states.tsx";
import { times, useText } from "../text.ts";
import { LatencyChart } from "./latency-chart.tsx";
import { MatchedBy } from "./matched-by.tsx";
import { RANGES, type Range } from "./ranges.ts";
import { TenantHead, UnknownTenant } from "./tenant-head.tsx";
import { WindowChart } from "./window-chart.tsx";

/** One tenant's workload: each SLO in sentences and over time beside all customers, what changed, and how it is matched. */
export function WorkloadPage() {
	const t = useText();
	const now = useNow();
	const { tenant: name, workload: workloadName } = useParams({ from: "/tenants/$tenant/$workload" });
	const search = useSearch({ from: "/tenants/$tenant/$workload" });
	const range = search.range ?? "28d";
	const query = useQuery(fleetQuery);
	const changes = useQuery(changesQuery(name, workloadName, RANGES[range].spanMs));
	const marks = useMemo<readonly Mark[]>(
		() => (changes.data ?? []).map((change, i) => [change.startedAt, String(i + 1)]),
		[changes.data],
	);
	const row = query.data?.tenants.find((tenant) => tenant.name === name);
	const workload = query.data?.workloads.find((each) => each.name === workloadName)?.displayName ?? workloadName;
	const title = `${row?.displayName ?? name}, ${workload}`;
	useEffect(() => {
		document.title = title;
	}, [title]);
	if (query.data === undefined) {
		if (query.error === null) return <Loading rows={6} />;
		return <ErrorState what={t("what.tenant")} error={query.error} retry={() => void query.refetch()} />;
	}
	const cell = row?.cells.find((each) => each.workload === workloadName);
	if (row === undefined || cell === undefined) return <UnknownTenant />;
	const platform = query.data.platform.cells.find((each) => each.workload === workloadName);
	return (
		<article className="incident-page">
			{query.error === null ? null : <RefreshFailed error={query.error} since={query.dataUpdatedAt} now={now} />}
			<TenantHead row={row} title={title} state={cell.state} incident={cell.incident} />
			<p>
				<Link to="/tenants/$tenant" params={{ tenant: name }}>
					{t("tenant.all", { tenant: row.displayName })}
				</Link>
			</p>
			<MatchedBy tenant={name} now={now} />
			{cell.state === "not-in-use" ? (
				<p>{t("tenant.notInUse", { tenant: row.displayName })}</p>
			) : cell.slos.length === 0 ? (
				<p>{t("tenant.noSlos")}</p>
			) : (
				<RangeChoice range={range} />
			)}
			{cell.slos.map((slo) => (
				<section key={slo.slo} className="card wide" aria-label={slo.displayName}>
					<header className="card-head">
						<h2>
							<Link to="/slos/$slo" params={{ slo: slo.slo }} search={{ tenant: name }}>
								{slo.displayName}
							</Link>
						</h2>
						<Badge look={slo.state} word={t(`state.${slo.state}`)} />
					</header>
					<p>
						{sloSentence(t, {
							slo,
							state: slo.state,
							name: row.displayName,
							platform: platform?.slos.find((each) => each.slo === slo.slo),
							now,
						})}
					</p>
					<p className="soft">{budgetSentence(t, slo)}</p>
					<WindowChart tenant={row} slo={slo} range={range} marks={marks} />
					{slo.hasLatencies === true ? <LatencyChart tenant={row} slo={slo} range={range} /> : null}
				</section>
			))}
			<Changes items={changes.data} error={changes.error} now={now} />
		</article>
	);
}

function RangeChoice({ range }: { readonly range: Range }) {
	const t = useText();
	const navigate = useNavigate({ from: "/tenants/$tenant/$workload" });
	return (
		<fieldset className="toggle range">
			<legend className="hidden">{t("tenant.range")}</legend>
			{(Object.keys(RANGES) as Range[]).map((each) => (
				<button
					key={each}
					type="button"
					aria-pressed={range === each}
					onClick={() => void navigate({ search: each === "28d" ? {} : { range: each }, replace: true })}
				>
					{t(`tenant.range.${each}`)}
				</button>
			))}
		</fieldset>
	);
}

function Changes({
	items,
	error,
	now,
}: {
	readonly items: readonly Change[] | undefined;
	readonly error: Error | null;
	readonly now: number;
}) {
	const t = useText();
	return (
		<section>
			<h2>{t("tenant.changes")}</h2>
			{error === null ? null : <p className="failure">{t("tenant.changesFailed", { why: why(error) })}</p>}
			{items?.length === 0 ? <p className="soft">{t("tenant.changesNone")}</p> : null}
			<ol className="steps">
				{items?.map((change) => (
					<li key={`${change.feed} ${change.id} ${change.tenant} ${change.workload}`}>
						{times.at(change.startedAt, now)} ·{" "}
						{change.link === null ? (
							change.title
						) : (
							<a href={change.link} rel="noreferrer" target="_blank">
								{change.title}
							</a>
						)}{" "}
						· {t(`changes.state.${change.state}`)}
						{change.ring === null ? "" : ` · ${change.ring}`}
						{change.region === null ? "" : ` · ${change.region}`}
					</li>
				))}
			</ol>
		</section>
	);
}
