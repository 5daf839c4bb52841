import { Button } from "@fluentui/react-components";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect } from "react";
import { incidentsQuery } from "../api.ts";
import type { IncidentSummary } from "../api-types.ts";
import { formatCountdown } from "../format.ts";
import { useNow } from "../live.ts";
import { heldWords } from "../mutes/held-words.ts";
import { given, type IncidentsSearch, matchesText } from "../search.ts";
import { LiveChip } from "../shell/live-chip.tsx";
import { SearchBox } from "../shell/search-box.tsx";
import { Empty, ErrorState, Loading, RefreshFailed } from "../shell/states.tsx";
import { StateIcon } from "../state-icon.tsx";
import { times, useText } from "../text.ts";
import { age, isOpen } from "./incident.ts";
import { IncidentStateBadge } from "./state-badge.tsx";

const SHOWS = ["open", "held", "all"] as const;
type Show = (typeof SHOWS)[number];

export function IncidentsPage() {
	const t = useText();
	const now = useNow();
	const search = useSearch({ from: "/incidents" });
	const lists = {
		open: useInfiniteQuery(incidentsQuery("open")),
		held: useInfiniteQuery(incidentsQuery("held")),
		all: useInfiniteQuery(incidentsQuery("all")),
	};
	const shown = search.show ?? "open";
	const query = lists[shown];
	const navigate = useNavigate({ from: "/incidents" });
	useEffect(() => {
		document.title = t("incidents.title");
	}, [t]);
	if (query.data === undefined) {
		if (query.error === null) return <Loading />;
		return <ErrorState what={t("what.incidents")} error={query.error} retry={() => void query.refetch()} />;
	}
	const set = (change: { [K in keyof IncidentsSearch]: IncidentsSearch[K] | undefined }) =>
		void navigate({ search: (before) => given({ ...before, ...change }), replace: true });
	const itemsOf = (show: Show) => {
		const items = lists[show].data?.pages.flatMap((page) => page.items) ?? [];
		return show === "open" ? items.filter(isOpen) : items;
	};
	const listed = itemsOf(shown).filter((incident) => matches(incident, search.q));
	const last = itemsOf("all")[0];
	return (
		<div className="incident-page">
			{query.error === null ? null : <RefreshFailed error={query.error} since={query.dataUpdatedAt} now={now} />}
			<h1>{t("incidents.title")}</h1>
			<div className="list-bar">
				<SearchBox
					label={t("incidents.filter")}
					placeholder={t("incidents.filter")}
					value={search.q}
					change={(q) => set({ q })}
				/>
				<div className="toggle">
					{SHOWS.map((show) => (
						<button
							key={show}
							type="button"
							aria-pressed={show === shown}
							onClick={() => set({ show: show === "open" ? undefined : show })}
						>
							{t(`incidents.${show}`)} {itemsOf(show).length}
							{lists[show].hasNextPage ? "+" : ""}
						</button>
					))}
				</div>
				<Link className="button-link" to="/mutes">
					{t("mutes.title")}
				</Link>
				<span className="spacer" />
				<LiveChip />
			</div>
			{listed.length > 0 ? (
				<IncidentTable incidents={listed} now={now} />
			) : search.q !== undefined ? (
				<Empty title={t("incidents.noMatch", { text: search.q })} />
			) : shown === "held" ? (
				<Empty title={t("incidents.noneHeld")} />
			) : last === undefined ? (
				<Empty title={t("incidents.none")} />
			) : (
				<Empty title={t("incidents.noneOpen")}>
					<p>
						{t("incidents.last", {
							tenant: last.tenantDisplayName || last.title,
							time: times.at(last.detectedAt, now),
						})}
					</p>
				</Empty>
			)}
			{query.hasNextPage ? (
				<div className="actions no-print">
					<Button disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
						{t(query.isFetchingNextPage ? "incidents.loadingOlder" : "incidents.older")}
					</Button>
				</div>
			) : null}
		</div>
	);
}

function IncidentTable({ incidents, now }: { readonly incidents: readonly IncidentSummary[]; readonly now: number }) {
	const t = useText();
	return (
		<table className="plain-table stack">
			<thead>
				<tr>
					<th scope="col">{t("incidents.col.incident")}</th>
					<th scope="col">{t("incidents.col.state")}</th>
					<th scope="col">{t("incidents.col.severity")}</th>
					<th scope="col">{t("incidents.col.detected")}</th>
					<th scope="col">{t("incidents.col.acknowledged")}</th>
					<th scope="col">{t("incidents.col.verdict")}</th>
				</tr>
			</thead>
			<tbody>
				{incidents.map((incident) => (
					<tr key={incident.id}>
						<th scope="row">
							<Link to="/incidents/$id" params={{ id: incident.id }}>
								{incident.id} {incident.title}
							</Link>
						</th>
						<td>
							<IncidentStateBadge state={incident.state} />
							<Held incident={incident} now={now} />
						</td>
						<td>{t("incident.severity", { key: incident.severity.key })}</td>
						<td data-label={t("incidents.col.detected")}>
							{times.at(incident.detectedAt, now)}
							<br />
							<span className="soft">{age(incident, now, t)}</span>
						</td>
						<td data-label={t("incidents.col.acknowledged")}>
							<Acknowledged incident={incident} now={now} />
						</td>
						<td data-label={t("incidents.col.verdict")}>
							{incident.verdict === null ? (
								<span className="soft">{t("incidents.noVerdict")}</span>
							) : (
								t(`verdict.${incident.verdict}`)
							)}
						</td>
					</tr>
				))}
			</tbody>
		</table>
	);
}

/** Why nobody is paged, and until when. */
function Held({ incident: { held }, now }: { readonly incident: IncidentSummary; readonly now: number }) {
	const t = useText();
	if (held === null) return null;
	const why = heldWords(t, held.kind, held.until, now);
	return (
		<p className="held">
			<StateIcon state="muted" /> {t("incidents.heldBecause", { why })}
		</p>
	);
}

function Acknowledged({ incident, now }: { readonly incident: IncidentSummary; readonly now: number }) {
	const t = useText();
	if (incident.acknowledgedAt !== null)
		return (
			<>
				{incident.acknowledgedBy}, {times.at(incident.acknowledgedAt, now)}
			</>
		);
	if (incident.state !== "detected" || incident.held !== null || incident.acknowledgeDueAt === null)
		return <span className="soft">–</span>;
	const left = incident.acknowledgeDueAt - now;
	return (
		<b className="due">
			{left >= 0
				? t("fleet.ackDue", { left: formatCountdown(left) })
				: t("fleet.ackLate", { late: formatCountdown(-left) })}
		</b>
	);
}

function matches(incident: IncidentSummary, q: string | undefined): boolean {
	return matchesText(
		`${incident.id} ${incident.title} ${incident.tenantDisplayName} ${incident.workloadDisplayName}`,
		q,
	);
}
