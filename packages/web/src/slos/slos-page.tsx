import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { slosQuery } from "../api.ts";
import type { CellState, SloSummary } from "../api-types.ts";
import { formatBudget } from "../format.ts";
import { useNow } from "../live.ts";
import { Badge } from "../operations/state-badge.tsx";
import { given, matchesText } from "../search.ts";
import { SearchBox } from "../shell/search-box.tsx";
import { Empty, ErrorState, Loading, RefreshFailed } from "../shell/states.tsx";
import { useText } from "../text.ts";
import { SloPageFrame } from "./slo-tabs.tsx";
import { STATE_ORDER } from "./words.ts";

/** What is promised: every SLO with how its key tenants stand, and whether anything watches it. */
export function SlosPage() {
	const t = useText();
	const now = useNow(60_000);
	const query = useQuery(slosQuery);
	const { q } = useSearch({ from: "/slos" });
	const navigate = useNavigate({ from: "/slos" });
	const slos = query.data;
	return (
		<SloPageFrame title={t("slos.title")}>
			{slos === undefined ? (
				query.error === null ? (
					<Loading rows={6} />
				) : (
					<ErrorState what={t("what.slos")} error={query.error} retry={() => void query.refetch()} />
				)
			) : (
				<>
					{query.error === null ? null : <RefreshFailed error={query.error} since={query.dataUpdatedAt} now={now} />}
					<h1>{t("slos.title")}</h1>
					{slos.length === 0 ? (
						<Empty title={t("slos.none")}>
							<p>{t("slos.noneBody")}</p>
						</Empty>
					) : (
						<>
							<Sentences slos={slos} />
							<div className="list-bar">
								<SearchBox
									label={t("slos.filter")}
									placeholder={t("slos.filter")}
									value={q}
									change={(text) => void navigate({ search: given({ q: text }), replace: true })}
								/>
							</div>
							<SloTable slos={slos.filter((slo) => matchesText(textOf(slo), q))} q={q} />
						</>
					)}
				</>
			)}
		</SloPageFrame>
	);
}

function textOf(slo: SloSummary): string {
	return `${slo.name} ${slo.displayName} ${slo.workloadDisplayName}`;
}

function Sentences({ slos }: { readonly slos: readonly SloSummary[] }) {
	const t = useText();
	const unwatched = slos.filter(({ isWatchedLive }) => !isWatchedLive).map(({ displayName }) => displayName);
	return (
		<>
			<p className="incident-sentence">
				{t("slos.sentence", {
					breach: slos.filter(({ worst, platform }) => worst === "breach" || platform?.state === "breach").length,
					overspent: slos.reduce((sum, { overspent }) => sum + overspent, 0),
				})}
			</p>
			{unwatched.length === 0 ? null : (
				<p className="banner">{t("slos.unwatched", { count: unwatched.length, names: unwatched.join(", ") })}</p>
			)}
		</>
	);
}

function SloTable({ slos, q }: { readonly slos: readonly SloSummary[]; readonly q: string | undefined }) {
	const t = useText();
	if (slos.length === 0) return <Empty title={t("slos.noMatch", { text: q ?? "" })} />;
	return (
		<table className="plain-table stack">
			<thead>
				<tr>
					<th scope="col">{t("slos.slo")}</th>
					<th scope="col">{t("slos.state")}</th>
					<th scope="col">{t("slos.lowest")}</th>
					<th scope="col">{t("slos.platform")}</th>
					<th scope="col">{t("slos.monitors")}</th>
					<th scope="col">{t("slos.incidents")}</th>
				</tr>
			</thead>
			<tbody>
				{slos.map((slo) => (
					<tr key={slo.name}>
						<th scope="row">
							<Link to="/slos/$slo" params={{ slo: slo.name }}>
								{slo.displayName}
							</Link>
							<p className="soft definition">{slo.promise}</p>
						</th>
						<td>
							<StateCounts counts={slo.states} />
						</td>
						<td data-label={t("slos.lowest")}>
							{slo.lowest === null ? (
								<span className="soft">{t("slos.nobody")}</span>
							) : (
								t("slos.lowestText", { tenant: slo.lowest.displayName, left: formatBudget(slo.lowest.remaining) })
							)}
						</td>
						<td data-label={t("slos.platform")}>{formatBudget(slo.platform?.budgetRemaining ?? null)}</td>
						<td data-label={t("slos.monitors")}>
							{slo.monitors.map((name, i) => (
								<span key={name}>
									{i === 0 ? "" : ", "}
									<Link to="/monitors/$monitor" params={{ monitor: name }}>
										{name}
									</Link>
								</span>
							))}
							{slo.isWatchedLive ? null : <b>{` ${t("slos.unwatchedShort")}`}</b>}
						</td>
						<td data-label={t("slos.incidents")}>
							{slo.openIncidents === 0 ? t("slos.noIncident") : slo.openIncidents}
						</td>
					</tr>
				))}
			</tbody>
		</table>
	);
}

/** How many key tenants are in each state, the worst first. */
export function StateCounts({ counts }: { readonly counts: Readonly<Partial<Record<CellState, number>>> }) {
	const t = useText();
	const shown = STATE_ORDER.filter((state) => (counts[state] ?? 0) > 0);
	if (shown.length === 0) return <span className="soft">{t("slos.noTenants")}</span>;
	return (
		<span className="state-counts">
			{shown.map((state) => (
				<Badge
					key={state}
					look={state}
					word={t("slos.count", { count: counts[state] ?? 0, state: t(`state.${state}`).toLowerCase() })}
				/>
			))}
		</span>
	);
}
