import { Button } from "@fluentui/react-components";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { Fragment, useEffect, useState } from "react";
import { why } from "../api.ts";
import type { Maintenance, Mute, MuteList } from "../api-types.ts";
import { Confirm } from "../incidents/confirm.tsx";
import { useNow } from "../live.ts";
import { matchedNames, useNames } from "../names.ts";
import { Badge } from "../operations/state-badge.tsx";
import { given } from "../search.ts";
import { useKeys } from "../shell/keys.ts";
import { useSigned } from "../shell/signed.ts";
import { Empty, ErrorState, Loading, RefreshFailed } from "../shell/states.tsx";
import { times, useText } from "../text.ts";
import { heldWords } from "./held-words.ts";
import { MuteForm } from "./mute-form.tsx";
import { AFTER_A_MUTE, mutesQuery, routingActions } from "./queries.ts";

const HOUR_MS = 3_600_000;

/** What holds pages back: nothing of it is invisible, and everything has an end. */
export function MutesPage() {
	const t = useText();
	const now = useNow(15_000);
	const { show, make } = useSearch({ from: "/mutes" });
	const navigate = useNavigate({ from: "/mutes" });
	const { session } = useSigned();
	const query = useQuery(mutesQuery(show === "over"));
	const mayAct = session.role === "responder" || session.role === "admin";
	const open = (matchers: string | undefined) =>
		void navigate({ search: given({ show, make: matchers }), replace: true });
	useEffect(() => {
		document.title = t("mutes.title");
	}, [t]);
	useKeys({
		n: () => {
			if (mayAct) open("");
		},
	});
	const data = query.data;
	return (
		<article className="incident-page">
			{data === undefined ? (
				query.error === null ? (
					<Loading rows={6} />
				) : (
					<ErrorState what={t("what.mutes")} error={query.error} retry={() => void query.refetch()} />
				)
			) : (
				<>
					{query.error === null ? null : <RefreshFailed error={query.error} since={query.dataUpdatedAt} now={now} />}
					<h1>{t("mutes.title")}</h1>
					<p className="incident-sentence">
						{t("mutes.sentence", {
							held: data.held.length,
							active: data.items.filter(({ state }) => state === "active").length,
							maintenance: data.maintenance.filter(({ isOn }) => isOn).length,
						})}
					</p>
					<div className="list-bar">
						{mayAct ? (
							<Button appearance="primary" onClick={() => open("")}>
								{t("mutes.makeTitle")}
							</Button>
						) : null}
						<Link className="button-link" to="/mutes" search={show === "over" ? {} : { show: "over" }}>
							{t(show === "over" ? "mutes.showOpen" : "mutes.showOver")}
						</Link>
					</div>
					<MuteTable data={data} isOver={show === "over"} mayAct={mayAct} now={now} />
					<HeldList held={data.held} now={now} />
					<MaintenanceList maintenance={data.maintenance} now={now} />
				</>
			)}
			{make !== undefined && mayAct ? (
				<MuteForm matchers={make} longestMs={data?.longestMs} close={() => open(undefined)} />
			) : null}
		</article>
	);
}

interface TableProps {
	readonly data: MuteList;
	readonly isOver: boolean;
	readonly mayAct: boolean;
	readonly now: number;
}

function MuteTable({ data, isOver, mayAct, now }: TableProps) {
	const t = useText();
	const names = useNames();
	if (data.items.length === 0) {
		return (
			<Empty title={t(isOver ? "mutes.noneOver" : "mutes.none")}>
				<p>{t("mutes.noneBody")}</p>
			</Empty>
		);
	}
	return (
		<table className="plain-table stack">
			<thead>
				<tr>
					<th scope="col">{t("mutes.what")}</th>
					<th scope="col">{t("mutes.state")}</th>
					<th scope="col">{t("mutes.until")}</th>
					<th scope="col">{t("mutes.owner")}</th>
					<th scope="col">{t("mutes.held")}</th>
					{mayAct && !isOver ? <th scope="col">{t("mutes.actions")}</th> : null}
				</tr>
			</thead>
			<tbody>
				{data.items.map((mute) => (
					<tr key={mute.id}>
						<th scope="row">
							{mute.matchers.map((set, i) => (
								<Fragment key={set}>
									{i === 0 ? null : <p className="soft definition">{t("mutes.or")}</p>}
									<code className="breakable">{set}</code>
									<p className="soft definition">{matchedNames(set, names)}</p>
								</Fragment>
							))}
							<p className="soft definition">{mute.reason}</p>
						</th>
						<td>
							<Badge
								look={mute.state === "active" ? "muted" : mute.state === "pending" ? "at-risk" : "not-in-use"}
								word={t(`mutes.state.${mute.state}`)}
							/>
						</td>
						<td data-label={t("mutes.until")}>{untilWords(t, mute, now)}</td>
						<td data-label={t("mutes.owner")}>{mute.owner}</td>
						<td data-label={t("mutes.held")}>
							{t("mutes.heldCount", { count: mute.heldCount })}
							<Incidents ids={mute.holding} />
						</td>
						{mayAct && !isOver ? (
							<td>
								<MuteActions mute={mute} longestMs={data.longestMs} />
							</td>
						) : null}
					</tr>
				))}
			</tbody>
		</table>
	);
}

