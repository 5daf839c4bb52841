import { Button, Field, Textarea } from "@fluentui/react-components";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { onCallQuery, why } from "../api.ts";
import type { CellState, HandOver } from "../api-types.ts";
import { useNow } from "../live.ts";
import { matchedNames, useNames } from "../names.ts";
import { Badge } from "../operations/state-badge.tsx";
import { useSigned } from "../shell/signed.ts";
import { Empty, ErrorState, Loading, RefreshFailed } from "../shell/states.tsx";
import { times, useText } from "../text.ts";
import { Choose } from "./act-form.tsx";
import { names, OnCallFrame } from "./frame.tsx";
import { mayActOnCall } from "./may-act.ts";
import { handOverQuery, onCallActions } from "./queries.ts";
import { Absences } from "./schedule-changes.tsx";

/** The worst come first; the fleet has them all. */
const TENANTS_SHOWN = 12;

/** What whoever comes must know: open incidents, mutes that end, tenants at risk, the note of whoever leaves. */
export function HandOverPage() {
	const t = useText();
	const now = useNow(30_000);
	const schedules = useQuery(onCallQuery).data?.schedules;
	const search = useSearch({ from: "/oncall/handover" });
	const navigate = useNavigate({ from: "/oncall/handover" });
	const name = search.schedule ?? schedules?.[0]?.name;
	const query = useQuery(handOverQuery(name));
	const view = query.data;
	return (
		<OnCallFrame title={t("oncall.handOver")}>
			<h1>{t("oncall.handOver")}</h1>
			{schedules?.length === 0 ? (
				<Empty title={t("oncall.none")}>
					<p>{t("oncall.noneBody")}</p>
				</Empty>
			) : null}
			{schedules === undefined || schedules.length < 2 ? null : (
				<div className="list-bar">
					<Choose
						label={t("handover.choose")}
						choices={schedules}
						value={name ?? ""}
						change={(schedule) => void navigate({ search: { schedule }, replace: true })}
					/>
				</div>
			)}
			{view === undefined ? (
				query.error === null ? (
					<Loading rows={6} />
				) : (
					<ErrorState what={t("what.handOver")} error={query.error} retry={() => void query.refetch()} />
				)
			) : (
				<>
					{query.error === null ? null : <RefreshFailed error={query.error} since={query.dataUpdatedAt} now={now} />}
					<p className="soft">{t("handover.about", { at: times.at(view.at, now) })}</p>
					<div className="cards">
						<OnCallCard view={view} now={now} />
						{view.absences.length === 0 ? null : <Absences schedule={view} now={now} />}
						<Incidents view={view} now={now} />
						<Mutes view={view} now={now} />
						<Tenants view={view} />
						<Notes key={view.schedule} view={view} now={now} />
					</div>
				</>
			)}
		</OnCallFrame>
	);
}

interface CardProps {
	readonly view: HandOver;
	readonly now: number;
}

function OnCallCard({ view, now }: CardProps) {
	const t = useText();
	return (
		<section className="card">
			<h2>{t("handover.now")}</h2>
			<dl className="facts">
				{view.now.map((role) => (
					<div key={role.role}>
						<dt>{t(`oncall.role.${role.role}`)}</dt>
						<dd>
							{names(role.people, t("oncall.nobody"))}
							{role.until === null ? null : (
								<>
									{" → "}
									{names(role.next, t("oncall.nobody"))}, {times.at(role.until, now)}
								</>
							)}
						</dd>
					</div>
				))}
			</dl>
		</section>
	);
}

function Incidents({ view, now }: CardProps) {
	const t = useText();
	return (
		<section className="card">
			<h2>{t("handover.incidents")}</h2>
			{view.incidents.length === 0 ? <p className="soft">{t("handover.incidentsNone")}</p> : null}
			<ul className="act-list">
				{view.incidents.map((incident) => (
					<li key={incident.id}>
						<Link to="/incidents/$id" params={{ id: incident.id }}>
							{incident.title}
						</Link>
						<span className="soft">
							{t("handover.incident", {
								severity: incident.severity,
								state: incident.state,
								since: times.at(incident.detectedAt, now),
								owner: incident.acknowledgedBy ?? "none",
							})}
						</span>
					</li>
				))}
			</ul>
		</section>
	);
}

