import { Button } from "@fluentui/react-components";
import { Dismiss20Regular } from "@fluentui/react-icons/svg/dismiss";
import { Link } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useRef } from "react";
import type { Cell, FleetRow, FleetView, SloCell } from "../api-types.ts";
import { burnOf, formatBudget, formatBurn, formatDuration, formatObjective, formatSli } from "../format.ts";
import { AcknowledgeButton } from "../incidents/acknowledge-button.tsx";
import { useNow } from "../live.ts";
import { StateIcon } from "../state-icon.tsx";
import { useText } from "../text.ts";
import { PlatformWordPart } from "./platform-word.tsx";
import { cellSentence } from "./slo-sentence.ts";

/** A chart is a library of its own: the fleet page does not wait for it. */
const WindowChart = lazy(() => import("../tenants/window-chart.tsx").then((m) => ({ default: m.WindowChart })));
const CHART_HEIGHT = 168;
const NO_MARKS: readonly [] = [];

interface DrawerProps {
	readonly view: FleetView;
	readonly row: FleetRow;
	readonly cell: Cell;
	readonly isPlatform: boolean;
	readonly close: () => void;
}

/** One cell in full: every SLO of the workload, this tenant beside the platform, like with like. The grid stays. */
export function CellDrawer({ view, row, cell, isPlatform, close }: DrawerProps) {
	const t = useText();
	const now = useNow();
	const heading = useRef<HTMLHeadingElement>(null);
	useEffect(() => heading.current?.focus(), []);
	const workload = view.workloads.find((w) => w.name === cell.workload)?.displayName ?? cell.workload;
	const name = isPlatform ? t("fleet.platform") : row.displayName;
	const platform = view.platform.cells.find((candidate) => candidate.workload === cell.workload);
	const reading = (slo: string) => platform?.slos.find((candidate) => candidate.slo === slo);
	const rowIncident = row.incident?.id === cell.incident ? row.incident : null;
	return (
		<section className="drawer" aria-label={t("drawer.label", { row: name, workload })}>
			<header>
				<h2 ref={heading} tabIndex={-1}>
					<span className={`badge state-${cell.state}`}>
						<StateIcon state={cell.state} /> {t(`state.${cell.state}`)}
					</span>
					{t("drawer.label", { row: name, workload })}
				</h2>
				<Button appearance="subtle" icon={<Dismiss20Regular />} aria-label={t("drawer.close")} onClick={close} />
			</header>
			<p className="drawer-sentence">
				{cellSentence(t, { rowName: row.displayName, cell, isPlatform, name, workload, platform, now })}
			</p>
			{cell.incident === null ? null : (
				<div className="actions">
					{rowIncident?.state === "detected" ? (
						<AcknowledgeButton id={cell.incident} dueAt={rowIncident.acknowledgeDueAt} />
					) : null}
					<Link className="button-link" to="/incidents/$id" params={{ id: cell.incident }}>
						{t("incident.open", { id: cell.incident })}
					</Link>
				</div>
			)}
			{isPlatform || cell.state === "not-in-use" ? null : (
				<p>
					<Link to="/tenants/$tenant/$workload" params={{ tenant: row.name, workload: cell.workload }}>
						{t("tenant.open", { tenant: name, workload })}
					</Link>
				</p>
			)}
			{platform?.platformSays === undefined ? null : (
				<PlatformWordPart word={platform.platformSays} ours={platform.state} />
			)}
			{isPlatform || cell.lead === null ? null : (
				<Suspense>
					<WindowChart tenant={row} slo={cell.lead} range="24h" marks={NO_MARKS} height={CHART_HEIGHT} />
				</Suspense>
			)}
			{cell.slos.length > 0 ? <h3>{t(isPlatform ? "drawer.objectives" : "drawer.compare")}</h3> : null}
			{cell.slos.map((slo) => (
				<SloTable
					key={slo.slo}
					slo={slo}
					platform={isPlatform ? undefined : reading(slo.slo)}
					isPlatform={isPlatform}
					now={now}
				/>
			))}
		</section>
	);
}

function SloTable({
	slo,
	platform,
	isPlatform,
	now,
}: {
	readonly slo: SloCell;
	readonly platform: SloCell | undefined;
	readonly isPlatform: boolean;
	readonly now: number;
}) {
	const t = useText();
	const period = formatDuration(slo.periodMs);
	const both = isPlatform ? [slo] : [slo, platform];
	const rows: readonly (readonly [string, (s: SloCell) => string])[] = [
		[t("drawer.lastHour"), (s) => formatSli(s.sli, s.objective)],
		[t("drawer.burn"), (s) => formatBurn(burnOf(s.sli, s.objective))],
		[t("drawer.events"), (s) => Math.round(s.total1h).toLocaleString("en")],
		[t("drawer.budget", { period }), (s) => formatBudget(s.budgetRemaining)],
		[
			t("drawer.lastEvent"),
			(s) => (s.lastAt === null ? t("drawer.never") : t("drawer.ago", { duration: formatDuration(now - s.lastAt) })),
		],
	];
	return (
		<table className="slo">
			<caption>
				<span className={`badge state-${slo.state}`}>
					<StateIcon state={slo.state} /> {t(`state.${slo.state}`)}
				</span>{" "}
				<b>{slo.displayName}</b>
				<br />
				<span className="soft">
					{t("drawer.objective", {
						objective: formatObjective(slo.objective),
						unit: slo.unit,
						period,
						setBy: t(`setBy.${slo.objectiveSetBy}`),
					})}
				</span>
			</caption>
			<thead>
				<tr>
					<td />
					{isPlatform ? null : <th scope="col">{t("drawer.thisTenant")}</th>}
					<th scope="col">{t("fleet.platform")}</th>
				</tr>
			</thead>
			<tbody>
				{rows.map(([label, value]) => (
					<tr key={label}>
						<th scope="row">{label}</th>
						{both.map((s, i) => (
							<td key={i === 0 ? "tenant" : "platform"}>{s === undefined ? t("state.no-data") : value(s)}</td>
						))}
					</tr>
				))}
			</tbody>
		</table>
	);
}
