import { Button, Field, Input, Select } from "@fluentui/react-components";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { why } from "../api.ts";
import type { IncidentDetail, IncidentRouting } from "../api-types.ts";
import { heldWords } from "../mutes/held-words.ts";
import { incidentRoutingQuery, routingActions } from "../mutes/queries.ts";
import { useSigned } from "../shell/signed.ts";
import { times, useText } from "../text.ts";
import { isOpen } from "./incident.ts";

/** Why it pages or does not, with whom it shares a page, and who has been asked to take it. */
export function RoutingCard({ incident, now }: { readonly incident: IncidentDetail; readonly now: number }) {
	const t = useText();
	const { session } = useSigned();
	const routing = useQuery(incidentRoutingQuery(incident.id)).data;
	if (routing === undefined) return null;
	const mayAct = (session.role === "responder" || session.role === "admin") && isOpen(incident);
	const holding = routing.holds.filter(({ endedAt }) => endedAt === null);
	const before = routing.holds.filter(({ endedAt }) => endedAt !== null);
	return (
		<section className="card">
			<h2>{t("routing.title")}</h2>
			{holding.map((hold) => (
				<p key={`${hold.kind} ${hold.ref}`} className="banner">
					{t("routing.noPage", { why: heldWords(t, hold.kind, hold.until, now) })} {hold.words}
				</p>
			))}
			<p>{routing.state === null ? t("routing.none") : t(`routing.state.${routing.state}`)}</p>
			{routing.lead === null ? null : (
				<p>
					{t("routing.lead")}{" "}
					<Link to="/incidents/$id" params={{ id: routing.lead }}>
						{routing.lead}
					</Link>
				</p>
			)}
			{routing.names.length === 0 ? null : (
				<p>
					{t("routing.names")}{" "}
					{routing.names.map((id, k) => (
						<span key={id}>
							{k === 0 ? "" : ", "}
							<Link to="/incidents/$id" params={{ id }}>
								{id}
							</Link>
						</span>
					))}
				</p>
			)}
			{before.length === 0 ? null : (
				<ul className="steps">
					{before.map((hold) => (
						<li key={`${hold.kind} ${hold.ref} ${hold.since}`}>
							{t("routing.wasHeld", {
								what: heldWords(t, hold.kind, null, now),
								from: times.at(hold.since, now),
								to: times.at(hold.endedAt ?? hold.since, now),
							})}
						</li>
					))}
				</ul>
			)}
			{routing.explanation.length === 0 ? null : (
				<details>
					<summary>{t("routing.why")}</summary>
					<ul className="steps">
						{routing.explanation.map((line) => (
							<li key={line}>{line}</li>
						))}
					</ul>
				</details>
			)}
			{mayAct && incident.state === "detected" ? (
				<p>
					<Link className="button-link" to="/mutes" search={{ make: routing.matchers }}>
						{t("routing.mute")}
					</Link>
				</p>
			) : null}
			<HandOffs incident={incident} routing={routing} mayAct={mayAct} now={now} />
		</section>
	);
}

function HandOffs({
	incident,
	routing,
	mayAct,
	now,
}: {
	readonly incident: IncidentDetail;
	readonly routing: IncidentRouting;
	readonly mayAct: boolean;
	readonly now: number;
}) {
	const t = useText();
	const { session } = useSigned();
	const client = useQueryClient();
	const actions = routingActions(session.csrfToken);
	const [party, setParty] = useState(routing.receivers[0]?.party ?? "");
	const [reason, setReason] = useState("");
	const act = useMutation({
		mutationFn: (take: boolean) => (take ? actions.take(incident.id) : actions.handOff(incident.id, party, reason)),
		onSuccess: () => setReason(""),
		onSettled: () =>
			Promise.all([
				client.invalidateQueries({ queryKey: incidentRoutingQuery(incident.id).queryKey }),
				client.invalidateQueries({ queryKey: ["incident", incident.id] }),
			]),
	});
	const open = routing.handOffs.find(({ state }) => state === "waiting" || state === "overdue");
	if (routing.handOffs.length === 0 && (!mayAct || routing.receivers.length === 0)) return null;
	return (
		<>
			<h3>{t("handoff.title")}</h3>
			<ul className="steps">
				{routing.handOffs.map((each) => (
					<li key={each.id}>
						{t(`handoff.${each.state}`, {
							team: each.team,
							by: each.handedBy,
							takeBy: times.at(each.takeBy, now),
							takenBy: each.takenBy ?? "",
							reason: each.reason,
						})}
					</li>
				))}
			</ul>
			{mayAct && open !== undefined ? (
				<Button disabled={act.isPending} onClick={() => act.mutate(true)}>
					{t("handoff.take", { team: open.team })}
				</Button>
			) : null}
			{mayAct && open === undefined && routing.receivers.length > 0 ? (
				<form
					className="resolve-form"
					onSubmit={(event) => {
						event.preventDefault();
						act.mutate(false);
					}}
				>
					<Field label={t("handoff.to")}>
						<Select value={party} onChange={(_, data) => setParty(data.value)}>
							{routing.receivers.map((each) => (
								<option key={each.party} value={each.party}>
									{t("handoff.option", { team: each.team, minutes: Math.round(each.takeWithinMs / 60_000) })}
								</option>
							))}
						</Select>
					</Field>
					<Field label={t("handoff.reason")} required>
						<Input value={reason} required maxLength={500} onChange={(_, data) => setReason(data.value)} />
					</Field>
					<Button type="submit" disabled={act.isPending || reason.trim() === ""}>
						{t("handoff.do")}
					</Button>
				</form>
			) : null}
			{act.error === null ? null : (
				<p className="failure" role="alert">
					{t("handoff.failed", { why: why(act.error) })}
				</p>
			)}
		</>
	);
}