function Mutes({ view, now }: CardProps) {
	const t = useText();
	const called = useNames();
	return (
		<section className="card">
			<h2>{t("handover.mutes")}</h2>
			{view.mutes.length === 0 ? <p className="soft">{t("handover.mutesNone")}</p> : null}
			<ul className="act-list">
				{view.mutes.map((mute) => (
					<li key={mute.id}>
						<code>{mute.matchers.join(" or ")}</code>
						<span className="soft">{matchedNames(mute.matchers.join(" or "), called)}</span>
						<span className="soft">
							{t("handover.mute", { at: times.at(mute.endsAt, now), owner: mute.owner, reason: mute.reason })}
						</span>
					</li>
				))}
			</ul>
		</section>
	);
}

function Tenants({ view }: { readonly view: HandOver }) {
	const t = useText();
	const shown = view.tenants.slice(0, TENANTS_SHOWN);
	const more = view.tenants.length - shown.length;
	const called = useNames();
	return (
		<section className="card">
			<h2>{t("handover.tenants")}</h2>
			{view.tenants.length === 0 ? <p className="soft">{t("handover.tenantsNone")}</p> : null}
			<ul className="act-list">
				{shown.map((tenant) => (
					<li key={tenant.name}>
						<span>
							<Badge look={tenant.state as CellState} word={t(`state.${tenant.state as CellState}`)} />{" "}
							<Link to="/tenants/$tenant" params={{ tenant: tenant.name }}>
								{tenant.displayName}
							</Link>{" "}
							<span className="soft">{tenant.workloads.map(called.workload).join(", ")}</span>
						</span>
					</li>
				))}
			</ul>
			{more === 0 ? null : <Link to="/fleet">{t("handover.tenantsMore", { count: more })}</Link>}
		</section>
	);
}

function Notes({ view, now }: CardProps) {
	const t = useText();
	const { session } = useSigned();
	const client = useQueryClient();
	const [text, setText] = useState("");
	const key = useRef(crypto.randomUUID());
	const write = useMutation({
		mutationFn: () => onCallActions(session.csrfToken).note(view.schedule, text, key.current),
		onSuccess: () => {
			key.current = crypto.randomUUID();
			setText("");
			void client.invalidateQueries({ queryKey: handOverQuery(view.schedule).queryKey });
		},
	});
	return (
		<section className="card wide">
			<h2>{t("handover.note")}</h2>
			{mayActOnCall(session) ? (
				<form
					className="resolve-form"
					onSubmit={(event) => {
						event.preventDefault();
						if (text.trim() !== "") write.mutate();
					}}
				>
					<Field label={t("handover.noteLabel")}>
						<Textarea
							value={text}
							maxLength={4_000}
							rows={4}
							resize="vertical"
							onChange={(_, data) => setText(data.value)}
						/>
					</Field>
					<div className="actions">
						<Button type="submit" appearance="primary" disabled={write.isPending || text.trim() === ""}>
							{t("handover.write")}
						</Button>
						{write.isSuccess && text === "" ? <span role="status">{t("handover.written")}</span> : null}
					</div>
					{write.error === null ? null : (
						<p className="failure breakable" role="alert">
							{t("form.refused", { why: why(write.error) })}
						</p>
					)}
				</form>
			) : null}
			{view.notes.length === 0 ? <p className="soft">{t("handover.notesNone")}</p> : null}
			<ul className="act-list">
				{view.notes.map((note) => (
					<li key={note.seq}>
						<span className="soft">{t("handover.noteBy", { by: note.by, at: times.at(note.at, now) })}</span>
						<span className="note-text">{note.text}</span>
					</li>
				))}
			</ul>
		</section>
	);
}
