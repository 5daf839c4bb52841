import { Link } from "@tanstack/react-router";
import { type KeyboardEvent, memo, type Ref, useImperativeHandle, useRef, useState } from "react";
import type { Cell, FleetRow, FleetView } from "../api-types.ts";
import { burnOf, formatBurn, formatObjective, formatSli } from "../format.ts";
import { StateIcon } from "../state-icon.tsx";
import { useText } from "../text.ts";
import { IncidentCell } from "./incident-cell.tsx";
import { WordMark, wordOf } from "./platform-word.tsx";
import { Strip } from "./strip.tsx";

interface GridProps {
	readonly ref: Ref<HTMLDivElement>;
	readonly view: FleetView;
	readonly above: readonly FleetRow[];
	readonly below: readonly FleetRow[];
	readonly isFiltered: boolean;
	readonly opened: string | undefined;
	readonly open: (cell: string) => void;
	readonly isStale: boolean;
}

/** More rows than this stand closer together. */
const COMFORTABLE_ROWS = 50;

/**
 * Key tenants by workload under the platform. An ARIA grid: one tab stop, arrows move, Enter opens. Columns for the
 * keyboard: 0 name, 1 strip, then the workloads, last the incident.
 */
export function Grid({ ref, view, above, below, isFiltered, opened, open, isStale }: GridProps) {
	const t = useText();
	const box = useRef<HTMLDivElement>(null);
	useImperativeHandle(ref, () => box.current as HTMLDivElement, []);
	const [active, setActive] = useState({ row: view.platform.name, column: 2 });
	const rows = [view.platform, ...above, ...below];
	const activeRow = rows.some((row) => row.name === active.row) ? active.row : view.platform.name;
	const columns = view.workloads.length + 3;

	const go = (rowIndex: number, column: number): boolean => {
		const row = rows[rowIndex];
		const element = box.current?.querySelector<HTMLElement>(
			`[data-row="${CSS.escape(row?.name ?? "")}"][data-column="${column}"]`,
		);
		if (row === undefined || element === null || element === undefined || element.offsetParent === null) return false;
		setActive({ row: row.name, column });
		element.focus();
		return true;
	};
	const onKeyDown = (event: KeyboardEvent<HTMLDivElement>) => {
		if (event.ctrlKey && event.key !== "Home" && event.key !== "End") return;
		if (event.altKey || event.metaKey) return;
		const target = place(event.target);
		if (target === undefined) return;
		const at = rows.findIndex((row) => row.name === target.row);
		const step = STEPS[event.key];
		if (step !== undefined) {
			event.preventDefault();
			let [row, column] = [at + step[0], target.column + step[1]];
			while (row >= 0 && row < rows.length && column >= 0 && column < columns && !go(row, column)) {
				row += step[0];
				column += step[1];
			}
			return;
		}
		if (event.key === "Home" || event.key === "End") {
			event.preventDefault();
			const isHome = event.key === "Home";
			go(event.ctrlKey ? (isHome ? 0 : rows.length - 1) : at, isHome ? 0 : columns - 1);
		} else if (event.key === "PageDown" || event.key === "PageUp") {
			event.preventDefault();
			go(Math.min(rows.length - 1, Math.max(0, at + (event.key === "PageDown" ? 10 : -10))), target.column);
		} else if (event.key === "Enter" || event.key === " ") {
			if (event.target instanceof HTMLAnchorElement) return;
			event.preventDefault();
			openFrom(target);
		}
	};
	const openFrom = (target: { row: string; column: number }) => {
		const row = rows.find((candidate) => candidate.name === target.row);
		if (row === undefined) return;
		const cell = row.cells[target.column - 2] ?? row.cells.find((candidate) => candidate.state === row.worst);
		if (cell !== undefined) open(keyOf(row, cell));
	};

	const rowOf = (row: FleetRow, index: number) => (
		<Row
			key={row.name}
			row={row}
			index={index}
			isPlatform={row === view.platform}
			at={row === view.platform ? view.at : 0}
			workloads={view.workloads}
			activeColumn={row.name === activeRow ? active.column : -1}
			opened={opened?.startsWith(`${row === view.platform ? "" : row.name}/`) === true ? opened : undefined}
			isStale={isStale}
		/>
	);
	const calm = isFiltered
		? t("fleet.needNoActionFiltered", { shown: below.length, count: view.needNoAction })
		: t("fleet.needNoAction", { count: below.length });
	return (
		<div
			ref={box}
			className={view.tenants.length > COMFORTABLE_ROWS ? "grid compact" : "grid"}
			style={{ "--workloads": view.workloads.length } as React.CSSProperties}
			role="grid"
			aria-label={t("fleet.grid")}
			aria-readonly="true"
			aria-rowcount={rows.length + 1}
			aria-colcount={columns}
			onKeyDown={onKeyDown}
			onFocus={(event) => {
				const target = place(event.target);
				if (target !== undefined) setActive(target);
			}}
			onClick={(event) => {
				const target = place(event.target);
				if (target !== undefined && target.column < columns - 1) openFrom(target);
			}}
		>
			<div className="pinned" role="rowgroup">
				<div className="row head" role="row" aria-rowindex={1}>
					<span role="columnheader">{t("fleet.tenant")}</span>
					<span role="columnheader" className="strip-column">
						{t("fleet.strip")}
					</span>
					{view.workloads.map((w) => (
						<span key={w.name} role="columnheader" className="workload" title={w.displayName}>
							{w.displayName}
						</span>
					))}
					<span role="columnheader" className="incident-column">
						{t("fleet.incident")}
					</span>
				</div>
				{rowOf(view.platform, 2)}
			</div>
			<div role="rowgroup">{above.map((row, i) => rowOf(row, i + 3))}</div>
			{view.tenants.length > 0 ? (
				<p className="calm">
					<span id="calm">{calm}</span>
					<span className="spacer" />
					<span>{t("fleet.caption")}</span>
				</p>
			) : null}
			<div role="rowgroup" aria-labelledby="calm">
				{below.map((row, i) => rowOf(row, above.length + i + 3))}
			</div>
		</div>
	);
}

