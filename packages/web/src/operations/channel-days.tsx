import type { ChannelView } from "../api-types.ts";
import { useText } from "../text.ts";
import { formatCount } from "./words.ts";

const HEIGHT = 36;
const STEP = 12;
const BAR = 9;
/** Narrower, so that not the colour alone tells what failed. */
const BAD_BAR = 5;

type Days = ChannelView["days"];

/** Attempts by day: bars, what failed on top; the same as a table. */
export function ChannelDays({ days }: { readonly days: Days }) {
	const t = useText();
	const sum = (of: (day: Days[number]) => number) => days.reduce((total, day) => total + of(day), 0);
	const most = Math.max(...days.map(({ sent, failed, uncertain }) => sent + failed + uncertain));
	if (most <= 0) return <p className="soft">{t("channels.daysNone")}</p>;
	const counts = {
		sent: formatCount(sum((day) => day.sent)),
		failed: formatCount(sum((day) => day.failed)),
		uncertain: formatCount(sum((day) => day.uncertain)),
	};
	return (
		<figure className="channel-days">
			<svg
				viewBox={`0 0 ${days.length * STEP} ${HEIGHT}`}
				preserveAspectRatio="xMinYMax meet"
				role="img"
				aria-label={t("channels.days", counts)}
			>
				{days.map((day, k) => (
					<Bar key={day.at} day={day} x={k * STEP} most={most} />
				))}
			</svg>
			<figcaption className="soft">{t("channels.days", counts)}</figcaption>
			<details>
				<summary>{t("channels.daysTable")}</summary>
				<table className="plain-table">
					<thead>
						<tr>
							<th scope="col">{t("channels.day")}</th>
							<th scope="col">{t("channels.sent")}</th>
							<th scope="col">{t("channels.failed")}</th>
							<th scope="col">{t("channels.uncertain")}</th>
						</tr>
					</thead>
					<tbody>
						{days.toReversed().map((day) => (
							<tr key={day.at}>
								<th scope="row">{new Date(day.at).toISOString().slice(0, 10)}</th>
								<td>{formatCount(day.sent)}</td>
								<td>{formatCount(day.failed)}</td>
								<td>{formatCount(day.uncertain)}</td>
							</tr>
						))}
					</tbody>
				</table>
			</details>
		</figure>
	);
}

function Bar({ day, x, most }: { readonly day: Days[number]; readonly x: number; readonly most: number }) {
	// What is there is seen, however much there is of the rest.
	const height = (count: number) => (count === 0 ? 0 : Math.max(2, (count / most) * (HEIGHT - 4)));
	const [sent, bad] = [height(day.sent), height(day.failed + day.uncertain)];
	return (
		<>
			<rect className="day-none" x={x} y={HEIGHT - 1} width={BAR} height={1} />
			<rect className="day-sent" x={x} y={HEIGHT - 1 - sent} width={BAR} height={sent} />
			<rect
				className="day-failed"
				x={x + (BAR - BAD_BAR) / 2}
				y={HEIGHT - 1 - sent - bad}
				width={BAD_BAR}
				height={bad}
			/>
		</>
	);
}
