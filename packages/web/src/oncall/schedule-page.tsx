import { Button } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { ApiError } from "../api.ts";
import type { ScheduleDetail } from "../api-types.ts";
import { formatDuration, formatShare } from "../format.ts";
import { useNow } from "../live.ts";
import { Badge } from "../operations/state-badge.tsx";
import { Empty, ErrorState, Loading, RefreshFailed } from "../shell/states.tsx";
import { times, useText } from "../text.ts";
import { CalendarLinks } from "./calendar-links.tsx";
import { names, OnCallFrame } from "./frame.tsx";
import { scheduleQuery } from "./queries.ts";
import { Absences, Overrides, Swaps, useMayAct } from "./schedule-changes.tsx";
import { AbsenceForm, OverrideForm, SwapForm } from "./schedule-forms.tsx";
import { DayScale, ShiftRow, ShiftTable } from "./shift-rows.tsx";

const DAY_MS = 86_400_000;
const SHOWN_MS = 15 * DAY_MS;

/** One schedule: who is on call when, by which layers, and what people changed about it. */
export function SchedulePage() {
	const t = useText();
	const now = useNow(30_000);
	const { schedule: name } = useParams({ from: "/oncall/schedules/$schedule" });
	const { week = 0 } = useSearch({ from: "/oncall/schedules/$schedule" });
	const midnight = new Date(now).setHours(0, 0, 0, 0);
	const from = midnight + week * 7 * DAY_MS;
	const query = useQuery(scheduleQuery(name, from, from + SHOWN_MS));
	const schedule = query.data;
	if (query.error instanceof ApiError && query.error.status === 404) {
		return (
			<OnCallFrame title={t("schedule.unknown")}>
				<Empty title={t("schedule.unknown")}>
					<p>{t("schedule.unknownBody")}</p>
				</Empty>
			</OnCallFrame>
		);
	}
	return (
		<OnCallFrame title={schedule?.displayName ?? name}>
			{schedule === undefined ? (
				query.error === null ? (
					<Loading rows={6} />
				) : (
					<ErrorState what={t("what.schedule")} error={query.error} retry={() => void query.refetch()} />
				)
			) : (
				<>
					{query.error === null ? null : <RefreshFailed error={query.error} since={query.dataUpdatedAt} now={now} />}
					<Page schedule={schedule} now={now} week={week} />
				</>
			)}
		</OnCallFrame>
	);
}

function Page({
	schedule,
	now,
	week,
}: {
	readonly schedule: ScheduleDetail;
	readonly now: number;
	readonly week: number;
}) {
	const t = useText();
	const mayAct = useMayAct();
	const [form, setForm] = useState<"override" | "swap" | "absence">();
	const props = { schedule, now, close: () => setForm(undefined) };
	return (
		<>
			<h1>{schedule.displayName}</h1>
			<Gaps schedule={schedule} now={now} />
			{schedule.now.map((role) => (
				<p key={role.role} className={role.role === "primary" ? "incident-sentence" : ""}>
					<RoleSentence role={role} now={now} />
				</p>
			))}
			{mayAct ? (
				<div className="actions">
					<Button appearance="primary" onClick={() => setForm("override")}>
						{t("schedule.override")}
					</Button>
					<Button onClick={() => setForm("swap")}>{t("schedule.swap")}</Button>
					<Button onClick={() => setForm("absence")}>{t("schedule.absence")}</Button>
				</div>
			) : null}
			{form === "override" ? <OverrideForm {...props} /> : null}
			{form === "swap" ? <SwapForm {...props} /> : null}
			{form === "absence" ? <AbsenceForm {...props} /> : null}
			<Final schedule={schedule} now={now} week={week} />
			<div className="cards">
				<Overrides schedule={schedule} now={now} />
				<Swaps schedule={schedule} now={now} />
				<Absences schedule={schedule} now={now} />
				{schedule.quality === null ? null : <Quality quality={schedule.quality} />}
				<CalendarLinks schedule={schedule.name} now={now} />
			</div>
		</>
	);
}

function RoleSentence({ role, now }: { readonly role: ScheduleDetail["now"][number]; readonly now: number }) {
	const t = useText();
	const word = t(`oncall.role.${role.role}`).toLowerCase();
	if (role.people.length === 0) return t("schedule.sentenceNobody", { role: word });
	const values = { people: names(role.people, ""), count: role.people.length, role: word };
	if (role.until === null) return t("schedule.sentenceAlways", values);
	const next = names(role.next, t("oncall.nobody"));
	return t("schedule.sentence", { ...values, until: times.at(role.until, now), next });
}

