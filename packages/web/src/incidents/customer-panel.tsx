import { Button, Field, Input, Textarea } from "@fluentui/react-components";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ApiError, why } from "../api.ts";
import type { CellState, IncidentDetail, Notice } from "../api-types.ts";
import { useSigned } from "../shell/signed.ts";
import { StateIcon } from "../state-icon.tsx";
import { times, useText, type Text as Words } from "../text.ts";
import { Confirm } from "./confirm.tsx";
import { Conflict } from "./conflict.tsx";

/** What the customer's side was told, and the draft that waits for a person. Their text stays apart from ours. */
export function CustomerPanel({ incident, now }: { readonly incident: IncidentDetail; readonly now: number }) {
	const t = useText();
	return (
		<section className="card wide">
			<h2>{t("customer.title")}</h2>
			{incident.notices.length === 0 ? (
				<p className="soft">{t(incident.kind === "platform" ? "customer.nonePlatform" : "customer.none")}</p>
			) : null}
			{incident.notices.map((notice) => (
				<NoticeView key={notice.id} notice={notice} now={now} />
			))}
		</section>
	);
}

const LOOKS: Readonly<Record<Notice["state"], CellState>> = {
	draft: "at-risk",
	approved: "at-risk",
	sending: "at-risk",
	sent: "healthy",
	uncertain: "no-data",
	discarded: "muted",
};

function stateText(notice: Notice, t: Words): string {
	return notice.waitsFor === null || notice.waitsFor === "approval"
		? t(`notice.state.${notice.state}`)
		: t(`notice.waits.${notice.waitsFor}`);
}

interface Text {
	readonly subject: string;
	readonly body: string;
}

/** A text being edited, and the version that it was taken from: what others change meanwhile is a conflict. */
interface Draft extends Text {
	readonly version: number;
}

type Wish =
	| { readonly verb: "edit"; readonly text: Text }
	| { readonly verb: "approve" }
	| { readonly verb: "discard" };

function NoticeView({ notice, now }: { readonly notice: Notice; readonly now: number }) {
	const t = useText();
	const client = useQueryClient();
	const { actions } = useSigned();
	const [draft, setDraft] = useState<Draft>();
	const [asks, setAsks] = useState<{ readonly verb: "approve" | "discard"; readonly version: number }>();
	const change = useMutation({
		networkMode: "always",
		mutationFn: ({ wish, version }: { readonly wish: Wish; readonly version: number }) => {
			const at = { ...notice, version };
			if (wish.verb === "edit") return actions.editNotice(at, wish.text);
			return wish.verb === "approve" ? actions.approveNotice(at) : actions.discardNotice(at);
		},
		onSuccess: () => setDraft(undefined),
		onSettled: () => client.invalidateQueries({ queryKey: ["incident", notice.incident] }),
	});
	const send = (wish: Wish, version = notice.version) => change.mutate({ wish, version });
	const wish = change.variables?.wish;
	const isConflict = change.error instanceof ApiError && change.error.status === 412 && wish !== undefined;
	const canSend = notice.recipients.length > 0 && notice.waitsFor !== "mail-server";
	const look = notice.waitsFor === null || notice.waitsFor === "approval" ? LOOKS[notice.state] : "no-data";
	return (
		<section className="notice" aria-label={t(`customer.audience.${notice.audience}`)}>
			<div className="actions">
				<h3>{t(`customer.audience.${notice.audience}`)}</h3>
				<span className={`badge state-${look}`}>
					<StateIcon state={look} /> {stateText(notice, t)}
				</span>
			</div>
			<p className="soft">
				{notice.recipients.length > 0
					? t("notice.to", { recipients: notice.recipients.join(", ") })
					: t("notice.noRecipients")}
				{notice.approvedBy !== null && notice.approvedAt !== null
					? ` · ${t("notice.approvedBy", { person: notice.approvedBy, time: times.at(notice.approvedAt, now) })}`
					: ""}
				{notice.sentAt === null ? "" : ` · ${t("notice.sentAt", { time: times.at(notice.sentAt, now) })}`}
			</p>
			{notice.waitsFor === "mail-server" ? <p>{t("notice.mailServer")}</p> : null}
			{draft === undefined ? (
				<div className="notice-text" lang={notice.language}>
					<b>{notice.subject}</b>
					{"\n"}
					{notice.body}
				</div>
			) : (
				<form
					className="note-form"
					onSubmit={(event) => {
						event.preventDefault();
						send({ verb: "edit", text: { subject: draft.subject, body: draft.body } }, draft.version);
					}}
				>
					<Field label={t("notice.subject")}>
						<Input
							value={draft.subject}
							maxLength={500}
							onChange={(_, data) => setDraft({ ...draft, subject: data.value })}
						/>
					</Field>
					<Field label={t("notice.body")}>
						<Textarea
							value={draft.body}
							rows={10}
							resize="vertical"
							onChange={(_, data) => setDraft({ ...draft, body: data.value })}
						/>
					</Field>
					<div className="actions">
						<Button
							type="submit"
							appearance="primary"
							disabled={change.isPending || draft.subject.trim() === "" || draft.body.trim() === ""}
						>
							{t("notice.save")}
						</Button>
						<Button
							onClick={() => {
								setDraft(undefined);
								change.reset();
							}}
						>
							{t("notice.cancel")}
						</Button>
					</div>
				</form>
			)}
			{isConflict ? (
				<Conflict
					what={t("what.notice")}
					mine={wish.verb === "edit" ? `${wish.text.subject}\n${wish.text.body}` : t(`conflict.wanted.${wish.verb}`)}
					theirs={`${stateText(notice, t)}\n${notice.subject}\n${notice.body}`}
					keepMine={() => send(wish)}
					takeTheirs={() => {
						setDraft(undefined);
						change.reset();
					}}
				/>
			) : change.error === null ? null : (
				<p className="failure" role="alert">
					{t("notice.failed", { why: why(change.error) })}
				</p>
			)}
			{notice.state === "draft" && draft === undefined ? (
				<div className="actions no-print">
					<Button
						appearance={notice.audience === "customer" ? "primary" : "secondary"}
						disabled={!canSend || change.isPending}
						onClick={() => setAsks({ verb: "approve", version: notice.version })}
					>
						{t("notice.approve")}
					</Button>
					<Button onClick={() => setDraft({ subject: notice.subject, body: notice.body, version: notice.version })}>
						{t("notice.edit")}
					</Button>
					<Button disabled={change.isPending} onClick={() => setAsks({ verb: "discard", version: notice.version })}>
						{t("notice.discard")}
					</Button>
				</div>
			) : null}
			{asks === undefined ? null : (
				<Confirm
					title={t(asks.verb === "approve" ? "notice.approveTitle" : "notice.discardTitle")}
					verb={t(asks.verb === "approve" ? "notice.approveConfirm" : "notice.discard")}
					confirm={() => {
						setAsks(undefined);
						send({ verb: asks.verb }, asks.version);
					}}
					cancel={() => setAsks(undefined)}
				>
					{asks.verb === "approve" ? (
						<>
							<p className="soft">{t("notice.to", { recipients: notice.recipients.join(", ") })}</p>
							<div className="notice-text" lang={notice.language}>
								<b>{notice.subject}</b>
								{"\n"}
								{notice.body}
							</div>
						</>
					) : (
						<p>{t("notice.discardBody")}</p>
					)}
				</Confirm>
			)}
		</section>
	);
}
