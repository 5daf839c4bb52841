import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { monitorsQuery } from "../api.ts";
import type { MonitorLine } from "../api-types.ts";
import { useNow } from "../live.ts";
import { given, matchesText } from "../search.ts";
import { SearchBox } from "../shell/search-box.tsx";
import { Empty, ErrorState, Loading, RefreshFailed } from "../shell/states.tsx";
import { SloPageFrame } from "../slos/slo-tabs.tsx";
import { type Text, times, useText } from "../text.ts";
import { ModeBadge } from "./mode-badge.tsx";

/** Every monitor with its mode; those that tell nobody are never hidden. */
export function MonitorsPage() {
	const t = useText();
	const now = useNow(60_000);
	const query = useQuery(monitorsQuery);
	const { q } = useSearch({ from: "/monitors" });
	const navigate = useNavigate({ from: "/monitors" });
	const monitors = query.data;
	const shown = monitors?.filter((each) => matchesText(`${each.name} ${each.displayName} ${each.watches}`, q));
	return (
		<SloPageFrame title={t("monitors.title")}>
			{monitors === undefined || shown === undefined ? (
				query.error === null ? (
					<Loading rows={6} />
				) : (
					<ErrorState what={t("what.monitors")} error={query.error} retry={() => void query.refetch()} />
				)
			) : (
				<>
					{query.error === null ? null : <RefreshFailed error={query.error} since={query.dataUpdatedAt} now={now} />}
					<h1>{t("monitors.title")}</h1>
					{monitors.length === 0 ? (
						<Empty title={t("monitors.none")}>
							<p>{t("monitors.noneBody")}</p>
						</Empty>
					) : (
						<>
							<p className="incident-sentence">{modesSentence(t, monitors)}</p>
							<div className="list-bar">
								<SearchBox
									label={t("monitors.filter")}
									placeholder={t("monitors.filter")}
									value={q}
									change={(text) => void navigate({ search: given({ q: text }), replace: true })}
								/>
							</div>
							{shown.length === 0 ? (
								<Empty title={t("monitors.noMatch", { text: q ?? "" })} />
							) : (
								<MonitorTable monitors={shown} now={now} />
							)}
						</>
					)}
				</>
			)}
		</SloPageFrame>
	);
}

export function modesSentence(t: Text, monitors: readonly Pick<MonitorLine, "mode">[]): string {
	const count = (mode: MonitorLine["mode"]) => monitors.filter((monitor) => monitor.mode === mode).length;
	return t("monitors.sentence", {
		live: count("live"),
		paused: count("paused"),
		shadow: count("shadow"),
		draft: count("draft"),
	});
}

function MonitorTable({ monitors, now }: { readonly monitors: readonly MonitorLine[]; readonly now: number }) {
	const t = useText();
	return (
		<table className="plain-table stack">
			<thead>
				<tr>
					<th scope="col">{t("monitors.monitor")}</th>
					<th scope="col">{t("monitors.mode")}</th>
					<th scope="col">{t("monitors.severity")}</th>
					<th scope="col">{t("monitors.fired")}</th>
					<th scope="col">{t("monitors.last")}</th>
				</tr>
			</thead>
			<tbody>
				{monitors.map((monitor) => (
					<tr key={monitor.name}>
						<th scope="row">
							<Link to="/monitors/$monitor" params={{ monitor: monitor.name }}>
								{monitor.displayName}
							</Link>
							<p className="soft definition">{monitor.watches}</p>
						</th>
						<td>
							<ModeBadge mode={monitor.mode} />
						</td>
						<td data-label={t("monitors.severity")}>{monitor.severity}</td>
						<td data-label={t("monitors.fired")}>{firedWords(t, monitor)}</td>
						<td data-label={t("monitors.last")}>
							{monitor.lastFiredAt === null ? (
								<span className="soft">{t("monitors.never")}</span>
							) : (
								times.at(monitor.lastFiredAt, now)
							)}
						</td>
					</tr>
				))}
			</tbody>
		</table>
	);
}

/** How often it fired, or would have; of one that does not run nothing is known. */
export function firedWords(t: Text, { mode, fired, firedInShadow }: Fired): string {
	if (mode === "draft" && fired === 0) return t("monitors.notRun");
	if (mode === "shadow" && fired === 0) return t("monitors.firedShadow", { count: firedInShadow });
	const told = t("monitors.firedLive", { count: fired });
	return firedInShadow === 0 ? told : `${told}, ${t("monitors.alsoShadow", { count: firedInShadow })}`;
}

type Fired = Pick<MonitorLine, "mode" | "fired" | "firedInShadow">;
