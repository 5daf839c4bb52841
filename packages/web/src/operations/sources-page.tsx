import { useQuery } from "@tanstack/react-query";
import { sourcesQuery } from "../api.ts";
import type { FeedState } from "../api-types.ts";
import { formatDuration } from "../format.ts";
import { useNow } from "../live.ts";
import { Empty, ErrorState, Loading, RefreshFailed } from "../shell/states.tsx";
import { useText } from "../text.ts";
import { AdminPage } from "./admin-page.tsx";
import { SourceCard } from "./source-card.tsx";
import { Badge } from "./state-badge.tsx";
import { asSentence, formatCount, LOOK_OF_FEED, stateOfFeed, stateOfSource } from "./words.ts";

/** Everything that telemetry comes from, declared and seen, and the side feeds. */
export function SourcesPage() {
	return (
		<AdminPage title="sources.title">
			<Sources />
		</AdminPage>
	);
}

function Sources() {
	const t = useText();
	const now = useNow();
	const query = useQuery(sourcesQuery);
	if (query.data === undefined) {
		if (query.error === null) return <Loading rows={6} />;
		return <ErrorState what={t("what.sources")} error={query.error} retry={() => void query.refetch()} />;
	}
	const { items, feeds } = query.data;
	const count = (...wanted: readonly string[]) =>
		items.filter((source) => wanted.includes(stateOfSource(source, now))).length;
	return (
		<>
			{query.error === null ? null : <RefreshFailed error={query.error} since={query.dataUpdatedAt} now={now} />}
			<h1>{t("sources.title")}</h1>
			{items.length === 0 ? (
				<Empty title={t("sources.none")}>
					<p>{t("sources.noneBody")}</p>
				</Empty>
			) : (
				<>
					<p className="incident-sentence">
						{t("sources.sentence", {
							failing: count("failing", "down"),
							ok: count("ok", "behind"),
							count: items.length,
						})}
					</p>
					<div className="cards">
						{items.map((source) => (
							<SourceCard key={source.name} source={source} now={now} />
						))}
					</div>
				</>
			)}
			{feeds.length === 0 ? null : <Feeds feeds={feeds} now={now} />}
		</>
	);
}

function Feeds({ feeds, now }: { readonly feeds: readonly FeedState[]; readonly now: number }) {
	const t = useText();
	return (
		<section>
			<h2>{t("sources.feeds")}</h2>
			<table className="plain-table stack">
				<thead>
					<tr>
						<th scope="col">{t("sources.feed")}</th>
						<th scope="col">{t("sources.feedState")}</th>
						<th scope="col">{t("sources.feedGives")}</th>
						<th scope="col">{t("sources.feedLast")}</th>
						<th scope="col">{t("sources.feedFacts")}</th>
					</tr>
				</thead>
				<tbody>
					{feeds.map((feed) => (
						<tr key={feed.name}>
							<th scope="row">
								{feed.displayName}
								{feed.lastFault === null ? null : (
									<span className="definition soft">
										<br />
										{feed.lastFault.text}
									</span>
								)}
								<PullError feed={feed} now={now} />
							</th>
							<td>
								<Badge look={LOOK_OF_FEED[stateOfFeed(feed)]} word={t(`sources.feed.${stateOfFeed(feed)}`)} />
							</td>
							<td data-label={t("sources.feedGives")}>{t(`sources.gives.${feed.gives}`)}</td>
							<td data-label={t("sources.feedLast")}>
								{feed.lastMessageAt === null
									? t("ago.never")
									: t("ago.ago", { duration: formatDuration(now - feed.lastMessageAt) })}
							</td>
							<td data-label={t("sources.feedFacts")}>{formatCount(feed.facts)}</td>
						</tr>
					))}
				</tbody>
			</table>
		</section>
	);
}

/** Why a feed that is asked could not be read, and what to do. */
function PullError({ feed: { pull }, now }: { readonly feed: FeedState; readonly now: number }) {
	const t = useText();
	if (!pull?.error) return null;
	const { at, message, remedy } = pull.error;
	return (
		<div className="failure">
			<p>{t("sources.feedError", { ago: formatDuration(now - at), misses: pull.misses })}</p>
			<p>{asSentence(message)}</p>
			<p>{asSentence(remedy)}</p>
		</div>
	);
}
