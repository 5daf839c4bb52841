import type { ChangeBefore, CustomerCase, IncidentDetail } from "../api-types.ts";
import { formatDuration } from "../format.ts";
import { times, useText } from "../text.ts";
import { CauseRanking } from "./cause-ranking.tsx";
import { Titled } from "./titled.tsx";

interface CardProps {
	readonly incident: IncidentDetail;
	readonly now: number;
}

/** Which change fits as the cause, and below it all that was changed around the onset, newest first, which says how near. */
export function ChangesCard({ incident, now }: CardProps) {
	const t = useText();
	const { changes, feeds, causes } = incident;
	// Where nothing is connected and nothing known there is nothing to read on a page for 3 am.
	if (changes.length === 0 && causes === null && !feeds.changes) return null;
	const about = t(incident.onsetAt === null ? "changes.aboutDetection" : "changes.about");
	const list = <ChangeList changes={changes} isOnsetKnown={incident.onsetAt !== null} now={now} />;
	return (
		<section className="card">
			<h2>{t("changes.title")}</h2>
			{causes === null ? null : <CauseRanking causes={causes} />}
			{changes.length === 0 ? <p className="soft">{t("changes.none")}</p> : null}
			{changes.length > 0 && causes === null ? (
				<>
					<p className="soft">{about}</p>
					{list}
				</>
			) : null}
			{changes.length > 0 && causes !== null ? (
				<details className="all-changes">
					<summary>{t("changes.all", { count: changes.length })}</summary>
					<p className="soft">{about}</p>
					{list}
				</details>
			) : null}
		</section>
	);
}

function ChangeList({
	changes,
	isOnsetKnown,
	now,
}: {
	readonly changes: readonly ChangeBefore[];
	readonly isOnsetKnown: boolean;
	readonly now: number;
}) {
	return (
		<ul className="feed-list">
			{changes.map((change) => (
				<li key={`${change.feed} ${change.id} ${change.tenant} ${change.workload}`}>
					<ChangeLine change={change} isOnsetKnown={isOnsetKnown} now={now} />
				</li>
			))}
		</ul>
	);
}

function ChangeLine({
	change,
	isOnsetKnown,
	now,
}: {
	readonly change: ChangeBefore;
	readonly isOnsetKnown: boolean;
	readonly now: number;
}) {
	const t = useText();
	const isBefore = change.beforeOnsetMs >= 0;
	const distance = t(
		isOnsetKnown
			? isBefore
				? "changes.before"
				: "changes.after"
			: isBefore
				? "changes.beforeDetection"
				: "changes.afterDetection",
		{ duration: formatDuration(Math.abs(change.beforeOnsetMs)) },
	);
	const scope = [
		change.tenant === "" ? t("changes.allTenants") : "",
		change.workload === "" ? t("changes.anyWorkload") : "",
		change.ring ?? "",
		change.region ?? "",
		change.build ?? "",
		change.actor ?? "",
	].filter((part) => part !== "");
	return (
		<>
			<b>{distance}</b> <span className="soft">{times.at(change.startedAt, now)}</span>
			<br />
			<Titled title={change.title} link={change.link} /> · {t(`changes.state.${change.state}`)}
			<br />
			<span className="soft">{scope.join(" · ")}</span>
		</>
	);
}

/** What the customer has told support and is still open. */
export function CasesCard({ incident, now }: CardProps) {
	const t = useText();
	const { openCases, feeds } = incident;
	if (openCases.length === 0 && !feeds.cases) return null;
	const isPlatform = incident.kind === "platform";
	return (
		<section className="card">
			<h2>{t("cases.title")}</h2>
			{openCases.length === 0 ? <p>{t(isPlatform ? "cases.nonePlatform" : "cases.none")}</p> : null}
			<ul className="feed-list">
				{openCases.map((each) => (
					<li key={`${each.feed} ${each.id}`}>
						<CaseLine item={each} now={now} isTenantShown={isPlatform} />
					</li>
				))}
			</ul>
		</section>
	);
}

export function CaseLine({
	item,
	now,
	isTenantShown,
}: {
	readonly item: CustomerCase;
	readonly now: number;
	readonly isTenantShown: boolean;
}) {
	const t = useText();
	const facts = [
		isTenantShown ? item.tenantNamed : "",
		t(`cases.${item.kind}`),
		item.severity === null ? "" : t("cases.severity", { severity: item.severity }),
		item.escalated ? t("cases.escalated") : "",
		t("cases.opened", { time: times.at(item.openedAt, now) }),
	].filter((part) => part !== "");
	return (
		<>
			<Titled title={`${item.id} ${item.title}`} link={item.link} />
			<br />
			<span className="soft">{facts.join(" · ")}</span>
		</>
	);
}
