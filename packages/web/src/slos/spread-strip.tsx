import { useMemo } from "react";
import type { SloDetail, TenantReading } from "../api-types.ts";
import { formatBudget } from "../format.ts";
import { useText } from "../text.ts";
import { byBudget, isOverspent } from "./words.ts";

const WIDTH = 1_000;
const HEIGHT = 120;
/** The least that is drawn: a budget overspent by more reaches the lower edge. */
const LOWEST = -1;

/**
 * Every key tenant as a bar, by the budget that it has left. A picture only: the table below has the same, and is what a
 * keyboard or a screen reader uses.
 */
export function SpreadStrip({
	slo,
	chosen,
	choose,
}: {
	readonly slo: SloDetail;
	readonly chosen: string | undefined;
	readonly choose: (tenant: string) => void;
}) {
	const t = useText();
	const sorted = useMemo(() => byBudget(slo.readings), [slo.readings]);
	const { budget, unknown } = slo.spread;
	if (budget === null)
		return (
			<>
				<h2>{t("slo.spread")}</h2>
				<p className="soft">{t("slo.spreadNone")}</p>
			</>
		);
	const over = sorted.filter(isOverspent).length;
	const bottom = over === 0 ? 0 : Math.max(LOWEST, Math.min(...sorted.map(leftOf)));
	const y = (left: number) => ((1 - Math.max(bottom, Math.min(1, left))) / (1 - bottom)) * HEIGHT;
	const step = WIDTH / sorted.length;
	const [p5, p50, p95] = [budget.p5, budget.p50, budget.p95].map((value) => formatBudget(value)) as [
		string,
		string,
		string,
	];
	const first = sorted[0] as TenantReading;
	return (
		<>
			<h2>{t("slo.spread")}</h2>
			<p>{t("slo.bandText", { p5, p50, p95, unknown })}</p>
			{/* biome-ignore lint/a11y/useKeyWithClickEvents: the table below does the same by keyboard */}
			<svg
				className="spread-strip"
				viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
				preserveAspectRatio="none"
				role="img"
				aria-label={t("slo.spreadLabel", {
					count: sorted.length,
					low: formatBudget(first.budgetRemaining),
					tenant: first.tenantDisplayName,
					p5,
					p50,
					p95,
					over,
					unknown,
				})}
				onClick={(event) => {
					const box = event.currentTarget.getBoundingClientRect();
					const at = Math.floor(((event.clientX - box.left) / box.width) * sorted.length);
					const reading = sorted[Math.max(0, Math.min(sorted.length - 1, at))];
					if (reading !== undefined) choose(reading.tenant);
				}}
			>
				<rect className="spread-band" x={0} width={WIDTH} y={y(budget.p95)} height={y(budget.p5) - y(budget.p95)} />
				{sorted.map((reading, i) => (
					<Bar
						key={reading.tenant}
						reading={reading}
						isChosen={reading.tenant === chosen}
						x={i * step}
						step={step}
						y={y}
					/>
				))}
				<line className="spread-zero" x1={0} x2={WIDTH} y1={y(0)} y2={y(0)} />
			</svg>
			<p className="soft">{t("slo.spreadAbout")}</p>
			<p className="chart-key strip-key">
				{(["healthy", "at-risk", "breach", "muted", "no-data"] as const)
					.filter((look) => sorted.some((reading) => lookOf(reading) === look))
					.map((look) => (
						<span key={look} className={`bar-key bar-${look}`}>
							{t(`state.${look}`).toLowerCase()}
						</span>
					))}
				<span className="bar-key bar-chosen">{t("slo.key.chosen")}</span>
				<span className="bar-key bar-band">{t("slo.key.band")}</span>
			</p>
		</>
	);
}

function leftOf({ budgetRemaining }: TenantReading): number {
	return budgetRemaining ?? 1;
}

type Look = "healthy" | "at-risk" | "breach" | "muted" | "no-data";

function lookOf({ state, budgetRemaining }: TenantReading): Look {
	if (budgetRemaining === null) return "no-data";
	return state === "breach" || state === "at-risk" || state === "muted" ? state : "healthy";
}

function Bar({
	reading,
	isChosen,
	x,
	step,
	y,
}: {
	readonly reading: TenantReading;
	readonly isChosen: boolean;
	readonly x: number;
	readonly step: number;
	readonly y: (left: number) => number;
}) {
	const left = reading.budgetRemaining;
	const gap = Math.min(step * 0.2, 4);
	const [top, bottom] = left === null ? [y(1), y(0)] : [Math.min(y(left), y(0)), Math.max(y(left), y(0))];
	return (
		<>
			{isChosen ? <rect className="spread-chosen" x={x} width={step} y={0} height={HEIGHT} /> : null}
			<rect
				className={`spread-bar bar-${lookOf(reading)}`}
				x={x + gap / 2}
				width={step - gap}
				y={top}
				height={Math.max(1.5, bottom - top)}
			>
				<title>{`${reading.tenantDisplayName}: ${formatBudget(left)}`}</title>
			</rect>
		</>
	);
}
