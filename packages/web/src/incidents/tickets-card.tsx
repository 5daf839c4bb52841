import type { IncidentDetail } from "../api-types.ts";
import { times, useText } from "../text.ts";
import { Titled } from "./titled.tsx";

/** Where else it is written down, and whether both sides agree. */
export function TicketsCard({ incident, now }: { readonly incident: IncidentDetail; readonly now: number }) {
	const t = useText();
	const { tickets } = incident;
	if (tickets.length === 0) return null;
	return (
		<section className="card">
			<h2>{t("tickets.title")}</h2>
			<ul className="feed-list">
				{tickets.map((ticket) => (
					<li key={ticket.integration}>
						<p>
							<b>{ticket.system}</b> {ticket.name === null ? null : <Titled title={ticket.name} link={ticket.url} />}
						</p>
						<p className={ticket.state === "failed" ? "late" : "soft"}>
							{t(`tickets.state.${ticket.state}`)}
							{ticket.theirState === null ? "" : ` · ${t(`tickets.their.${ticket.theirState}`)}`}
							{ticket.syncedAt === null ? "" : ` · ${t("tickets.synced", { time: times.at(ticket.syncedAt, now) })}`}
							{ticket.nextAttemptAt === null
								? ""
								: ` · ${t("tickets.next", { time: times.at(ticket.nextAttemptAt, now) })}`}
						</p>
						{ticket.lastError === null ? null : <p className="breakable">{ticket.lastError}</p>}
					</li>
				))}
			</ul>
		</section>
	);
}
