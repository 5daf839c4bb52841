import { Button } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { createPortal } from "react-dom";
import { fleetQuery } from "../api.ts";
import type { CellState, FleetRow, FleetView } from "../api-types.ts";
import { formatDuration } from "../format.ts";
import { useLive, useNow } from "../live.ts";
import { type FleetSearch, given, matchesText } from "../search.ts";
import { useKeys } from "../shell/keys.ts";
import { LiveChip } from "../shell/live-chip.tsx";
import { SearchBox } from "../shell/search-box.tsx";
import { useSigned } from "../shell/signed.ts";
import { Empty, ErrorState, Loading, RefreshFailed } from "../shell/states.tsx";
import { StateIcon } from "../state-icon.tsx";
import { useText } from "../text.ts";
import { Announcer } from "./announcer.tsx";
import { CellDrawer } from "./cell-drawer.tsx";
import { Grid } from "./grid.tsx";
import { useOrder } from "./use-order.ts";

export function FleetPage() {
	const t = useText();
	const fleet = useQuery(fleetQuery);
	const now = useNow(5000);
	const breached = fleet.data?.tenants.filter((row) => row.worst === "breach").length ?? 0;
	const title = breached > 0 ? t("fleet.titleBreach", { count: breached }) : t("fleet.title");
	useEffect(() => {
		document.title = title;
	}, [title]);
	if (fleet.data === undefined) {
		if (fleet.error === null) return <Loading rows={18} />;
		return <ErrorState what={t("what.fleet")} error={fleet.error} retry={() => void fleet.refetch()} />;
	}
	return (
		<>
			{fleet.error === null ? null : <RefreshFailed error={fleet.error} since={fleet.dataUpdatedAt} now={now} />}
			<Fleet view={fleet.data} />
		</>
	);
}

function Fleet({ view }: { readonly view: FleetView }) {
	const t = useText();
	const search = useSearch({ from: "/fleet" });
	const navigate = useNavigate({ from: "/fleet" });
	const now = useNow(5000);
	const isStale = useLive(now).liveness === "stale";
	const { side } = useSigned();
	const grid = useRef<HTMLDivElement>(null);
	const { shown, waiting, apply } = useOrder(view.tenants, grid);
	const set = (change: { [K in keyof FleetSearch]: FleetSearch[K] | undefined }, replace = true) =>
		void navigate({ search: (before) => given({ ...before, ...change }), replace });

	const closeDrawer = () => {
		const cell = search.cell;
		set({ cell: undefined });
		if (cell !== undefined) grid.current?.querySelector<HTMLElement>(`[data-cell="${CSS.escape(cell)}"]`)?.focus();
	};
	useKeys({
		u: apply,
		Escape: closeDrawer,
	});

	const rows = new Map(view.tenants.map((row) => [row.name, row]));
	const visible = (names: readonly string[]) =>
		names.flatMap((name) => {
			const row = rows.get(name);
			return row !== undefined && matches(row, search) ? [row] : [];
		});
	const above = visible(shown.order.slice(0, shown.attention));
	const below = visible(shown.order.slice(shown.attention));
	const opened = openedCell(view, search.cell);

	return (
		<div className={isStale ? "fleet stale" : "fleet"}>
			<Announcer view={view} />
			<div className="fleet-head">
				<h1 className="sentence">
					{view.sentence.map((part, i) => (
						// biome-ignore lint/suspicious/noArrayIndexKey: the parts have no identity but their place
						<span key={i} className={`tone-${part.tone}`}>
							{part.tone === "plain" ? null : <StateIcon state={part.tone} size={18} />}
							{part.text}{" "}
						</span>
					))}
				</h1>
				{isStale ? <StaleBanner now={now} /> : null}
				<div className="fleet-bar">
					<SearchBox
						label={t("fleet.filterLabel")}
						placeholder={t("fleet.filter")}
						value={search.q}
						change={(q) => set({ q })}
					/>
					<Legend tenants={view.tenants} selected={search.state} select={(state) => set({ state })} />
					<span className="spacer" />
					{waiting > 0 ? (
						<Button className="waiting" onClick={apply}>
							{t("fleet.waiting", { count: waiting })}
						</Button>
					) : null}
					<LiveChip />
				</div>
			</div>
			{view.tenants.length === 0 ? <FirstRun /> : null}
			<Grid
				ref={grid}
				view={view}
				above={above}
				below={below}
				isFiltered={search.q !== undefined || search.state !== undefined}
				opened={search.cell}
				open={(cell) => set({ cell }, false)}
				isStale={isStale}
			/>
			{view.tenants.length > 0 && above.length + below.length === 0 ? (
				<NoMatch search={search} clear={() => set({ q: undefined, state: undefined })} />
			) : null}
			{opened !== undefined && side !== null
				? createPortal(<CellDrawer key={search.cell} view={view} {...opened} close={closeDrawer} />, side)
				: null}
		</div>
	);
}

function StaleBanner({ now }: { readonly now: number }) {
	const t = useText();
	const { heardAt, startedAt } = useLive(now);
	return <p className="banner">{t("live.staleBanner", { age: formatDuration(now - (heardAt ?? startedAt)) })}</p>;
}

const LEGEND: readonly CellState[] = ["breach", "at-risk", "no-data", "muted", "healthy"];

function Legend({
	tenants,
	selected,
	select,
}: {
	readonly tenants: readonly FleetRow[];
	readonly selected: CellState | undefined;
	readonly select: (state: CellState | undefined) => void;
}) {
	const t = useText();
	return (
		<fieldset className="legend">
			<legend className="hidden">{t("fleet.legend")}</legend>
			{LEGEND.map((state) => (
				<button
					key={state}
					type="button"
					className={`chip state-${state}`}
					aria-pressed={selected === state}
					onClick={() => select(selected === state ? undefined : state)}
				>
					<StateIcon state={state} />
					{t(`state.${state}`)}
					<span className="chip-count">{tenants.filter((row) => row.worst === state).length}</span>
				</button>
			))}
		</fieldset>
	);
}

function FirstRun() {
	const t = useText();
	return (
		<Empty title={t("fleet.empty")}>
			<p>{t("fleet.emptyBody")}</p>
			<p>{t("fleet.emptyDemo")}</p>
		</Empty>
	);
}

function NoMatch({ search, clear }: { readonly search: FleetSearch; readonly clear: () => void }) {
	const t = useText();
	const filters: string[] = [];
	if (search.q !== undefined) filters.push(t("fleet.filterText", { text: search.q }));
	if (search.state !== undefined) filters.push(t("fleet.filterState", { state: t(`state.${search.state}`) }));
	return (
		<Empty title={t("fleet.noMatch", { filters: filters.join(", ") })}>
			<Button onClick={clear}>{t("fleet.clear")}</Button>
		</Empty>
	);
}

function matches(row: FleetRow, { q, state }: FleetSearch): boolean {
	if (state !== undefined && row.worst !== state) return false;
	return matchesText(`${row.displayName} ${row.name} ${row.tier?.displayName ?? ""}`, q);
}

function openedCell(view: FleetView, cell: string | undefined) {
	if (cell === undefined) return undefined;
	const slash = cell.lastIndexOf("/");
	const [name, workload] = [cell.slice(0, slash), cell.slice(slash + 1)];
	const row = name === "" ? view.platform : view.tenants.find((candidate) => candidate.name === name);
	const found = row?.cells.find((candidate) => candidate.workload === workload);
	return row !== undefined && found !== undefined ? { row, cell: found, isPlatform: name === "" } : undefined;
}
