import { Button } from "@fluentui/react-components";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useDeferredValue, useState } from "react";
import { matchQuery } from "../api.ts";
import type { MatchView, SeenValue } from "../api-types.ts";
import { formatDuration } from "../format.ts";
import { useNow } from "../live.ts";
import { useNames } from "../names.ts";
import { given, type MatchSearch } from "../search.ts";
import { SearchBox } from "../shell/search-box.tsx";
import { useSigned } from "../shell/signed.ts";
import { Empty, ErrorState, Loading, RefreshFailed } from "../shell/states.tsx";
import { useText } from "../text.ts";
import { AdminPage } from "./admin-page.tsx";
import { MakeTenant } from "./make-tenant.tsx";
import { Badge } from "./state-badge.tsx";
import { formatCount } from "./words.ts";

/** Which tenants the telemetry names, unmatched first, and how one of them becomes a key tenant. */
export function MatchPage() {
	return (
		<AdminPage title="match.title">
			<Match />
		</AdminPage>
	);
}

const SHOWS = [
	["all", undefined],
	["unmatched", "unmatched"],
	["matched", "matched"],
] as const;

function Match() {
	const t = useText();
	const now = useNow();
	const search = useSearch({ from: "/admin/match" });
	const navigate = useNavigate({ from: "/admin/match" });
	const text = useDeferredValue(search.q);
	const query = useInfiniteQuery({ ...matchQuery(search.show ?? "all", text), placeholderData: keepPreviousData });
	const [chosen, setChosen] = useState<SeenValue>();
	if (query.data === undefined) {
		if (query.error === null) return <Loading />;
		return <ErrorState what={t("what.match")} error={query.error} retry={() => void query.refetch()} />;
	}
	const set = (change: { [K in keyof MatchSearch]: MatchSearch[K] | undefined }) =>
		void navigate({ search: (before) => given({ ...before, ...change }), replace: true });
	const items = query.data.pages.flatMap((page) => page.items);
	const first = query.data.pages[0] as MatchView;
	return (
		<>
			{query.error === null ? null : <RefreshFailed error={query.error} since={query.dataUpdatedAt} now={now} />}
			<h1>{t("match.title")}</h1>
			<p className="incident-sentence">{t("match.sentence", { unmatched: first.unmatched, total: first.total })}</p>
			<div className="list-bar">
				<SearchBox
					label={t("match.filter")}
					placeholder={t("match.filter")}
					value={search.q}
					change={(q) => set({ q })}
				/>
				<div className="toggle">
					{SHOWS.map(([name, show]) => (
						<button key={name} type="button" aria-pressed={search.show === show} onClick={() => set({ show })}>
							{t(`match.${name}`)}
						</button>
					))}
				</div>
			</div>
			{items.length > 0 ? (
				<ValueTable items={items} now={now} choose={setChosen} />
			) : search.q !== undefined ? (
				<Empty title={t("match.noMatch", { text: search.q })} />
			) : search.show !== undefined ? (
				<Empty title={t("match.noneInState")} />
			) : (
				<Empty title={t("match.none")}>
					<p>{t("match.noneBody")}</p>
				</Empty>
			)}
			{query.hasNextPage ? (
				<div className="actions">
					<Button disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
						{t(query.isFetchingNextPage ? "match.loadingMore" : "match.more")}
					</Button>
				</div>
			) : null}
			{first.rest.values > 0 ? <p className="soft">{t("match.rest", { values: first.rest.values })}</p> : null}
			{chosen === undefined ? null : (
				<MakeTenant value={chosen} choices={first.choices} close={() => setChosen(undefined)} />
			)}
		</>
	);
}

function ValueTable({
	items,
	now,
	choose,
}: {
	readonly items: readonly SeenValue[];
	readonly now: number;
	readonly choose: (value: SeenValue) => void;
}) {
	const t = useText();
	const names = useNames();
	const { role } = useSigned().session;
	const mayMake = role === "admin";
	const amount = (value: number, isEstimate: boolean) =>
		isEstimate ? t("match.estimate", { count: formatCount(value) }) : formatCount(value);
	return (
		<table className="plain-table stack">
			<thead>
				<tr>
					<th scope="col">{t("match.id")}</th>
					<th scope="col">{t("match.tenant")}</th>
					<th scope="col">{t("match.source")}</th>
					<th scope="col">{t("match.streams")}</th>
					<th scope="col">{t("match.points")}</th>
					<th scope="col">{t("match.last")}</th>
					{mayMake ? <th scope="col">{t("match.action")}</th> : null}
				</tr>
			</thead>
			<tbody>
				{items.map((item) => (
					<tr key={`${item.attribute}\n${item.value}\n${item.source}`}>
						<th scope="row" className="breakable">
							<span className="soft">{item.attribute} =</span> {item.value}
						</th>
						<td>
							{item.tenant === null ? (
								<Badge look="no-data" word={t("match.nobody")} />
							) : (
								<Link to="/tenants/$tenant" params={{ tenant: item.tenant }}>
									{names.tenant(item.tenant)}
								</Link>
							)}
						</td>
						<td data-label={t("match.source")}>{item.source || "–"}</td>
						<td data-label={t("match.streams")}>{amount(item.streams, item.isEstimate)}</td>
						<td data-label={t("match.points")}>{amount(item.points, item.isEstimate)}</td>
						<td data-label={t("match.last")}>
							{item.lastSampleAt === null
								? t("ago.never")
								: t("ago.ago", { duration: formatDuration(now - item.lastSampleAt) })}
						</td>
						{mayMake ? (
							<td>
								{item.tenant === null ? (
									<Button
										size="small"
										aria-label={t("match.makeLabel", { id: `${item.attribute} = ${item.value}` })}
										onClick={() => choose(item)}
									>
										{t("match.make")}
									</Button>
								) : null}
							</td>
						) : null}
					</tr>
				))}
			</tbody>
		</table>
	);
}
