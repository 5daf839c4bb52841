import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { onCallQuery } from "../api.ts";
import type { OnCallLoad, OnCallView } from "../api-types.ts";
import { formatDuration } from "../format.ts";
import { useNow } from "../live.ts";
import { Badge } from "../operations/state-badge.tsx";
import { Empty, ErrorState, Loading, RefreshFailed } from "../shell/states.tsx";
import { times, useText } from "../text.ts";
import { names, OnCallFrame } from "./frame.tsx";
import { loadQuery } from "./queries.ts";

type Uncovered = OnCallView["uncovered"][number];

/** Where nobody will be on call first; then who is now and next, and how the load is divided. */
export function OnCallPage() {
	const t = useText();
	const now = useNow(30_000);
	const query = useQuery(onCallQuery);
	const load = useQuery(loadQuery);
	const view = query.data;
	return (
		<OnCallFrame title={t("oncall.title")}>
			{view === undefined ? (
				query.error === null ? (
					<Loading rows={6} />
				) : (
					<ErrorState what={t("what.onCall")} error={query.error} retry={() => void query.refetch()} />
				)
			) : (
				<>
					{query.error === null ? null : <RefreshFailed error={query.error} since={query.dataUpdatedAt} now={now} />}
					<h1>{t("oncall.title")}</h1>
					{view.schedules.length === 0 ? (
						<Empty title={t("oncall.none")}>
							<p>{t("oncall.noneBody")}</p>
						</Empty>
					) : (
						<>
							<UncoveredTime uncovered={view.uncovered} now={now} />
							<NowAndNext view={view} now={now} />
							{load.data === undefined ? null : <Load load={load.data} />}
						</>
					)}
				</>
			)}
		</OnCallFrame>
	);
}

function UncoveredTime({ uncovered, now }: { readonly uncovered: readonly Uncovered[]; readonly now: number }) {
	const t = useText();
	const promised = uncovered.filter(({ isPromised }) => isPromised);
	const other = uncovered.filter(({ isPromised }) => !isPromised);
	return (
		<>
			<p className="incident-sentence">
				{promised.length === 0 ? null : <Badge look="breach" word={t("oncall.uncovered")} />}{" "}
				{t("oncall.sentence", { promised: promised.length })}
			</p>
			{promised.length === 0 ? null : (
				<ul className="uncovered" aria-label={t("oncall.uncovered")}>
					{promised.map((gap) => (
						<Gap key={`${gap.schedule} ${gap.from}`} gap={gap} now={now} />
					))}
				</ul>
			)}
			{other.length === 0 ? null : (
				<details className="uncovered-other">
					<summary>
						{t("oncall.uncoveredOther")} ({other.length})
					</summary>
					<ul className="steps">
						{other.map((gap) => (
							<Gap key={`${gap.schedule} ${gap.from}`} gap={gap} now={now} />
						))}
					</ul>
				</details>
			)}
		</>
	);
}

function Gap({ gap, now }: { readonly gap: Uncovered; readonly now: number }) {
	const t = useText();
	return (
		<li>
			{t("oncall.uncoveredLine", {
				schedule: gap.scheduleDisplayName,
				from: times.at(gap.from, now),
				to: times.at(gap.to, now),
				length: formatDuration(gap.to - gap.from),
			})}
		</li>
	);
}

function NowAndNext({ view, now }: { readonly view: OnCallView; readonly now: number }) {
	const t = useText();
	return (
		<section className="card wide">
			<h2>{t("oncall.now")}</h2>
			<table className="plain-table stack">
				<thead>
					<tr>
						<th scope="col">{t("oncall.schedule")}</th>
						<th scope="col">{t("oncall.role")}</th>
						<th scope="col">{t("oncall.nowPeople")}</th>
						<th scope="col">{t("oncall.until")}</th>
						<th scope="col">{t("oncall.next")}</th>
					</tr>
				</thead>
				<tbody>
					{view.schedules.flatMap((schedule) =>
						schedule.roles.map((role) => (
							<tr key={`${schedule.name} ${role.role}`}>
								<th scope="row">
									<Link to="/oncall/schedules/$schedule" params={{ schedule: schedule.name }}>
										{schedule.displayName}
									</Link>
								</th>
								<td data-label={t("oncall.role")}>{t(`oncall.role.${role.role}`)}</td>
								<td data-label={t("oncall.nowPeople")}>
									{role.people.length === 0 && role.role === "primary" ? (
										<Badge look="breach" word={t("oncall.nobody")} />
									) : (
										<b>{names(role.people, t("oncall.nobody"))}</b>
									)}
								</td>
								<td data-label={t("oncall.until")}>
									{role.until === null ? <span className="soft">{t("oncall.always")}</span> : times.at(role.until, now)}
								</td>
								<td data-label={t("oncall.next")}>
									{role.until === null ? "–" : names(role.next, t("oncall.nobody"))}
								</td>
							</tr>
						)),
					)}
				</tbody>
			</table>
		</section>
	);
}

function Load({ load }: { readonly load: OnCallLoad }) {
	const t = useText();
	return (
		<section className="card wide">
			<h2>{t("oncall.load")}</h2>
			<p className="soft">{t("oncall.loadAbout")}</p>
			{load.people.length === 0 ? (
				<p>{t("oncall.loadNone")}</p>
			) : (
				<table className="plain-table stack">
					<thead>
						<tr>
							<th scope="col">{t("oncall.person")}</th>
							<th scope="col">{t("oncall.zone")}</th>
							<th scope="col">{t("oncall.hours")}</th>
							<th scope="col">{t("oncall.nights")}</th>
							<th scope="col">{t("oncall.weekendHours")}</th>
							<th scope="col">{t("oncall.shifts")}</th>
							<th scope="col">{t("oncall.pages")}</th>
							<th scope="col">{t("oncall.nightPages")}</th>
						</tr>
					</thead>
					<tbody>
						{load.people.map((each) => (
							<tr key={each.person.name}>
								<th scope="row">{each.person.displayName}</th>
								<td data-label={t("oncall.zone")}>{each.timeZone}</td>
								<td data-label={t("oncall.hours")}>{each.hours}</td>
								<td data-label={t("oncall.nights")}>{each.nights}</td>
								<td data-label={t("oncall.weekendHours")}>{each.weekendHours}</td>
								<td data-label={t("oncall.shifts")}>{each.shifts}</td>
								<td data-label={t("oncall.pages")}>{each.pages}</td>
								<td data-label={t("oncall.nightPages")}>{each.nightPages}</td>
							</tr>
						))}
					</tbody>
				</table>
			)}
		</section>
	);
}
