import { useQuery } from "@tanstack/react-query";
import { healthQuery } from "../api.ts";
import type { HealthDetails, HealthPart } from "../api-types.ts";
import { formatDuration } from "../format.ts";
import { useNow } from "../live.ts";
import { ErrorState, Loading, RefreshFailed } from "../shell/states.tsx";
import { times, useText } from "../text.ts";
import { AdminPage } from "./admin-page.tsx";
import { Rejections } from "./rejections.tsx";
import { Badge } from "./state-badge.tsx";
import { formatBytes, formatCount, LOOK_OF_PART } from "./words.ts";

const DAMAGED = {
	counts: "health.damagedLine",
	attributes: "health.damagedAttributes",
	latencies: "health.damagedLatencies",
} as const;

/** How this system itself fares: each part in a sentence with what to do, then the figures behind it. */
export function HealthPage() {
	return (
		<AdminPage title="health.title">
			<Health />
		</AdminPage>
	);
}

function Health() {
	const t = useText();
	const now = useNow();
	const query = useQuery(healthQuery);
	if (query.data === undefined) {
		if (query.error === null) return <Loading />;
		return <ErrorState what={t("what.health")} error={query.error} retry={() => void query.refetch()} />;
	}
	const details = query.data;
	const count = (state: HealthPart["state"]) => details.parts.filter((part) => part.state === state).length;
	const all = details.parts.length;
	return (
		<>
			{query.error === null ? null : <RefreshFailed error={query.error} since={query.dataUpdatedAt} now={now} />}
			<header>
				<h1>{t("health.title")}</h1>
				<p className="incident-sentence">
					{count("well") === all
						? t("health.allWell", { count: all })
						: t("health.some", {
								failing: count("failing"),
								attention: count("attention"),
								unknown: count("unknown"),
								well: count("well"),
								count: all,
							})}
				</p>
				<p className="soft">{t("health.server", { version: details.version, time: times.withSeconds(details.at) })}</p>
			</header>
			<Parts parts={details.parts} />
			{details.uncovered.length === 0 ? null : <Uncovered items={details.uncovered} />}
			<Books books={details.books} />
			{details.storage === null ? null : <Held storage={details.storage} now={now} />}
		</>
	);
}

const RANK: Readonly<Record<HealthPart["state"], number>> = { failing: 0, attention: 1, unknown: 2, well: 3 };

function Parts({ parts }: { readonly parts: readonly HealthPart[] }) {
	const t = useText();
	const worstFirst = parts.toSorted((a, b) => RANK[a.state] - RANK[b.state]);
	return (
		<table className="plain-table stack parts" aria-label={t("health.parts")}>
			<thead>
				<tr>
					<th scope="col">{t("health.part")}</th>
					<th scope="col">{t("health.state")}</th>
					<th scope="col">{t("health.says")}</th>
					<th scope="col">{t("health.remedy")}</th>
				</tr>
			</thead>
			<tbody>
				{worstFirst.map(({ key, state, says, remedy }) => (
					<tr key={key} data-part={key}>
						<th scope="row">{t(`health.part.${key}`)}</th>
						<td>
							<Badge look={LOOK_OF_PART[state]} word={t(`health.state.${state}`)} />
						</td>
						<td className="breakable">{says}</td>
						<td data-label={t("health.remedy")}>{remedy || <span className="soft">{t("health.nothing")}</span>}</td>
					</tr>
				))}
			</tbody>
		</table>
	);
}

function Uncovered({ items }: { readonly items: HealthDetails["uncovered"] }) {
	const t = useText();
	return (
		<section>
			<h2>{t("health.uncovered")}</h2>
			<table className="plain-table stack">
				<thead>
					<tr>
						<th scope="col">SLO</th>
						<th scope="col">{t("health.waitsFor")}</th>
						<th scope="col">{t("health.seenInstead")}</th>
					</tr>
				</thead>
				<tbody>
					{items.map((item) => (
						<tr key={item.slo}>
							<th scope="row">
								{item.displayName}
								<br />
								<span className="definition soft">{item.slo}</span>
							</th>
							<td data-label={t("health.waitsFor")} className="breakable">
								{item.waitsFor.join(", ")}
							</td>
							<td data-label={t("health.seenInstead")} className="breakable">
								{item.seenInstead.length === 0 ? t("health.seenNothing") : item.seenInstead.join("; ")}
							</td>
						</tr>
					))}
				</tbody>
			</table>
		</section>
	);
}

function Books({ books }: { readonly books: HealthDetails["books"] }) {
	const t = useText();
	return (
		<section>
			<h2>{t("health.books")}</h2>
			<p className="soft">
				{t(books === null ? "health.booksUnknown" : books.length === 0 ? "health.booksNone" : "health.booksAbout")}
			</p>
			{books === null || books.length === 0 ? null : (
				<table className="plain-table stack">
					<thead>
						<tr>
							<th scope="col">{t("health.protocol")}</th>
							<th scope="col">{t("sources.received")}</th>
							<th scope="col">{t("sources.counted")}</th>
							<th scope="col">{t("sources.duplicate")}</th>
							<th scope="col">{t("sources.rejected")}</th>
						</tr>
					</thead>
					<tbody>
						{books.map((book) => (
							<tr key={book.protocol}>
								<th scope="row">{book.protocol}</th>
								<td data-label={t("sources.received")}>{formatCount(book.received)}</td>
								<td data-label={t("sources.counted")}>{formatCount(book.counted)}</td>
								<td data-label={t("sources.duplicate")}>{formatCount(book.duplicate)}</td>
								<td data-label={t("sources.rejected")}>
									{book.rejected.length === 0 ? t("health.noFaults") : <Rejections items={book.rejected} />}
								</td>
							</tr>
						))}
					</tbody>
				</table>
			)}
		</section>
	);
}

function Held({ storage, now }: { readonly storage: NonNullable<HealthDetails["storage"]>; readonly now: number }) {
	const t = useText();
	return (
		<section>
			<h2>{t("health.disk")}</h2>
			<table className="plain-table stack">
				<thead>
					<tr>
						<th scope="col">{t("health.class")}</th>
						<th scope="col">{t("health.tier")}</th>
						<th scope="col">{t("health.bytes")}</th>
						<th scope="col">{t("health.kept")}</th>
					</tr>
				</thead>
				<tbody>
					{storage.tiers.map((each) => (
						<tr key={`${each.class} ${each.tier}`}>
							<th scope="row">{t(`health.class.${each.class}`)}</th>
							<td data-label={t("health.tier")}>{t(`health.tier.${each.tier}`)}</td>
							<td data-label={t("health.bytes")}>{formatBytes(each.bytes)}</td>
							<td data-label={t("health.kept")}>
								{each.keptMs >= each.configuredMs
									? formatDuration(each.keptMs)
									: t("health.keptShort", {
											kept: formatDuration(each.keptMs),
											configured: formatDuration(each.configuredMs),
										})}
							</td>
						</tr>
					))}
				</tbody>
			</table>
			{storage.damaged.length === 0 ? null : (
				<>
					<h3>{t("health.damaged")}</h3>
					<ul className="steps">
						{storage.damaged.map((range) => (
							<li key={`${range.what} ${range.tenant} ${range.slo} ${range.tier} ${range.from}`}>
								{range.from === null || range.to === null
									? t("health.damagedUnknown")
									: t(DAMAGED[range.what], {
											tenant: range.tenant || t("tenant.fleet"),
											slo: range.slo,
											from: times.at(range.from, now),
											to: times.at(range.to, now),
										})}
							</li>
						))}
					</ul>
				</>
			)}
		</section>
	);
}
