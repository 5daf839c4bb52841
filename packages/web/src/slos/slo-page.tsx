import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { ApiError, sloQuery } from "../api.ts";
import type { SloDetail } from "../api-types.ts";
import { formatObjective } from "../format.ts";
import { IncidentStateBadge } from "../incidents/state-badge.tsx";
import { useNow } from "../live.ts";
import { ModeBadge } from "../monitors/mode-badge.tsx";
import { given, type SloSearch } from "../search.ts";
import { Empty, ErrorState, Loading, RefreshFailed } from "../shell/states.tsx";
import { LatencyChart } from "../tenants/latency-chart.tsx";
import { times, useText } from "../text.ts";
import { BudgetChart } from "./budget-chart.tsx";
import { SloPageFrame } from "./slo-tabs.tsx";
import { StateCounts } from "./slos-page.tsx";
import { SpreadStrip } from "./spread-strip.tsx";
import { TenantTable } from "./tenant-table.tsx";
import { standingSentence } from "./words.ts";

/** In an address the fleet's own aggregate has this name. */
const PLATFORM_IN_ADDRESS = "~fleet";

/** One SLO: what is promised, how every key tenant stands, how a budget was spent, and what watches it. */
export function SloPage() {
	const t = useText();
	const now = useNow(60_000);
	const { slo: name } = useParams({ from: "/slos/$slo" });
	const query = useQuery(sloQuery(name));
	const slo = query.data;
	return (
		<SloPageFrame title={slo?.displayName ?? name}>
			{slo !== undefined ? (
				<>
					{query.error === null ? null : <RefreshFailed error={query.error} since={query.dataUpdatedAt} now={now} />}
					<Slo slo={slo} now={now} />
				</>
			) : query.error === null ? (
				<Loading rows={6} />
			) : query.error instanceof ApiError && query.error.status === 404 ? (
				<Empty title={t("slo.unknown")}>
					<p>{t("slo.unknownBody")}</p>
					<p>
						<Link to="/slos">{t("slos.title")}</Link>
					</p>
				</Empty>
			) : (
				<ErrorState what={t("what.slo")} error={query.error} retry={() => void query.refetch()} />
			)}
		</SloPageFrame>
	);
}

function Slo({ slo, now }: { readonly slo: SloDetail; readonly now: number }) {
	const t = useText();
	const { q, tenant: asked } = useSearch({ from: "/slos/$slo" });
	const navigate = useNavigate({ from: "/slos/$slo" });
	const set = (change: { [K in keyof SloSearch]: SloSearch[K] | undefined }) =>
		void navigate({ search: (before) => given({ ...before, ...change }), replace: true, resetScroll: false });
	const isKnown = asked === PLATFORM_IN_ADDRESS || slo.readings.some(({ tenant }) => tenant === asked);
	const chosen = isKnown && asked !== undefined ? asked : (slo.lowest?.tenant ?? slo.readings[0]?.tenant);
	const choose = (tenant: string) => set({ tenant });
	return (
		<>
			<header>
				<h1>{slo.displayName}</h1>
				<p className="incident-sentence">{slo.promise}</p>
				<p className="incident-sentence">{standingSentence(t, slo)}</p>
				<StateCounts counts={slo.states} />
			</header>
			{slo.readings.length === 0 ? null : (
				<section className="card wide" aria-label={t("slo.spread")}>
					<SpreadStrip slo={slo} chosen={chosen} choose={choose} />
					<TenantTable slo={slo} chosen={chosen} choose={choose} q={q} setQuery={(text) => set({ q: text })} />
				</section>
			)}
			<BudgetChart
				slo={slo}
				tenant={chosen === undefined || chosen === PLATFORM_IN_ADDRESS ? "" : chosen}
				choose={(tenant) => choose(tenant === "" ? PLATFORM_IN_ADDRESS : tenant)}
			/>
			{slo.platform?.hasLatencies === true ? <Latency slo={slo} chosen={chosen} /> : null}
			<div className="cards">
				<OpenIncidents slo={slo} now={now} />
				<WatchedBy slo={slo} />
				<Definition slo={slo} />
				<Objectives slo={slo} />
			</div>
		</>
	);
}

