import { useQuery } from "@tanstack/react-query";
import type { IntegrationView } from "../api-types.ts";
import { useNow } from "../live.ts";
import { AdminPage } from "../operations/admin-page.tsx";
import { Empty, ErrorState, Loading, RefreshFailed } from "../shell/states.tsx";
import { useText } from "../text.ts";
import { IntegrationCard } from "./integration-card.tsx";
import { integrationsQuery } from "./integrations-api.ts";
import { LeftBehindNote } from "./left-behind-note.tsx";

/** Systems of record that incidents are carried to: how each fares, with the proof of its last delivery. */
export function IntegrationsPage() {
	return (
		<AdminPage title="integrations.title">
			<Integrations />
		</AdminPage>
	);
}

function Integrations() {
	const t = useText();
	const now = useNow();
	const query = useQuery(integrationsQuery);
	if (query.data === undefined) {
		if (query.error === null) return <Loading rows={4} />;
		return <ErrorState what={t("what.integrations")} error={query.error} retry={() => void query.refetch()} />;
	}
	const { items, leftBehind } = query.data;
	const sum = (of: (each: IntegrationView) => number) => items.reduce((total, each) => total + of(each), 0);
	return (
		<>
			{query.error === null ? null : <RefreshFailed error={query.error} since={query.dataUpdatedAt} now={now} />}
			<h1>{t("integrations.title")}</h1>
			{leftBehind.map((each) => (
				<LeftBehindNote key={each.integration} left={each} />
			))}
			{items.length === 0 ? (
				<Empty title={t("integrations.none")}>
					<p>{t("integrations.noneBody")}</p>
				</Empty>
			) : (
				<>
					<p className="incident-sentence">
						{t("integrations.sentence", {
							bad: sum(({ state }) => (state === "stuck" || state === "failing" ? 1 : 0)),
							open: sum(({ tickets }) => tickets.open),
							waiting: sum(({ tickets }) => tickets.waiting),
						})}
					</p>
					<div className="cards">
						{items.map((integration) => (
							<IntegrationCard key={integration.name} integration={integration} now={now} />
						))}
					</div>
				</>
			)}
		</>
	);
}
