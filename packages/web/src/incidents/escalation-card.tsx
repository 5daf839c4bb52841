import { useQuery } from "@tanstack/react-query";
import type { IncidentDetail } from "../api-types.ts";
import { formatCountdown } from "../format.ts";
import { useNow } from "../live.ts";
import { incidentRoutingQuery } from "../mutes/queries.ts";
import { times, useText } from "../text.ts";
import { nextPage } from "./incident.ts";

export function EscalationCard({ incident }: { readonly incident: IncidentDetail }) {
	const t = useText();
	const now = useNow();
	const { state, steps } = incident.escalation;
	const next = nextPage(incident.escalation);
	const routing = useQuery(incidentRoutingQuery(incident.id)).data?.state ?? null;
	const isRoutedByItself = routing !== null && routing !== "over";
	return (
		<section className="card">
			<h2>{t("incident.escalation")}</h2>
			<p>
				{state === "running" && next !== undefined
					? t(next.isRepeat ? "incident.escalation.again" : "incident.escalation.next", {
							person: next.person,
							time: times.at(next.at, now),
							left: formatCountdown(next.at - now),
						})
					: state === "none" && incident.parent !== null && !isRoutedByItself
						? t("incident.escalation.parent", { id: incident.parent })
						: t(`incident.escalation.${state}`)}
			</p>
			<ol className="steps">
				{steps.map((step, i) => (
					// biome-ignore lint/suspicious/noArrayIndexKey: a step is its place in the chain
					<li key={i}>
						{step.dueAt === null
							? step.person
							: t(step.pages ? `incident.step.${step.state}` : `incident.act.${step.state}`, {
									person: step.person,
									time: times.at(step.dueAt, now),
								})}
					</li>
				))}
			</ol>
		</section>
	);
}
