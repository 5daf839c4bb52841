import { Button, Field, Input } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { IncidentDetail } from "../api-types.ts";
import { formatDuration } from "../format.ts";
import { Modal } from "../shell/modal.tsx";
import { times, useText } from "../text.ts";
import { Failure } from "./failure.tsx";
import { isOpen } from "./incident.ts";
import { similarQuery, useAct } from "./work.ts";

type Question = "link" | "merge" | "parent";

/** Other incidents: those that people tied to this one, and past ones that had something in common. */
export function RelatedCard({ incident, now }: { readonly incident: IncidentDetail; readonly now: number }) {
	const t = useText();
	const [asks, setAsks] = useState<Question>();
	const act = useAct(incident);
	const { links } = incident;
	const isTenants = incident.kind === "tenant";
	return (
		<section className="card">
			<h2>{t("related.title")}</h2>
			{links.length === 0 ? <p className="soft">{t("related.none")}</p> : null}
			<ul className="feed-list">
				{links.map((link) => (
					<li key={`${link.kind} ${link.id}`}>
						<span className="soft">{t(`related.kind.${link.kind}`)}</span>{" "}
						<Link to="/incidents/$id" params={{ id: link.id }}>
							{link.id} {link.title}
						</Link>{" "}
						<span className="soft">
							{link.tenantDisplayName} · {t("incident.severity", { key: link.severity.key })} ·{" "}
							{t(`incident.state.${link.state}`)}
						</span>
						{link.kind === "related" ? (
							<Button
								size="small"
								appearance="subtle"
								disabled={act.isPending}
								aria-label={t("related.unlinkFrom", { id: link.id })}
								onClick={() => act.mutate({ what: "unlink", body: { other: link.id } })}
							>
								{t("related.unlink")}
							</Button>
						) : null}
					</li>
				))}
			</ul>
			<Failure error={act.error} />
			<div className="row-actions">
				<Button size="small" onClick={() => setAsks("link")}>
					{t("related.ask.link")}
				</Button>
				{isOpen(incident) ? (
					<Button size="small" onClick={() => setAsks("merge")}>
						{t("related.ask.merge")}
					</Button>
				) : null}
				{!isOpen(incident) || !isTenants ? null : incident.parent === null ? (
					<Button size="small" onClick={() => setAsks("parent")}>
						{t("related.ask.parent")}
					</Button>
				) : (
					<Button
						size="small"
						disabled={act.isPending}
						onClick={() => act.mutate({ what: "parent", body: { parent: null }, version: incident.version })}
					>
						{t("related.leaveParent", { id: incident.parent })}
					</Button>
				)}
			</div>
			<Similar incident={incident} now={now} />
			{asks === undefined ? null : (
				<OtherIncident incident={incident} question={asks} close={() => setAsks(undefined)} />
			)}
		</section>
	);
}

function OtherIncident({
	incident,
	question,
	close,
}: {
	readonly incident: IncidentDetail;
	readonly question: Question;
	readonly close: () => void;
}) {
	const t = useText();
	const [other, setOther] = useState("");
	const act = useAct(incident, close);
	const id = other.trim().toUpperCase();
	return (
		<Modal title={t(`related.title.${question}`, { id: incident.id })} close={close}>
			<form
				className="resolve-form"
				onSubmit={(event) => {
					event.preventDefault();
					const body = question === "link" ? { other: id } : question === "merge" ? { into: id } : { parent: id };
					act.mutate({ what: question, body, ...(question === "link" ? {} : { version: incident.version }) });
				}}
			>
				<p>{t(`related.about.${question}`, { id: incident.id })}</p>
				<Field label={t("related.other")} required>
					<Input
						input={{ "data-first": true } as object}
						placeholder="INC-1042"
						value={other}
						maxLength={100}
						required
						onChange={(_, data) => setOther(data.value)}
					/>
				</Field>
				<Failure error={act.error} />
				<div className="actions">
					<Button type="submit" appearance="primary" disabled={id === "" || act.isPending}>
						{t(`related.submit.${question}`, { id: incident.id, other: id === "" ? "…" : id })}
					</Button>
					<Button onClick={close}>{t("dialog.cancel")}</Button>
				</div>
			</form>
		</Modal>
	);
}

function Similar({ incident, now }: { readonly incident: IncidentDetail; readonly now: number }) {
	const t = useText();
	const { data } = useQuery(similarQuery(incident.id));
	if (data === undefined) return null;
	return (
		<>
			<h3>{t("similar.title")}</h3>
			{data.items.length === 0 ? <p className="soft">{t("similar.none", { looked: data.looked })}</p> : null}
			<ul className="feed-list">
				{data.items.map((one) => (
					<li key={one.id}>
						<Link to="/incidents/$id" params={{ id: one.id }}>
							{one.id} {one.title}
						</Link>
						<p className="soft">
							{times.dated(one.detectedAt)}
							{one.mitigatedAfterMs === null
								? ""
								: ` · ${t("similar.mitigated", { duration: formatDuration(one.mitigatedAfterMs) })}`}
							{now - one.detectedAt < 0 ? "" : ` · ${one.reasons.join("; ")}`}
						</p>
						{one.verdictReason === null ? null : <p>{one.verdictReason}</p>}
					</li>
				))}
			</ul>
		</>
	);
}