function Gaps({ schedule, now }: { readonly schedule: ScheduleDetail; readonly now: number }) {
	const t = useText();
	const { gaps, coverage } = schedule;
	const isBroken = coverage === "24x7" && gaps.length > 0;
	if (gaps.length === 0 || !isBroken)
		return (
			<p>
				<span className="tag">{t(coverage === "24x7" ? "schedule.promise" : "schedule.noPromise")}</span>{" "}
				{coverage === "24x7" ? t("schedule.gaps", { count: 0 }) : null}
			</p>
		);
	return (
		<>
			<p>
				<Badge look="breach" word={t("schedule.promise")} /> {t("schedule.gaps", { count: gaps.length })}
			</p>
			<ul className="uncovered" aria-label={t("oncall.uncovered")}>
				{gaps.map((gap) => (
					<li key={gap.from}>
						{t("schedule.gap", {
							from: times.at(gap.from, now),
							to: times.at(gap.to, now),
							length: formatDuration(gap.to - gap.from),
						})}
					</li>
				))}
			</ul>
		</>
	);
}

function Final({
	schedule,
	now,
	week,
}: {
	readonly schedule: ScheduleDetail;
	readonly now: number;
	readonly week: number;
}) {
	const t = useText();
	const navigate = useNavigate({ from: "/oncall/schedules/$schedule" });
	const go = (to: number) => void navigate({ search: to === 0 ? {} : { week: to }, replace: true });
	const { from, to } = schedule;
	return (
		<section className="card wide">
			<div className="card-head">
				<h2>{t("schedule.final")}</h2>
				<span className="soft">{t("schedule.range", { from: times.at(from, now), to: times.at(to, now) })}</span>
				<div className="actions">
					<Button size="small" onClick={() => go(week - 1)}>
						{t("schedule.earlier")}
					</Button>
					<Button size="small" disabled={week === 0} onClick={() => go(0)}>
						{t("schedule.today")}
					</Button>
					<Button size="small" onClick={() => go(week + 1)}>
						{t("schedule.later")}
					</Button>
				</div>
			</div>
			<DayScale from={from} to={to} />
			{schedule.roles.map((role) => (
				<ShiftRow
					key={role}
					label={t(`oncall.role.${role}`)}
					shifts={schedule.shifts.filter((shift) => shift.role === role)}
					gaps={schedule.coverage === "24x7" && role === "primary" ? schedule.gaps : []}
					from={from}
					to={to}
					now={now}
				/>
			))}
			<ShiftTable shifts={schedule.shifts} now={now} />
			<h3>{t("schedule.layers")}</h3>
			{schedule.layers.map((layer) => (
				<div key={layer.name}>
					<ShiftRow label={layer.name} shifts={layer.shifts} from={from} to={to} now={now} />
					<p className="soft definition">
						{layerLine(t, layer)}: {layer.says}
					</p>
					{layer.calendar === null ? null : <CalendarState calendar={layer.calendar} now={now} />}
				</div>
			))}
		</section>
	);
}

function layerLine(t: ReturnType<typeof useText>, layer: ScheduleDetail["layers"][number]): string {
	const values = { name: layer.name, role: t(`oncall.role.${layer.role}`).toLowerCase(), zone: layer.timeZone };
	return layer.priority === null
		? t("schedule.layerOverride", values)
		: t("schedule.layer", { ...values, priority: layer.priority });
}

function CalendarState({
	calendar,
	now,
}: {
	readonly calendar: NonNullable<ScheduleDetail["layers"][number]["calendar"]>;
	readonly now: number;
}) {
	const t = useText();
	return (
		<>
			{calendar.readAt === null ? null : (
				<p className="soft">
					{t("schedule.calendarRead", { at: times.at(calendar.readAt, now), events: calendar.events })}
				</p>
			)}
			{calendar.fault === null ? null : (
				<p className="banner">{t("schedule.calendarFault", { why: calendar.fault })}</p>
			)}
			{calendar.unknown.length === 0 ? null : (
				<p className="banner">{t("schedule.calendarUnknown", { titles: calendar.unknown.join("; ") })}</p>
			)}
		</>
	);
}

function Quality({ quality }: { readonly quality: NonNullable<ScheduleDetail["quality"]> }) {
	const t = useText();
	return (
		<section className="card">
			<h2>{t("schedule.quality")}</h2>
			<p>
				<b>{t("schedule.score", { score: quality.score })}</b>
			</p>
			<p className="soft">
				{t("schedule.scoreAbout", {
					uncovered: quality.uncoveredMs === 0 ? "none" : formatDuration(quality.uncoveredMs),
					overload: formatShare(quality.overload),
				})}
			</p>
			<table className="plain-table stack">
				<thead>
					<tr>
						<th scope="col">{t("oncall.person")}</th>
						<th scope="col">{t("oncall.hours")}</th>
						<th scope="col">{t("oncall.nights")}</th>
						<th scope="col">{t("oncall.weekendHours")}</th>
					</tr>
				</thead>
				<tbody>
					{quality.people.map((each) => (
						<tr key={each.person.name}>
							<th scope="row">{each.person.displayName}</th>
							<td data-label={t("oncall.hours")}>{each.hours}</td>
							<td data-label={t("oncall.nights")}>{each.nights}</td>
							<td data-label={t("oncall.weekendHours")}>{each.weekendHours}</td>
						</tr>
					))}
				</tbody>
			</table>
		</section>
	);
}
