import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { lazy, Suspense, useEffect } from "react";
import { ProposalsCard } from "../agents/proposals-card.tsx";
import { incidentQuery } from "../api.ts";
import type { IncidentDetail } from "../api-types.ts";
import { useNow } from "../live.ts";
import { LiveChip } from "../shell/live-chip.tsx";
import { ErrorState, Loading, RefreshFailed } from "../shell/states.tsx";
import { useText } from "../text.ts";
import { ActionBar } from "./action-bar.tsx";
import { AttributesCard } from "./attributes-card.tsx";
import { CostCard } from "./cost-card.tsx";
import { CustomerPanel } from "./customer-panel.tsx";
import { EscalationCard } from "./escalation-card.tsx";
import { EvidenceCard } from "./evidence-card.tsx";
import { CasesCard, ChangesCard } from "./feed-cards.tsx";
import { ImpactCard } from "./impact-card.tsx";
import { age } from "./incident.ts";
import { PeopleCard } from "./people-card.tsx";
import { RelatedCard } from "./related-card.tsx";
import { RoutingCard } from "./routing-card.tsx";
import { RunbookCard } from "./runbook-card.tsx";
import { IncidentStateBadge } from "./state-badge.tsx";
import { TicketsCard } from "./tickets-card.tsx";
import { Timeline } from "./timeline.tsx";

const Chart = lazy(() => import("./chart.tsx").then((m) => ({ default: m.Chart })));

export function IncidentPage() {
	const t = useText();
	const { id } = useParams({ from: "/incidents/$id" });
	const query = useQuery(incidentQuery(id));
	const now = useNow(5000);
	const title = query.data?.title ?? "";
	useEffect(() => {
		document.title = t("incident.documentTitle", { id, title });
	}, [t, id, title]);
	if (query.data === undefined) {
		if (query.error === null) return <Loading />;
		return <ErrorState what={t("what.incident", { id })} error={query.error} retry={() => void query.refetch()} />;
	}
	return (
		<>
			{query.error === null ? null : <RefreshFailed error={query.error} since={query.dataUpdatedAt} now={now} />}
			<Incident key={id} incident={query.data} now={now} />
		</>
	);
}

function Incident({ incident, now }: { readonly incident: IncidentDetail; readonly now: number }) {
	const t = useText();
	return (
		<article className="incident-page">
			<header>
				<p className="incident-meta">
					<Link to="/incidents">{t("nav.incidents")}</Link> / {incident.id}
					<span className="spacer" />
					<LiveChip />
				</p>
				<h1>{incident.title}</h1>
				<p className="incident-meta">
					<IncidentStateBadge state={incident.state} />
					<b>{t("incident.severity", { key: incident.severity.key })}</b>
					{incident.isPrivate ? (
						<span>
							{incident.readers === null
								? t("incident.private")
								: t("incident.privateTo", { names: incident.readers.join(", ") })}
						</span>
					) : null}
					<span>{t(`incident.signalWord.${incident.kind}`)}</span>
					<span>{age(incident, now, t)}</span>
					{incident.acknowledgedBy === null ? null : <span>{incident.acknowledgedBy}</span>}
					{incident.kind === "platform" ? null : (
						<Link
							to="/tenants/$tenant/$workload"
							params={{ tenant: incident.tenant, workload: incident.workload }}
							search={{ range: "24h" }}
						>
							{t("tenant.open", { tenant: incident.tenantDisplayName, workload: incident.workloadDisplayName })}
						</Link>
					)}
					{incident.workload === "" ? null : (
						<Link to="/workloads/$workload" params={{ workload: incident.workload }}>
							{t("routing.workload", { workload: incident.workloadDisplayName })}
						</Link>
					)}
					{incident.parent === null ? null : (
						<Link to="/incidents/$id" params={{ id: incident.parent }}>
							{t("incident.parent", { id: incident.parent })}
						</Link>
					)}
				</p>
			</header>
			<p className="incident-sentence">{incident.sentence}</p>
			<ActionBar incident={incident} />
			<div className="cards">
				<ProposalsCard incident={incident} now={now} />
				<ImpactCard incident={incident} now={now} />
				<EvidenceCard incident={incident} />
				<section className="card wide">
					<Suspense fallback={<div className="chart" />}>
						<Chart incident={incident} />
					</Suspense>
				</section>
				<AttributesCard incident={incident} now={now} />
				<RunbookCard incident={incident} now={now} />
				<div className="cards-beside">
					<EscalationCard incident={incident} />
					<RoutingCard incident={incident} now={now} />
					<PeopleCard incident={incident} now={now} />
					<TicketsCard incident={incident} now={now} />
					<RelatedCard incident={incident} now={now} />
				</div>
				<ChangesCard incident={incident} now={now} />
				<CasesCard incident={incident} now={now} />
				{incident.children.length > 0 ? (
					<section className="card wide">
						<h2>
							{t("incident.children")} <small className="soft">{incident.children.length}</small>
						</h2>
						<ul className="steps columned">
							{incident.children.map((child) => (
								<li key={child.id}>
									<Link to="/incidents/$id" params={{ id: child.id }}>
										{child.id} {child.title}
									</Link>
								</li>
							))}
						</ul>
					</section>
				) : null}
				<CostCard incident={incident} />
				<CustomerPanel incident={incident} now={now} />
				<Timeline incident={incident} now={now} />
			</div>
			<p className="print-foot">
				{location.href} · {new Date(now).toISOString()}
			</p>
		</article>
	);
}
