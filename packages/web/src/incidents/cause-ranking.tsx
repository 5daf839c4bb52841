import type { IncidentDetail } from "../api-types.ts";
import { useText } from "../text.ts";
import { Titled } from "./titled.tsx";

type Causes = NonNullable<IncidentDetail["causes"]>;

/** A probability in whole percent, never all or nothing: more would claim more than is known. */
function whole(share: number): string {
	return `${Math.min(99, Math.max(1, Math.round(100 * share)))}%`;
}

/** Which changes may have brought the incident about, the likeliest first; or that none fits. */
export function CauseRanking({ causes }: { readonly causes: Causes }) {
	const t = useText();
	const { ranked, silentFeeds, none } = causes;
	const isBlamed = ranked.some((each) => each.isBlamed);
	return (
		<>
			<p>
				<b>{t(isBlamed ? "causes.blamed" : ranked.length > 0 ? "causes.notSure" : "causes.none")}</b>
				{ranked.length > 0 || causes.unseen > 0 ? (
					<span className="soft"> {t("causes.noneShare", { share: whole(none) })}</span>
				) : null}
			</p>
			{ranked.length === 0 ? null : (
				<ol className="cause-list">
					{ranked.map(({ change, says, probability, reasons, isBlamed: isThis }) => (
						<li key={`${change.feed} ${change.id}`}>
							{isThis ? <b>{says}</b> : says} · {whole(probability)}
							<br />
							{says.startsWith(change.title) ? null : (
								<>
									<Titled title={change.title} link={change.link} />
									<br />
								</>
							)}
							<span className="soft">{reasons.join("; ")}</span>
						</li>
					))}
				</ol>
			)}
			{causes.unseen >= 0.01 ? <p className="soft">{t("causes.unseen", { share: whole(causes.unseen) })}</p> : null}
			{silentFeeds.length > 0 ? <p className="soft">{t("causes.silent", { feeds: silentFeeds.join(", ") })}</p> : null}
		</>
	);
}
