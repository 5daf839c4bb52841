import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { type KeyboardEvent, useEffect, useId, useMemo, useState } from "react";
import { fleetQuery, incidentsQuery, monitorsQuery, onCallQuery, slosQuery } from "../api.ts";
import { pagesFor } from "../operations/pages.ts";
import { type Text, useText } from "../text.ts";
import { Modal } from "./modal.tsx";
import { type Entry, matching } from "./palette-entries.ts";
import { useSigned } from "./signed.ts";

/** Goes to anything by a part of its name. Arrows choose while the field keeps the focus. */
export function Palette({ close }: { readonly close: () => void }) {
	const t = useText();
	const id = useId();
	const router = useRouter();
	const [text, setText] = useState("");
	const [at, setAt] = useState(0);
	const entries = useEntries(t);
	const found = useMemo(() => matching(entries, text), [entries, text]);
	const chosen = Math.min(at, found.length - 1);
	const open = (entry: Entry | undefined) => {
		if (entry === undefined) return;
		close();
		router.history.push(entry.to);
	};
	useEffect(() => {
		document.getElementById(`${id}-${chosen}`)?.scrollIntoView({ block: "nearest" });
	}, [id, chosen]);
	const onKeyDown = (event: KeyboardEvent) => {
		const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
		if (step !== undefined && found.length > 0) {
			event.preventDefault();
			setAt((chosen + step + found.length) % found.length);
		} else if (event.key === "Enter" && event.target instanceof HTMLInputElement) {
			event.preventDefault();
			open(found[chosen]);
		}
	};
	return (
		<Modal title={t("palette.title")} close={close} onKeyDown={onKeyDown}>
			<input
				data-first
				className="field"
				type="text"
				role="combobox"
				autoComplete="off"
				spellCheck={false}
				aria-label={t("palette.label")}
				placeholder={t("palette.label")}
				aria-expanded={found.length > 0}
				aria-controls={id}
				aria-autocomplete="list"
				{...(found.length === 0 ? {} : { "aria-activedescendant": `${id}-${chosen}` })}
				value={text}
				onChange={(event) => {
					setText(event.target.value);
					setAt(0);
				}}
			/>
			<p className="hidden" role="status">
				{t("palette.count", { count: found.length })}
			</p>
			{found.length === 0 ? <p className="soft">{t("palette.none", { text })}</p> : null}
			<div id={id} role="listbox" aria-label={t("palette.title")} className="palette-list">
				{found.map((entry, i) => (
					// biome-ignore lint/a11y/useKeyWithClickEvents: the field above has the keys of all of them
					<div
						key={entry.to}
						id={`${id}-${i}`}
						role="option"
						tabIndex={-1}
						aria-selected={i === chosen}
						onClick={() => open(entry)}
					>
						<span className="soft">{t(`palette.kind.${entry.kind}`)}</span>
						<b>{entry.name}</b>
						<span className="soft">{entry.about}</span>
					</div>
				))}
			</div>
			<p className="soft">{t("palette.hint")}</p>
		</Modal>
	);
}

/** Pages, then what is open, then everything that has a page of its own. What could not be read is left out. */
function useEntries(t: Text): readonly Entry[] {
	const { session } = useSigned();
	const fleet = useQuery(fleetQuery).data;
	const slos = useQuery(slosQuery).data;
	const monitors = useQuery(monitorsQuery).data;
	const schedules = useQuery(onCallQuery).data?.schedules;
	const incidents = useInfiniteQuery(incidentsQuery("all")).data;
	return useMemo(() => {
		const entry = (kind: Entry["kind"], to: string, name: string, about = ""): Entry => ({ kind, to, name, about });
		const e = encodeURIComponent;
		const workloads = new Map(fleet?.workloads.map(({ name, displayName }) => [name, displayName]));
		return [
			entry("page", "/fleet", t("nav.fleet")),
			entry("page", "/incidents", t("nav.incidents")),
			entry("page", "/oncall", t("oncall.title")),
			entry("page", "/oncall/handover", t("oncall.handOver")),
			...(schedules ?? []).map(({ name, displayName }) =>
				entry("page", `/oncall/schedules/${name}`, displayName, t("oncall.schedule")),
			),
			entry("page", "/slos", t("slos.title")),
			entry("page", "/monitors", t("monitors.title")),
			entry("page", "/workloads", t("workloads.title")),
			entry("page", "/mutes", t("mutes.title")),
			entry("page", "/reports/program", t("program.title")),
			...pagesFor(session).map(({ page, to }) => entry("page", to, t(`admin.${page}`), t("nav.admin"))),
			...(incidents?.pages[0]?.items ?? []).map(({ id, title }) => entry("incident", `/incidents/${e(id)}`, id, title)),
			...(fleet?.tenants ?? []).map((row) =>
				entry("tenant", `/tenants/${e(row.name)}`, row.displayName, row.tier?.displayName),
			),
			...(slos ?? []).map((slo) => entry("slo", `/slos/${e(slo.name)}`, slo.displayName, slo.workloadDisplayName)),
			...(monitors ?? []).map((each) =>
				entry("monitor", `/monitors/${e(each.name)}`, each.displayName, t(`mode.${each.mode}`)),
			),
			...(fleet?.tenants ?? []).flatMap((row) =>
				row.cells
					.filter(({ state }) => state !== "not-in-use")
					.map(({ workload }) =>
						entry(
							"workload",
							`/tenants/${e(row.name)}/${e(workload)}`,
							`${row.displayName}, ${workloads.get(workload) ?? workload}`,
						),
					),
			),
		];
	}, [t, session, fleet, slos, monitors, incidents, schedules]);
}