function Latency({ slo, chosen }: { readonly slo: SloDetail; readonly chosen: string | undefined }) {
	const t = useText();
	const reading = slo.readings.find(({ tenant }) => tenant === chosen);
	const displayName = reading?.tenantDisplayName ?? t("tenant.fleet");
	const heading = t("latency.of", { tenant: displayName });
	return (
		<section className="card wide" aria-label={heading}>
			<h2>{heading}</h2>
			<LatencyChart
				tenant={{ name: reading?.tenant ?? "", displayName }}
				slo={{ slo: slo.name, displayName: slo.displayName }}
				range="24h"
			/>
		</section>
	);
}

function Definition({ slo }: { readonly slo: SloDetail }) {
	const t = useText();
	return (
		<section className="card">
			<h2>{t("slo.promise")}</h2>
			{slo.description === "" ? null : <p>{slo.description}</p>}
			<dl className="facts">
				{slo.definition.map(({ role, text }) => (
					<div key={role}>
						<dt>{t(`slo.role.${role}`)}</dt>
						<dd>
							<code>{text}</code>
						</dd>
					</div>
				))}
				<div>
					<dt>{t("slo.unit")}</dt>
					<dd>{slo.unit}</dd>
				</div>
				<div>
					<dt>{t("slo.workload")}</dt>
					<dd>{slo.workloadDisplayName}</dd>
				</div>
				<div>
					<dt>{t("slo.written")}</dt>
					<dd>
						<code>{t("slo.place", { file: slo.place.file, line: slo.place.line })}</code>
					</dd>
				</div>
			</dl>
		</section>
	);
}

function Objectives({ slo }: { readonly slo: SloDetail }) {
	const t = useText();
	return (
		<section className="card">
			<h2>{t("slo.objectives")}</h2>
			<table className="plain-table">
				<thead>
					<tr>
						<th scope="col">{t("slo.objective")}</th>
						<th scope="col">{t("slo.setBy")}</th>
						<th scope="col">{t("slo.holdsFor")}</th>
					</tr>
				</thead>
				<tbody>
					{slo.objectives.map(({ objective, setBy, name, displayName, tenants }) => (
						<tr key={`${setBy} ${name}`}>
							<th scope="row">{formatObjective(objective)}</th>
							<td>{t(`slo.setBy.${setBy}`, { name: displayName })}</td>
							<td>{t("slo.tenants", { count: tenants })}</td>
						</tr>
					))}
				</tbody>
			</table>
		</section>
	);
}

function WatchedBy({ slo }: { readonly slo: SloDetail }) {
	const t = useText();
	const { watchedBy, isWatchedLive } = slo;
	return (
		<section className="card">
			<h2>{t("slo.watchedBy")}</h2>
			{isWatchedLive ? null : <p className="banner">{t(watchedBy.length === 0 ? "slo.notWatched" : "slo.notLive")}</p>}
			<ul className="feed-list">
				{watchedBy.map((monitor) => (
					<li key={monitor.name} className="card-head">
						<ModeBadge mode={monitor.mode} />
						<Link to="/monitors/$monitor" params={{ monitor: monitor.name }}>
							{monitor.displayName}
						</Link>
						<span className="soft">{t("incident.severity", { key: monitor.severity })}</span>
					</li>
				))}
			</ul>
		</section>
	);
}

function OpenIncidents({ slo, now }: { readonly slo: SloDetail; readonly now: number }) {
	const t = useText();
	return (
		<section className="card">
			<h2>{t("slo.incidents")}</h2>
			{slo.incidents.length === 0 ? <p className="soft">{t("slo.noIncidents")}</p> : null}
			<ul className="feed-list">
				{slo.incidents.map((incident) => (
					<li key={incident.id} className="card-head">
						<IncidentStateBadge state={incident.state} />
						<Link to="/incidents/$id" params={{ id: incident.id }}>
							{incident.id} {incident.title}
						</Link>
						<span className="soft">{times.at(incident.detectedAt, now)}</span>
					</li>
				))}
			</ul>
		</section>
	);
}