const STEPS: Readonly<Record<string, readonly [number, number]>> = {
	ArrowUp: [-1, 0],
	ArrowDown: [1, 0],
	ArrowLeft: [0, -1],
	ArrowRight: [0, 1],
};

function place(target: EventTarget): { row: string; column: number } | undefined {
	const element = target instanceof Element ? target.closest<HTMLElement>("[data-column]") : null;
	if (element === null) return undefined;
	return { row: element.dataset.row ?? "", column: Number(element.dataset.column) };
}

/** How the address names a cell; the platform's row has no name there. */
function keyOf(row: FleetRow, cell: Cell): string {
	return `${row.tier === null ? "" : row.name}/${cell.workload}`;
}

interface RowProps {
	readonly row: FleetRow;
	readonly index: number;
	readonly isPlatform: boolean;
	/** Of the view, on the platform's row alone: the other rows must not change with it. */
	readonly at: number;
	readonly workloads: FleetView["workloads"];
	/** The column with the grid's tab stop, or −1 when it is in another row. */
	readonly activeColumn: number;
	readonly opened: string | undefined;
	readonly isStale: boolean;
}

const Row = memo(function Row({ row, index, isPlatform, at, workloads, activeColumn, opened, isStale }: RowProps) {
	const t = useText();
	const spot = (column: number) => ({
		"data-row": row.name,
		"data-column": column,
		tabIndex: activeColumn === column ? 0 : -1,
	});
	const last = workloads.length + 2;
	return (
		<div
			className={isPlatform ? "row platform" : row.worst === "breach" ? "row attention breached" : "row"}
			role="row"
			aria-rowindex={index}
		>
			<div className={needsBold(row) ? "name strong" : "name"} role="rowheader" {...spot(0)}>
				<span className="name-text">{isPlatform ? t("fleet.platform") : row.displayName}</span>
				<span className="tier">{isPlatform ? t("fleet.allCustomers") : row.tier?.displayName}</span>
			</div>
			<div className="strip-column" role="gridcell" {...spot(1)}>
				<Strip states={row.strip} />
			</div>
			{row.cells.map((cell, i) => (
				<StateCell
					key={cell.workload}
					cell={cell}
					cellKey={keyOf(row, cell)}
					workload={workloads[i]?.displayName ?? cell.workload}
					isPlatform={isPlatform}
					at={at}
					isOpened={opened === keyOf(row, cell)}
					isStale={isStale}
					spot={spot(i + 2)}
				/>
			))}
			<div className="incident-column" role="gridcell" {...(row.incident === null ? spot(last) : {})}>
				{row.incident === null ? (
					<span className={isPlatform ? "soft" : "hidden"}>
						{t(isPlatform ? "fleet.noPlatformIncident" : "fleet.noIncident")}
					</span>
				) : (
					<Link to="/incidents/$id" params={{ id: row.incident.id }} className="incident-link" {...spot(last)}>
						<IncidentCell incident={row.incident} />
					</Link>
				)}
			</div>
		</div>
	);
});

function needsBold(row: FleetRow): boolean {
	return row.tier === null || row.worst === "breach" || row.worst === "at-risk" || row.worst === "no-data";
}

function StateCell({
	cell,
	cellKey,
	workload,
	isPlatform,
	at,
	isOpened,
	isStale,
	spot,
}: {
	readonly cell: Cell;
	readonly cellKey: string;
	readonly workload: string;
	readonly isPlatform: boolean;
	readonly at: number;
	readonly isOpened: boolean;
	readonly isStale: boolean;
	readonly spot: object;
}) {
	const t = useText();
	const { lead, state, platformSays: says } = cell;
	const isLoud = state === "breach" || state === "at-risk";
	const sli = lead === null ? "" : formatSli(lead.sli, lead.objective);
	const burn = lead === null ? null : burnOf(lead.sli, lead.objective);
	const value =
		lead === null || lead.sli === null
			? ""
			: t("fleet.cellValue", { sli, burn: formatBurn(burn), objective: formatObjective(lead.objective) });
	const label = t("fleet.cellLabel", {
		workload,
		state: t(`state.${state}`),
		value,
		ring: cell.ring ? ` ${t("fleet.ring")}` : "",
		says: says === undefined ? "" : `; ${t("says.mark", { state: t(`says.${says.state}`) })}`,
	});
	const classes = ["cell", `state-${state}`];
	if (cell.ring) classes.push("ring");
	if (isPlatform) classes.push("of-platform");
	if (isOpened) classes.push("opened");
	if (isStale) classes.push("hatched");
	return (
		<div
			className={classes.join(" ")}
			role="gridcell"
			aria-label={label}
			title={says === undefined ? undefined : wordOf(says, t, at)}
			data-cell={cellKey}
			{...spot}
		>
			<StateIcon state={state} />
			{isLoud || (isPlatform && lead !== null && lead.sli !== null) ? (
				<span className="value">
					<b>{sli}</b>
					{isLoud && burn !== null ? <span className="burn"> · {formatBurn(burn)}</span> : null}
				</span>
			) : state === "no-data" || state === "muted" ? (
				<span className="word">{t(`state.${state}`)}</span>
			) : null}
			{says === undefined || says.state === "operational" ? null : <WordMark state={says.state} />}
		</div>
	);
}
