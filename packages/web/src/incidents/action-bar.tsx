import { Button } from "@fluentui/react-components";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ApiError, incidentQuery, why } from "../api.ts";
import type { IncidentDetail, Verdict } from "../api-types.ts";
import { useNow } from "../live.ts";
import { useKeys } from "../shell/keys.ts";
import { useSigned } from "../shell/signed.ts";
import { times, useText } from "../text.ts";
import { useAcknowledge } from "./acknowledge.ts";
import { AcknowledgeButton } from "./acknowledge-button.tsx";
import { AfterResolution } from "./after-resolution.tsx";
import { Confirm } from "./confirm.tsx";
import { Conflict } from "./conflict.tsx";
import { isOpen } from "./incident.ts";
import { PrivacyDialog } from "./privacy-dialog.tsx";
import { ResolveDialog } from "./resolve-dialog.tsx";
import { SeverityDialog } from "./severity-dialog.tsx";

type Wish =
	| { readonly verb: "mitigate" }
	| { readonly verb: "resolve"; readonly verdict: Verdict; readonly reason: string; readonly duplicateOf?: string };

function wishedEnd({ verdict, reason, duplicateOf }: Wish & { readonly verb: "resolve" }) {
	return { verdict, reason, ...(duplicateOf === undefined ? {} : { duplicateOf }) };
}

export function ActionBar({ incident }: { readonly incident: IncidentDetail }) {
	const t = useText();
	const now = useNow(10_000);
	const client = useQueryClient();
	const { actions } = useSigned();
	const [asks, setAsks] = useState<"acknowledge" | "resolve" | "severity" | "privacy" | undefined>();
	/** The version that the person saw when the dialog opened: what others change meanwhile is a conflict. */
	const [seen, setSeen] = useState(incident.version);
	const acknowledge = useAcknowledge(incident.id);
	const change = useMutation({
		mutationFn: ({ wish, version }: { readonly wish: Wish; readonly version: number }) =>
			wish.verb === "mitigate"
				? actions.mitigate(incident.id, version)
				: actions.resolve(incident.id, version, wishedEnd(wish)),
		networkMode: "always",
		onSuccess: () => setAsks(undefined),
		onSettled: () =>
			Promise.all([
				client.invalidateQueries({ queryKey: incidentQuery(incident.id).queryKey }),
				client.invalidateQueries({ queryKey: ["incidents"] }),
				client.invalidateQueries({ queryKey: ["fleet"] }),
			]),
	});
	const wish = change.variables?.wish;
	const isConflict = change.error instanceof ApiError && change.error.status === 412 && wish !== undefined;
	const waits = incident.state === "detected";
	useKeys({
		a: () => {
			if (waits) setAsks("acknowledge");
		},
	});
	if (!isOpen(incident)) return <AfterResolution incident={incident} now={now} />;
	const send = (next: Wish, version = incident.version) => change.mutate({ wish: next, version });
	const last = [...incident.timeline].sort((a, b) => b.seq - a.seq)[0];
	return (
		<>
			<div className={waits ? "action-bar waits" : "action-bar"}>
				{waits ? (
					<AcknowledgeButton
						id={incident.id}
						dueAt={incident.acknowledgeDueAt}
						escalation={incident.escalation}
						act={acknowledge}
					/>
				) : incident.acknowledgedAt !== null ? (
					<p>
						{t("incident.acknowledged", {
							person: incident.acknowledgedBy ?? "",
							time: times.at(incident.acknowledgedAt, now),
						})}
					</p>
				) : null}
				{incident.state === "mitigated" ? null : (
					<Button disabled={change.isPending} onClick={() => send({ verb: "mitigate" })}>
						{t("incident.mitigate", { id: incident.id })}
					</Button>
				)}
				<Button
					disabled={change.isPending}
					onClick={() => {
						setSeen(incident.version);
						setAsks("resolve");
					}}
				>
					{t("incident.resolve", { id: incident.id })}
				</Button>
				<Button onClick={() => setAsks("severity")}>{t("severity.change")}</Button>
				<Button onClick={() => setAsks("privacy")}>{t("incident.makePrivate")}</Button>
				<a className="button-link" href={`/p/${encodeURIComponent(incident.id)}`}>
					{t("incident.pager")}
				</a>
			</div>
			{isConflict ? (
				<Conflict
					what={incident.id}
					mine={
						wish.verb === "mitigate"
							? t("conflict.wanted.mitigate")
							: t("conflict.wanted.resolve", { verdict: `${t(`verdict.${wish.verdict}`)} ${wish.reason}` })
					}
					theirs={t("conflict.incidentTheirs", {
						state: t(`incident.state.${incident.state}`),
						entry: last === undefined ? t("incident.none") : `${last.text} (${last.actor})`,
					})}
					keepMine={() => send(wish)}
					takeTheirs={() => {
						change.reset();
						setAsks(undefined);
					}}
				/>
			) : change.error !== null && asks !== "resolve" ? (
				<p className="failure" role="alert">
					{t("incident.actionFailed", { why: why(change.error) })}
				</p>
			) : null}
			{asks === "severity" ? <SeverityDialog incident={incident} close={() => setAsks(undefined)} /> : null}
			{asks === "privacy" ? <PrivacyDialog incident={incident} close={() => setAsks(undefined)} /> : null}
			{asks === "acknowledge" ? (
				<Confirm
					title={t("incident.acknowledgeConfirm", { id: incident.id })}
					verb={t("incident.acknowledge", { id: incident.id })}
					confirm={() => {
						setAsks(undefined);
						acknowledge.run();
					}}
					cancel={() => setAsks(undefined)}
				>
					<p>{incident.title}</p>
				</Confirm>
			) : null}
			{asks === "resolve" && !isConflict ? (
				<ResolveDialog
					incident={incident}
					failure={change.error === null ? undefined : why(change.error)}
					isPending={change.isPending}
					resolve={(end) => send({ verb: "resolve", ...end }, seen)}
					cancel={() => {
						change.reset();
						setAsks(undefined);
					}}
				/>
			) : null}
		</>
	);
}