function untilWords(t: ReturnType<typeof useText>, mute: Mute, now: number): string {
	if (mute.endedAt !== null) return t("mutes.endedBy", { time: times.at(mute.endedAt, now), who: mute.endedBy ?? "" });
	if (mute.state === "pending")
		return t("mutes.fromUntil", { from: times.at(mute.startsAt, now), until: times.at(mute.endsAt, now) });
	return times.at(mute.endsAt, now);
}

function Incidents({ ids }: { readonly ids: readonly string[] }) {
	if (ids.length === 0) return null;
	return (
		<ul className="steps">
			{ids.map((id) => (
				<li key={id}>
					<Link to="/incidents/$id" params={{ id }}>
						{id}
					</Link>
				</li>
			))}
		</ul>
	);
}

function MuteActions({ mute, longestMs }: { readonly mute: Mute; readonly longestMs: number }) {
	const t = useText();
	const { session } = useSigned();
	const client = useQueryClient();
	const actions = routingActions(session.csrfToken);
	const [isAsking, setAsking] = useState(false);
	const act = useMutation({
		mutationFn: (end: number | undefined) => (end === undefined ? actions.end(mute) : actions.putOff(mute, end)),
		onSettled: () => Promise.all(AFTER_A_MUTE.map((queryKey) => client.invalidateQueries({ queryKey }))),
	});
	const later = Math.min(mute.endsAt + HOUR_MS, mute.startsAt + longestMs);
	const what = mute.matchers.join(" or ");
	return (
		<>
			<div className="actions">
				<Button
					size="small"
					disabled={act.isPending}
					onClick={() => setAsking(true)}
					aria-label={t("mutes.endWhat", { what })}
				>
					{t("mutes.end")}
				</Button>
				<Button
					size="small"
					disabled={act.isPending || later <= mute.endsAt}
					onClick={() => act.mutate(later)}
					aria-label={t("mutes.putOffWhat", { what })}
				>
					{t("mutes.putOff")}
				</Button>
			</div>
			{act.error === null ? null : (
				<p className="failure" role="alert">
					{t("mutes.failed", { why: why(act.error) })}
				</p>
			)}
			{isAsking ? (
				<Confirm
					title={t("mutes.endTitle")}
					verb={t("mutes.end")}
					confirm={() => {
						setAsking(false);
						act.mutate(undefined);
					}}
					cancel={() => setAsking(false)}
				>
					<p className="breakable">{what}</p>
					<p>{t("mutes.endBody", { count: mute.holding.length })}</p>
				</Confirm>
			) : null}
		</>
	);
}

function HeldList({ held, now }: { readonly held: MuteList["held"]; readonly now: number }) {
	const t = useText();
	if (held.length === 0) return null;
	return (
		<section>
			<h2>{t("mutes.heldNow")}</h2>
			<ul className="steps">
				{held.map(({ incident, title, kind, until }) => (
					<li key={incident}>
						<Link to="/incidents/$id" params={{ id: incident }}>
							{incident}
						</Link>{" "}
						{title}, {heldWords(t, kind, until, now)}
					</li>
				))}
			</ul>
		</section>
	);
}

export function MaintenanceList({
	maintenance,
	now,
}: {
	readonly maintenance: readonly Maintenance[];
	readonly now: number;
}) {
	const t = useText();
	const names = useNames();
	if (maintenance.length === 0) return null;
	return (
		<section>
			<h2>{t("maintenance.title")}</h2>
			<ul className="steps">
				{maintenance.map((each) => (
					<li key={each.name}>
						<b>{each.displayName}</b>{" "}
						{each.isOn
							? each.until === null
								? t("maintenance.on")
								: t("maintenance.onUntil", { until: times.at(each.until, now) })
							: each.nextAt === null
								? t("maintenance.past")
								: t("maintenance.next", { at: times.at(each.nextAt, now) })}
						<p className="soft definition">
							{[...each.tenants.map(names.tenant), ...each.workloads.map(names.workload)].join(", ")} · {each.owner} ·{" "}
							{each.text}
						</p>
					</li>
				))}
			</ul>
		</section>
	);
}
