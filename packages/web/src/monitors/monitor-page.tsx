import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { ApiError, monitorQuery } from "../api.ts";
import type { Firing, MonitorDetail } from "../api-types.ts";
import { formatDuration } from "../format.ts";
import { IncidentStateBadge } from "../incidents/state-badge.tsx";
import { useNow } from "../live.ts";
import { Empty, ErrorState, Loading, RefreshFailed } from "../shell/states.tsx";
import { SloPageFrame } from "../slos/slo-tabs.tsx";
import { type Text, times, useText } from "../text.ts";
import { ModeBadge } from "./mode-badge.tsx";
import { Rules } from "./rules.tsx";

/** One monitor: its mode, what it watches and how, the values that hold and where they come from, and its firings. */
export function MonitorPage() {
	const t = useText();
	const now = useNow(60_000);
	const { monitor: name } = useParams({ from: "/monitors/$monitor" });
	const query = useQuery(monitorQuery(name));
	const monitor = query.data;
	return (
		<SloPageFrame title={monitor?.displayName ?? name}>
			{monitor !== undefined ? (
				<>
					{query.error === null ? null : <RefreshFailed error={query.error} since={query.dataUpdatedAt} now={now} />}
					<Monitor monitor={monitor} now={now} />
				</>
			) : query.error === null ? (
				<Loading rows={6} />
			) : query.error instanceof ApiError && query.error.status === 404 ? (
				<Empty title={t("monitor.unknown")}>
					<p>{t("monitor.unknownBody")}</p>
					<p>
						<Link to="/monitors">{t("monitors.title")}</Link>
					</p>
				</Empty>
			) : (
				<ErrorState what={t("what.monitor")} error={query.error} retry={() => void query.refetch()} />
			)}
		</SloPageFrame>
	);
}

function Monitor({ monitor, now }: { readonly monitor: MonitorDetail; readonly now: number }) {
	const t = useText();
	return (
		<>
			<header>
				<h1>{monitor.displayName}</h1>
				<p className="incident-sentence">
					<ModeBadge mode={monitor.mode} /> {modeWords(t, monitor, now)}
				</p>
				<p className="soft">
					{monitor.place === null ? t("monitor.builtIn") : t("monitor.written", { place: monitor.place })}
				</p>
			</header>
			<div className="cards">
				<section className="card">
					<h2>{t("monitor.watches")}</h2>
					<p>{monitor.watches}</p>
					<ul className="inline-list">
						{monitor.slos.map((slo) => (
							<li key={slo.name}>
								<Link to="/slos/$slo" params={{ slo: slo.name }}>
									{slo.displayName}
								</Link>
							</li>
						))}
					</ul>
				</section>
				<section className="card">
					<h2>{t("monitor.how")}</h2>
					<ul className="steps">
						{monitor.how.map((line) => (
							<li key={line}>{line}</li>
						))}
					</ul>
				</section>
			</div>
			<Planned planned={monitor.planned} now={now} />
			<Firings monitor={monitor} now={now} />
			{monitor.rules.length === 0 ? null : <Rules monitor={monitor} />}
			<Settings settings={monitor.settings} />
		</>
	);
}

/** What the mode means; a pause also says until when, why, and who answers for it. */
export function modeWords(
	t: Text,
	{ mode, severity, pause }: Pick<MonitorDetail, "mode" | "severity" | "pause">,
	now: number,
): string {
	if (mode === "paused" && pause !== null)
		return t("mode.says.paused", { until: times.at(pause.until, now), owner: pause.owner, reason: pause.reason });
	return t(mode === "paused" ? "mode.says.pausedOpen" : `mode.says.${mode}`, { severity });
}

function Settings({ settings }: { readonly settings: MonitorDetail["settings"] }) {
	const t = useText();
	return (
		<section className="card wide">
			<h2>{t("monitor.settings")}</h2>
			<table className="plain-table stack">
				<thead>
					<tr>
						<th scope="col">{t("monitor.key")}</th>
						<th scope="col">{t("monitor.value")}</th>
						<th scope="col">{t("monitor.holdsFor")}</th>
						<th scope="col">{t("monitor.setBy")}</th>
					</tr>
				</thead>
				<tbody>
					{settings.map(({ field, value, holdsFor, setBy, name, place }) => (
						<tr key={`${field} ${setBy} ${holdsFor}`}>
							<th scope="row">
								<code>{field}</code>
							</th>
							<td data-label={t("monitor.value")}>{value}</td>
							<td data-label={t("monitor.holdsFor")}>
								{holdsFor || t(isOverridden(settings, field) ? "monitor.others" : "monitor.everything")}
							</td>
							<td data-label={t("monitor.setBy")}>
								{t(`monitor.setBy.${setBy}`, { name })}
								{place === null ? null : (
									<>
										{" "}
										<code>{place}</code>
									</>
								)}
							</td>
						</tr>
					))}
				</tbody>
			</table>
		</section>
	);
}

