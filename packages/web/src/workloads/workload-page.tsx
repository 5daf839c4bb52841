import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { type ReactNode, useEffect } from "react";
import type { WorkloadDetail } from "../api-types.ts";
import { formatBudget } from "../format.ts";
import { useNow } from "../live.ts";
import { MaintenanceList } from "../mutes/mutes-page.tsx";
import { workloadQuery } from "../mutes/queries.ts";
import { Badge } from "../operations/state-badge.tsx";
import { ErrorState, Loading, RefreshFailed } from "../shell/states.tsx";
import { StateCounts } from "../slos/slos-page.tsx";
import { useText } from "../text.ts";

/** A workload first: for who builds it, not for who watches one tenant. */
export function WorkloadPage() {
	const t = useText();
	const now = useNow(30_000);
	const { workload: name } = useParams({ from: "/workloads/$workload" });
	const query = useQuery(workloadQuery(name));
	const title = query.data?.displayName ?? name;
	useEffect(() => {
		document.title = title;
	}, [title]);
	if (query.data === undefined) {
		if (query.error === null) return <Loading />;
		return <ErrorState what={t("what.workload")} error={query.error} retry={() => void query.refetch()} />;
	}
	return (
		<article className="incident-page">
			{query.error === null ? null : <RefreshFailed error={query.error} since={query.dataUpdatedAt} now={now} />}
			<p className="incident-meta">
				<Link to="/workloads">{t("workloads.title")}</Link>
			</p>
			<h1>{query.data.displayName}</h1>
			<Workload workload={query.data} now={now} />
		</article>
	);
}

function Workload({ workload, now }: { readonly workload: WorkloadDetail; readonly now: number }) {
	const t = useText();
	const red = workload.tenantsInDetail.filter(({ state }) => state === "breach").length;
	const { noise } = workload;
	return (
		<>
			<p className="incident-sentence">
				{t("workload.sentence", {
					red,
					tenants: workload.tenants,
					open: workload.openIncidents,
					owner: workload.owner,
				})}
			</p>
			<div className="cards">
				<Part title={t("workload.slos")}>
					<SloTable workload={workload} />
				</Part>
				<Part title={t("workload.incidents")}>
					{workload.incidents.length === 0 ? (
						<p>{t("workload.noIncidents")}</p>
					) : (
						<ul className="steps">
							{workload.incidents.map((incident) => (
								<li key={incident.id}>
									<Link to="/incidents/$id" params={{ id: incident.id }}>
										{incident.id}
									</Link>{" "}
									{incident.title}, {t(`incident.state.${incident.state}`)}
									{incident.held ? `, ${t("workload.held")}` : ""}
								</li>
							))}
						</ul>
					)}
				</Part>
				<Part title={t("workload.raci")}>
					<Raci workload={workload} />
				</Part>
				<Part title={t("workload.noise", { days: noise.days })}>
					<p>
						{noise.incidents === 0
							? t("workload.noiseNone")
							: t("workload.noiseSentence", {
									incidents: noise.incidents,
									pages: noise.pages,
									held: noise.held,
									real: noise.real,
									noise: noise.noise,
									unjudged: noise.unjudged,
								})}
					</p>
				</Part>
				<Part title={t("workload.tenants")} isWide>
					<ul className="steps columned">
						{workload.tenantsInDetail.map((tenant) => (
							<li key={tenant.name}>
								<Link to="/tenants/$tenant/$workload" params={{ tenant: tenant.name, workload: workload.name }}>
									{tenant.displayName}
								</Link>{" "}
								<Badge look={tenant.state} word={t(`state.${tenant.state}`)} />
							</li>
						))}
					</ul>
				</Part>
			</div>
			<MaintenanceList maintenance={workload.maintenance} now={now} />
		</>
	);
}

function Part({
	title,
	isWide = false,
	children,
}: {
	readonly title: string;
	readonly isWide?: boolean;
	readonly children: ReactNode;
}) {
	return (
		<section className={isWide ? "card wide" : "card"}>
			<h2>{title}</h2>
			{children}
		</section>
	);
}

function SloTable({ workload }: { readonly workload: WorkloadDetail }) {
	const t = useText();
	if (workload.slosInDetail.length === 0) return <p>{t("workload.noSlos")}</p>;
	return (
		<ul className="steps">
			{workload.slosInDetail.map((slo) => (
				<li key={slo.name}>
					<Link to="/slos/$slo" params={{ slo: slo.name }}>
						{slo.displayName}
					</Link>
					<p className="soft definition">{slo.promise}</p>
					<StateCounts counts={slo.states} />{" "}
					{slo.lowest === null
						? null
						: t("workload.lowest", { tenant: slo.lowest.displayName, left: formatBudget(slo.lowest.remaining) })}
				</li>
			))}
		</ul>
	);
}

/** Step by step who does it, who answers for it, who is asked and told; what is open stands above. */
function Raci({ workload }: { readonly workload: WorkloadDetail }) {
	const t = useText();
	const parts = workload.raci.flatMap((each) => Object.keys(each.parts));
	// In the register's order, then whoever only stands in a step.
	const names = [...new Set([...workload.parties.map(({ name }) => name), ...parts])].filter((name) =>
		parts.includes(name),
	);
	return (
		<>
			{workload.gapsInDetail.map((gap) => (
				<p key={gap} className="banner">
					{gap}
				</p>
			))}
			{workload.raci.length === 0 ? null : (
				// biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard
				<section className="scrolls" aria-label={t("workload.raci")} tabIndex={0}>
					<table className="plain-table">
						<thead>
							<tr>
								<th scope="col">{t("workload.step")}</th>
								{names.map((name) => (
									<th key={name} scope="col">
										{name}
									</th>
								))}
							</tr>
						</thead>
						<tbody>
							{workload.raci.map(({ step, parts }) => (
								<tr key={step}>
									<th scope="row">{step}</th>
									{names.map((name) => (
										<td key={name}>{parts[name]?.includes("A") ? <b>{parts[name]}</b> : (parts[name] ?? "")}</td>
									))}
								</tr>
							))}
						</tbody>
					</table>
				</section>
			)}
			{workload.raci.length === 0 ? null : <p className="soft">{t("workload.legend")}</p>}
			{workload.parties.length === 0 ? null : (
				<ul className="steps">
					{workload.parties.map((party) => (
						<li key={party.name}>
							<b>{party.name}</b>{" "}
							{party.policy === null || party.takeWithinMs === null
								? t("workload.unreachable", { team: party.team })
								: t("workload.reachable", {
										team: party.team,
										policy: party.policy,
										minutes: Math.round(party.takeWithinMs / 60_000),
									})}
						</li>
					))}
				</ul>
			)}
			{workload.ownershipPlace === null ? null : (
				<p className="soft">{t("workload.place", { place: workload.ownershipPlace })}</p>
			)}
		</>
	);
}
