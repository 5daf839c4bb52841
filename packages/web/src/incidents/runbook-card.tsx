import { Checkbox } from "@fluentui/react-components";
import type { IncidentDetail } from "../api-types.ts";
import { times, useText } from "../text.ts";
import { Failure } from "./failure.tsx";
import { useAct } from "./work.ts";

type Runbook = IncidentDetail["runbooks"][number];

/** What to do: the runbooks as they stood when it opened, with what is ticked; without one, the workload's first steps. */
export function RunbookCard({ incident, now }: { readonly incident: IncidentDetail; readonly now: number }) {
	const t = useText();
	const { runbooks, runbook } = incident;
	return (
		<section className="card" id="runbook">
			<h2>{t("incident.runbook")}</h2>
			{runbooks.length > 0 ? (
				runbooks.map((each) => <OneRunbook key={each.name} incident={incident} runbook={each} now={now} />)
			) : runbook.length === 0 ? (
				<p className="soft">{t("incident.noRunbook")}</p>
			) : (
				<ol className="steps">
					{runbook.map((step) => (
						<li key={step}>{step}</li>
					))}
				</ol>
			)}
			<p>
				<span className="soft">{t("incident.owner")}:</span> {incident.owner || t("incident.noOwner")}
			</p>
		</section>
	);
}

function OneRunbook({
	incident,
	runbook,
	now,
}: {
	readonly incident: IncidentDetail;
	readonly runbook: Runbook;
	readonly now: number;
}) {
	const t = useText();
	const act = useAct(incident);
	const { items } = runbook;
	const done = items.filter((item) => item.isDone).length;
	return (
		<section className="runbook" aria-label={runbook.title}>
			<h3>
				{runbook.title}{" "}
				<small className="soft">
					{items.length === 0 ? runbook.why : t("runbook.progress", { done, count: items.length, why: runbook.why })}
				</small>
			</h3>
			{runbook.notes === null ? null : (
				<div
					className="prose banner"
					// biome-ignore lint/security/noDangerouslySetInnerHtml: the server makes it of Markdown without HTML
					dangerouslySetInnerHTML={{ __html: runbook.notes }}
				/>
			)}
			<ul className="checklist">
				{items.map((item, at) => (
					<li key={item.id}>
						{item.heading !== "" && item.heading !== items[at - 1]?.heading ? <h4>{item.heading}</h4> : null}
						<Checkbox
							checked={item.isDone}
							disabled={act.isPending}
							label={item.text}
							onChange={(_, data) =>
								act.mutate({
									what: "runbook",
									body: { runbook: runbook.name, item: item.id, done: data.checked === true },
								})
							}
						/>
						{item.isDone && item.changedAt !== null ? (
							<span className="soft">
								{t("runbook.by", { person: item.changedBy ?? "", time: times.at(item.changedAt, now) })}
							</span>
						) : null}
					</li>
				))}
			</ul>
			<Failure error={act.error} />
			<details open={items.length === 0}>
				<summary>{t("runbook.read")}</summary>
				<div
					className="prose"
					// biome-ignore lint/security/noDangerouslySetInnerHtml: the server makes it of Markdown without HTML
					dangerouslySetInnerHTML={{ __html: runbook.html }}
				/>
			</details>
		</section>
	);
}
