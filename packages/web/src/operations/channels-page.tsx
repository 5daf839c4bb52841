import { useQuery } from "@tanstack/react-query";
import { channelsQuery } from "../api.ts";
import { useNow } from "../live.ts";
import { ErrorState, Loading, RefreshFailed } from "../shell/states.tsx";
import { useText } from "../text.ts";
import { AdminPage } from "./admin-page.tsx";
import { ChannelCard } from "./channel-card.tsx";

/** Every way out: what left by it, what came back, and a test of it. */
export function ChannelsPage() {
	return (
		<AdminPage title="channels.title">
			<Channels />
		</AdminPage>
	);
}

function Channels() {
	const t = useText();
	const now = useNow();
	const query = useQuery(channelsQuery);
	if (query.data === undefined) {
		if (query.error === null) return <Loading rows={6} />;
		return <ErrorState what={t("what.channels")} error={query.error} retry={() => void query.refetch()} />;
	}
	const { items } = query.data;
	const count = (state: string) => items.filter((channel) => channel.state === state).length;
	return (
		<>
			{query.error === null ? null : <RefreshFailed error={query.error} since={query.dataUpdatedAt} now={now} />}
			<h1>{t("channels.title")}</h1>
			<p className="incident-sentence">
				{t("channels.sentence", {
					failing: count("failing") + count("shaky"),
					well: count("well"),
					count: items.length,
				})}
			</p>
			<div className="cards">
				{items.map((channel) => (
					<ChannelCard key={channel.name} channel={channel} now={now} />
				))}
			</div>
		</>
	);
}
