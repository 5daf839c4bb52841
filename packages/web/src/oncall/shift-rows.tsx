import type { ScheduleDetail } from "../api-types.ts";
import { times, useText } from "../text.ts";
import { names } from "./frame.tsx";

type Shift = ScheduleDetail["shifts"][number];

/** Shifts along a line of time, one row; gaps of a row that must have none are red. The table beside it says the same. */
export function ShiftRow({
	label,
	shifts,
	gaps = [],
	from,
	to,
	now,
}: {
	readonly label: string;
	readonly shifts: readonly Shift[];
	readonly gaps?: readonly { readonly from: number; readonly to: number }[];
	readonly from: number;
	readonly to: number;
	readonly now: number;
}) {
	const t = useText();
	const place = (begin: number, end: number) => ({
		left: `${(100 * (begin - from)) / (to - from)}%`,
		width: `${(100 * (end - begin)) / (to - from)}%`,
	});
	const says = t("schedule.row", {
		name: label,
		shifts: shifts.length,
		from: times.at(from, now),
		to: times.at(to, now),
	});
	return (
		<div className="shift-row">
			<span className="shift-label">{label}</span>
			<div className="shift-line" role="img" aria-label={says}>
				{shifts.map((shift) => (
					<span
						key={`${shift.role} ${shift.from}`}
						className="shift-bar"
						style={place(shift.from, shift.to)}
						title={`${names(shift.people, "")}\n${times.at(shift.from, now)} – ${times.at(shift.to, now)}`}
					>
						{names(shift.people, "")}
					</span>
				))}
				{gaps.map((gap) => (
					<span key={gap.from} className="shift-gap" style={place(gap.from, gap.to)} />
				))}
				{now > from && now < to ? <span className="shift-now" style={{ left: place(now, now).left }} /> : null}
			</div>
		</div>
	);
}

/** Midnights of the reader's zone, above the rows; every day, or every seventh where days are narrow. */
export function DayScale({ from, to }: { readonly from: number; readonly to: number }) {
	const days: number[] = [];
	const first = new Date(from);
	for (let day = 1; ; day++) {
		const at = new Date(first.getFullYear(), first.getMonth(), first.getDate() + day).getTime();
		if (at >= to) break;
		days.push(at);
	}
	const format = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric" });
	return (
		<div className="shift-row" aria-hidden="true">
			<span className="shift-label" />
			<div className="shift-scale">
				{days.map((at) => (
					<span key={at} style={{ left: `${(100 * (at - from)) / (to - from)}%` }}>
						{format.format(at)}
					</span>
				))}
			</div>
		</div>
	);
}

export function ShiftTable({ shifts, now }: { readonly shifts: readonly Shift[]; readonly now: number }) {
	const t = useText();
	return (
		<details>
			<summary>{t("schedule.table")}</summary>
			<table className="plain-table stack">
				<thead>
					<tr>
						<th scope="col">{t("schedule.from")}</th>
						<th scope="col">{t("schedule.to")}</th>
						<th scope="col">{t("oncall.role")}</th>
						<th scope="col">{t("schedule.who")}</th>
						<th scope="col">{t("schedule.by")}</th>
					</tr>
				</thead>
				<tbody>
					{shifts.map((shift) => (
						<tr key={`${shift.role} ${shift.from}`}>
							<th scope="row">{times.at(shift.from, now)}</th>
							<td data-label={t("schedule.to")}>{times.at(shift.to, now)}</td>
							<td data-label={t("oncall.role")}>{t(`oncall.role.${shift.role}`)}</td>
							<td data-label={t("schedule.who")}>{names(shift.people, "")}</td>
							<td data-label={t("schedule.by")}>{shift.by.join(", ")}</td>
						</tr>
					))}
				</tbody>
			</table>
		</details>
	);
}
