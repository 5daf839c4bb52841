import { Button, Field, Textarea } from "@fluentui/react-components";
import { useState } from "react";
import type { IncidentDetail } from "../api-types.ts";
import { Modal } from "../shell/modal.tsx";
import { times, useText } from "../text.ts";
import { Failure } from "./failure.tsx";
import { useAct } from "./work.ts";

/** Of an incident that is over: its verdict, and how it is taken up again or closed for good. */
export function AfterResolution({ incident, now }: { readonly incident: IncidentDetail; readonly now: number }) {
	const t = useText();
	const [asks, setAsks] = useState(false);
	const act = useAct(incident);
	const { canReopenUntil, reviewedAt } = incident;
	const canReopen = canReopenUntil !== null && canReopenUntil > now;
	return (
		<>
			{incident.verdict === null ? null : (
				<p>
					<b>{t(`verdict.${incident.verdict}`)}</b> {incident.verdictReason}
				</p>
			)}
			{reviewedAt === null ? null : (
				<p className="soft">
					{t("incident.reviewed", { person: incident.reviewedBy ?? "", time: times.at(reviewedAt, now) })}
				</p>
			)}
			{canReopen || incident.state === "resolved" ? (
				<div className="action-bar">
					{canReopen ? (
						<>
							<Button
								disabled={act.isPending}
								onClick={() => act.mutate({ what: "reopen", body: {}, version: incident.version })}
							>
								{t("incident.reopen", { id: incident.id })}
							</Button>
							<span className="soft">{t("incident.reopenUntil", { time: times.at(canReopenUntil, now) })}</span>
						</>
					) : null}
					{incident.state === "resolved" ? (
						<Button onClick={() => setAsks(true)}>{t("incident.review", { id: incident.id })}</Button>
					) : null}
				</div>
			) : null}
			<Failure error={act.error} />
			{asks ? <ReviewDialog incident={incident} close={() => setAsks(false)} /> : null}
		</>
	);
}

function ReviewDialog({ incident, close }: { readonly incident: IncidentDetail; readonly close: () => void }) {
	const t = useText();
	const [finding, setFinding] = useState("");
	const act = useAct(incident, close);
	return (
		<Modal title={t("incident.reviewTitle", { id: incident.id })} close={close}>
			<form
				className="resolve-form"
				onSubmit={(event) => {
					event.preventDefault();
					const body = finding.trim() === "" ? {} : { finding: finding.trim() };
					act.mutate({ what: "review", body, version: incident.version });
				}}
			>
				<p>{t("incident.reviewAbout")}</p>
				<Field label={t("incident.finding")}>
					<Textarea
						textarea={{ "data-first": true } as object}
						value={finding}
						maxLength={4000}
						onChange={(_, data) => setFinding(data.value)}
					/>
				</Field>
				<Failure error={act.error} />
				<div className="actions">
					<Button type="submit" appearance="primary" disabled={act.isPending}>
						{t("incident.reviewSubmit", { id: incident.id })}
					</Button>
					<Button onClick={close}>{t("dialog.cancel")}</Button>
				</div>
			</form>
		</Modal>
	);
}
