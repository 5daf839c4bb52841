import { Button } from "@fluentui/react-components";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { incidentQuery, incidentsQuery, phoneQuery } from "../api.ts";
import type { IncidentSummary, PhoneMessage } from "../api-types.ts";
import { useAcknowledge } from "../incidents/acknowledge.ts";
import { useNow } from "../live.ts";
import { times, useText } from "../text.ts";

const SHOWN = 5;

/** The on-call engineer's phone: each page as it would stand on the lock screen. It shows what was really sent. */
export function Phone() {
	const t = useText();
	const now = useNow(10_000);
	const [isRaised, setRaised] = useState(false);
	const messages = useQuery(phoneQuery).data ?? [];
	const incidents = useInfiniteQuery(incidentsQuery("all")).data?.pages.flatMap((page) => page.items);
	const byId = new Map(incidents?.map((incident) => [incident.id, incident]));
	const latest = [...messages].sort((a, b) => b.at - a.at || b.id.localeCompare(a.id)).slice(0, SHOWN);
	const waiting = new Set(
		latest.map((m) => m.incident).filter((id) => id !== null && byId.get(id)?.state === "detected"),
	);
	const [clock, zone] = split(times.at(now, now));
	return (
		<section className={isRaised ? "phone raised" : "phone"} aria-label={t("phone.title")}>
			<button type="button" className="phone-bar" aria-expanded={isRaised} onClick={() => setRaised(!isRaised)}>
				{t("phone.waiting", { count: waiting.size })}
			</button>
			<div className="phone-screen">
				<p className="phone-clock">
					<span>{clock}</span> <small>{zone}</small>
				</p>
				{latest.length === 0 ? <p className="phone-empty">{t("phone.empty")}</p> : null}
				<ol className="phone-list">
					{latest.map((message) => (
						<Card
							key={message.id}
							message={message}
							listed={byId.get(message.incident ?? "")}
							isListRead={incidents !== undefined}
							now={now}
						/>
					))}
				</ol>
			</div>
		</section>
	);
}

function Card({
	message,
	listed,
	isListRead,
	now,
}: {
	readonly message: PhoneMessage;
	readonly listed: IncidentSummary | undefined;
	readonly isListRead: boolean;
	readonly now: number;
}) {
	const t = useText();
	const acknowledge = useAcknowledge(message.incident ?? "");
	// The page of an incident that is too old for the list must still be acknowledged from here.
	const isOlder = isListRead && listed === undefined && message.incident !== null;
	const older = useQuery({ ...incidentQuery(message.incident ?? ""), enabled: isOlder });
	const incident = listed ?? older.data;
	const [clock] = split(times.at(message.at, now));
	const canAcknowledge = message.incident !== null && incident?.state === "detected" && !acknowledge.isDone;
	return (
		<li className="phone-card">
			<p className="phone-meta">
				<span>
					{t("phone.app")} · {t("phone.to", { person: message.person })}
				</span>
				<span>{clock}</span>
			</p>
			<p className="phone-title">{message.title}</p>
			<p className="phone-body">{message.body}</p>
			{message.incident === null ? null : (
				<div className="phone-actions">
					{canAcknowledge ? (
						<Button appearance="primary" disabled={acknowledge.isPending} onClick={() => acknowledge.run()}>
							{t("incident.acknowledge", { id: message.incident })}
						</Button>
					) : incident === undefined ? null : (
						<p className="phone-done">
							{incident.acknowledgedAt === null
								? t(`incident.state.${incident.state}`)
								: t("incident.acknowledged", {
										person: incident.acknowledgedBy ?? "",
										time: times.at(incident.acknowledgedAt, now),
									})}
						</p>
					)}
					<a href={`/p/${encodeURIComponent(message.incident)}`}>{t("phone.open")}</a>
				</div>
			)}
			{acknowledge.failure === undefined ? null : (
				<p role="alert" className="phone-failure">
					{t("incident.notAcknowledged", { why: acknowledge.failure })}
				</p>
			)}
		</li>
	);
}

/** "03:07 (02:07 UTC)" or "02:07 UTC" as the clock and the rest. */
function split(time: string): readonly [string, string] {
	const at = time.search(/ \(| UTC$/);
	return at === -1 ? [time, ""] : [time.slice(0, at), time.slice(at + 1)];
}
