import { Button } from "@fluentui/react-components";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { call } from "../api.ts";
import type { IncidentDetail, Proposal } from "../api-types.ts";
import { Failure } from "../incidents/failure.tsx";
import { useSigned } from "../shell/signed.ts";
import { type Text, times, useText } from "../text.ts";
import { proposalsQuery } from "./queries.ts";

/** What agents want done with the incident; nothing of it has happened. Not there while nothing waits. */
export function ProposalsCard({
	incident,
	now,
}: {
	readonly incident: Pick<IncidentDetail, "id">;
	readonly now: number;
}) {
	const t = useText();
	const { session } = useSigned();
	const proposals = useQuery(proposalsQuery(incident.id)).data ?? [];
	if (proposals.length === 0) return null;
	const mayDecide = session.role === "responder" || session.role === "admin";
	return (
		<section className="card" aria-labelledby="proposals-title">
			<h2 id="proposals-title">{t("proposals.title")}</h2>
			<ul className="feed-list">
				{proposals.map((proposal) => (
					<li key={proposal.id}>
						<OneProposal proposal={proposal} incident={incident.id} now={now} mayDecide={mayDecide} />
					</li>
				))}
			</ul>
			{mayDecide ? <p className="soft">{t("proposals.inYourName")}</p> : null}
		</section>
	);
}

interface OneProps {
	readonly proposal: Proposal;
	readonly incident: string;
	readonly now: number;
	readonly mayDecide: boolean;
}

function OneProposal({ proposal, incident, now, mayDecide }: OneProps) {
	const t = useText();
	const client = useQueryClient();
	const { session } = useSigned();
	const decide = useMutation({
		mutationFn: (verb: "confirm" | "reject") =>
			call(`/proposals/${encodeURIComponent(proposal.id)}/${verb}`, {
				method: "POST",
				body: {},
				csrfToken: session.csrfToken,
				version: proposal.version,
			}),
		networkMode: "always",
		onSettled: () =>
			Promise.all([["incident", incident], ["incidents"]].map((queryKey) => client.invalidateQueries({ queryKey }))),
	});
	const what = t(`proposals.what.${proposal.tool}`);
	const isOpen = proposal.state === "pending" && proposal.expiresAt > now;
	if (proposal.state === "pending" && !isOpen) return null;
	return (
		<>
			<p>
				<b>{what}</b>
			</p>
			<Arguments proposal={proposal} t={t} />
			<p className="soft breakable">
				{t("proposals.by", {
					agent: proposal.agent,
					time: times.at(proposal.createdAt, now),
					until: times.at(proposal.expiresAt, now),
				})}
			</p>
			<p className="breakable">{t("proposals.why", { reason: proposal.reason })}</p>
			{proposal.state === "refused" ? (
				<p className="late breakable">{t("proposals.refused", { outcome: proposal.outcome ?? "" })}</p>
			) : null}
			{isOpen && mayDecide ? (
				<div className="actions">
					<Button
						size="small"
						aria-label={t("proposals.confirmWhat", { what })}
						disabled={decide.isPending}
						onClick={() => decide.mutate("confirm")}
					>
						{t("proposals.confirm")}
					</Button>
					<Button
						size="small"
						appearance="subtle"
						aria-label={t("proposals.rejectWhat", { what })}
						disabled={decide.isPending}
						onClick={() => decide.mutate("reject")}
					>
						{t("proposals.reject")}
					</Button>
				</div>
			) : null}
			<Failure error={decide.error} />
		</>
	);
}

/** The whole of what would be done: whoever confirms must have been able to read it. Plain text, whatever it says. */
function Arguments({ proposal, t }: { readonly proposal: Proposal; readonly t: Text }) {
	const text = (name: string) => {
		const value = proposal.arguments[name];
		return typeof value === "string" || typeof value === "number" ? String(value) : "";
	};
	switch (proposal.tool) {
		case "note":
			return <blockquote className="breakable proposed">{text("text")}</blockquote>;
		case "draft_notice":
			return (
				<blockquote className="breakable proposed">
					<b>{text("subject")}</b>
					{"\n"}
					{text("body")}
				</blockquote>
			);
		case "mute":
			return (
				<p>{t(`proposals.covers.${text("covers") as "slo" | "workload" | "tenant"}`, { minutes: text("minutes") })}</p>
			);
		default:
			return null;
	}
}