function isOverridden(settings: MonitorDetail["settings"], field: string): boolean {
	return settings.some((each) => each.field === field && each.holdsFor !== "");
}

/** Of a radar: what planned maintenance keeps it from judging. */
function Planned({ planned, now }: { readonly planned: MonitorDetail["planned"]; readonly now: number }) {
	const t = useText();
	if (planned.length === 0) return null;
	return (
		<section className="card wide">
			<h2>{t("monitor.planned")}</h2>
			<p className="soft">{t("monitor.plannedWhy")}</p>
			<ul className="steps">
				{planned.map(({ name, owner, tenants, workloads, from, until }) => (
					<li key={`${name} ${from}`}>
						<strong>{t("monitor.plannedOf", { name, owner })}</strong>:{" "}
						{until === null
							? t("monitor.plannedOpen", { from: times.at(from, now) })
							: t("monitor.plannedWhen", { from: times.at(from, now), until: times.at(until, now) })}
						{from <= now && now < (until ?? Number.POSITIVE_INFINITY) ? ` (${t("monitor.plannedNow")})` : ""};{" "}
						{tenants.length === 0 ? t("monitor.plannedAll") : tenants.join(", ")}; {workloads.join(", ")}
					</li>
				))}
			</ul>
		</section>
	);
}

const NO_FIRINGS = {
	live: "monitor.noFirings",
	paused: "monitor.noFirings",
	shadow: "monitor.noFiringsShadow",
	draft: "monitor.noFiringsDraft",
} as const;

function Firings({ monitor, now }: { readonly monitor: MonitorDetail; readonly now: number }) {
	const t = useText();
	const { firings, mode } = monitor;
	return (
		<section className="card wide">
			<h2>{t(mode === "shadow" ? "monitor.firingsShadow" : "monitor.firings")}</h2>
			{firings.length === 0 ? (
				<p className="soft">{t(NO_FIRINGS[mode])}</p>
			) : (
				<table className="plain-table stack">
					<thead>
						<tr>
							<th scope="col">{t("monitor.col.when")}</th>
							<th scope="col">{t("monitor.col.who")}</th>
							<th scope="col">{t("monitor.col.saw")}</th>
							<th scope="col">{t("monitor.col.ended")}</th>
							<th scope="col">{t("monitor.col.became")}</th>
						</tr>
					</thead>
					<tbody>
						{firings.map((firing) => (
							<tr key={`${firing.at} ${firing.tenant} ${firing.slo}`}>
								<th scope="row">{times.at(firing.at, now)}</th>
								<td data-label={t("monitor.col.who")}>
									{firing.tenant === "" ? t("fleet.platform") : firing.tenantDisplayName}, {firing.sloDisplayName}
								</td>
								<td data-label={t("monitor.col.saw")}>{firing.says}</td>
								<td data-label={t("monitor.col.ended")}>{endWords(t, firing, now)}</td>
								<td data-label={t("monitor.col.became")}>
									<Became firing={firing} />
								</td>
							</tr>
						))}
					</tbody>
				</table>
			)}
		</section>
	);
}

function endWords(t: Text, { at, endedAt, isShadow }: Firing, now: number): string {
	if (endedAt === null && isShadow) return t("monitor.notFollowed");
	if (endedAt === null) return t("monitor.stillOn");
	return `${times.at(endedAt, now)}, ${t("incident.lasted", { duration: formatDuration(endedAt - at) })}`;
}

function Became({ firing }: { readonly firing: Firing }) {
	const t = useText();
	const { incident, incidentState, verdict } = firing;
	if (incident === null) return <span className="soft">{t("monitor.nobodyTold")}</span>;
	return (
		<span className="card-head">
			<Link to="/incidents/$id" params={{ id: incident }}>
				{incident}
			</Link>
			{incidentState === null ? null : <IncidentStateBadge state={incidentState} />}
			{verdict === null ? null : <span className="soft">{t(`verdict.${verdict}`)}</span>}
		</span>
	);
}
