import { useQuery } from "@tanstack/react-query";
import { attributesQuery } from "../api.ts";
import type { AttributesView, IncidentDetail } from "../api-types.ts";
import { formatShare } from "../format.ts";
import { useText } from "../text.ts";

type Counts = AttributesView["attributes"][number];
type Item = Counts["items"][number];

const SHOWN_VALUES = 5;
const STEP_MS = 60_000;
/** Longer ago only whole hours are kept. */
const LONGEST_MS = 72 * 3_600_000;

/** Which attribute values explain the bad events of the incident, and the counts of each beside the whole fleet. */
export function AttributesCard({ incident, now }: { readonly incident: IncidentDetail; readonly now: number }) {
	const t = useText();
	const began = incident.onsetAt ?? incident.detectedAt - incident.evidence.long.ms;
	const until = Math.min(incident.mitigatedAt ?? now, now);
	const to = (Math.floor(until / STEP_MS) + 1) * STEP_MS;
	const from = Math.max(Math.floor(began / STEP_MS) * STEP_MS, to - LONGEST_MS);
	const isTenant = incident.kind === "tenant";
	const own = useQuery(attributesQuery(isTenant ? incident.tenant : "", incident.slo, from, to));
	const fleet = useQuery(attributesQuery("", incident.slo, from, to));
	// An attribute that nothing has says nothing.
	const shown = (own.data?.attributes ?? []).filter(
		({ items }) => items.some(({ bad }) => bad > 0) && items.some(({ values }) => values[0] !== ""),
	);
	if (shown.length === 0) return null;
	return (
		<section className="card wide">
			<h2>{t("where.title")}</h2>
			{own.data?.where && own.data.where.answer !== "unknown" ? <p>{own.data.where.explanation}</p> : null}
			<p className="soft">{t("where.about")}</p>
			<table className="plain-table where-table">
				<thead>
					<tr>
						<th scope="col">{t("where.value")}</th>
						<th scope="col">{t(isTenant ? "where.tenant" : "where.fleet")}</th>
						{isTenant ? <th scope="col">{t("where.fleet")}</th> : null}
					</tr>
				</thead>
				{shown.map((counts) => (
					<AttributeRows
						key={counts.by[0]}
						counts={counts}
						fleet={isTenant ? fleetOf(fleet.data, counts) : undefined}
						isTenant={isTenant}
					/>
				))}
			</table>
		</section>
	);
}

function fleetOf(fleet: AttributesView | undefined, { by }: Counts): Counts | undefined {
	return fleet?.attributes.find((each) => each.by[0] === by[0]);
}

function AttributeRows({
	counts,
	fleet,
	isTenant,
}: {
	readonly counts: Counts;
	readonly fleet: Counts | undefined;
	readonly isTenant: boolean;
}) {
	const t = useText();
	const failing = counts.items.filter(({ bad }) => bad > 0);
	const listed = failing.slice(0, SHOWN_VALUES);
	const left = failing.length - listed.length + counts.more;
	const cell = (item: Pick<Item, "bad" | "total" | "shareOfBad"> | undefined): string => {
		if (item === undefined) return t("where.unknown");
		const bad = Math.round(Math.max(0, item.bad)).toLocaleString("en");
		const total = Math.round(item.total).toLocaleString("en");
		const share = formatShare(item.shareOfBad ?? 0);
		// Events of some values are counted without a total of their own.
		return t(item.total >= item.bad ? "where.cell" : "where.cellBad", { bad, total, share });
	};
	return (
		<tbody>
			<tr>
				<th scope="rowgroup" colSpan={isTenant ? 3 : 2}>
					{counts.by[0]}
				</th>
			</tr>
			{listed.map((item) => (
				<tr key={item.values[0]}>
					<td>
						{item.values[0] === "" ? <span className="soft">{t("where.missing")}</span> : item.values[0]}
						{item.isExact ? null : <small className="soft"> {t("where.notExact")}</small>}
					</td>
					<td>{cell(item)}</td>
					{isTenant ? <td>{cell(fleet?.items.find(({ values }) => values[0] === item.values[0]))}</td> : null}
				</tr>
			))}
			{counts.other.bad > 0 ? (
				<tr>
					<td className="soft">{t("where.other")}</td>
					<td>{cell(counts.other)}</td>
					{isTenant ? <td>{fleet && fleet.other.total > 0 ? cell(fleet.other) : t("where.unknown")}</td> : null}
				</tr>
			) : null}
			{left > 0 ? (
				<tr>
					<td className="soft" colSpan={isTenant ? 3 : 2}>
						{t("where.more", { count: left })}
					</td>
				</tr>
			) : null}
		</tbody>
	);
}
