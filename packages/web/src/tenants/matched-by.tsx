import { useQuery } from "@tanstack/react-query";
import { registerQuery, why } from "../api.ts";
import type { RegisterView } from "../api-types.ts";
import { formatDuration } from "../format.ts";
import { formatCount } from "../operations/words.ts";
import { type Text, useText } from "../text.ts";

const SHOWN = 5;

/** By what telemetry is known to be this tenant's, and when it was last seen: the proof behind every number on the page. */
export function MatchedBy({ tenant, now }: { readonly tenant: string; readonly now: number }) {
	const t = useText();
	const { data, error } = useQuery(registerQuery(tenant));
	return (
		<section className="matched" aria-label={t("tenant.matched")}>
			<h2>{t("tenant.matched")}</h2>
			{error === null ? null : <p className="failure">{why(error)}</p>}
			{data === undefined ? null : (
				<ul className="feed-list">
					{matchedLines(t, data, now).map((line) => (
						<li key={line}>{line}</li>
					))}
				</ul>
			)}
		</section>
	);
}

/** Ids that were seen, the last first; then those that were not. */
export function matchedLines(t: Text, { ids, seen }: RegisterView, now: number): string[] {
	const lines = seen.slice(0, SHOWN).map(({ attribute, value, lastSampleAt, points }) => {
		if (lastSampleAt === null) return t("tenant.matchedUnseen", { attribute, value });
		const ago = t("ago.ago", { duration: formatDuration(now - lastSampleAt) });
		const text = t("tenant.matchedSeen", { attribute, value, ago });
		return `${text} · ${t("tenant.matchedPoints", { points: formatCount(points) })}`;
	});
	const known = new Set(seen.map(({ attribute, value }) => `${attribute}\n${value}`));
	const effective = ids.filter(({ isEffective }) => isEffective);
	const unseen = effective.flatMap(({ attribute, values }) =>
		values
			.filter((value) => !known.has(`${attribute}\n${value}`))
			.map((value) => t("tenant.matchedUnseen", { attribute, value })),
	);
	const patterns = effective.flatMap(({ attribute, patterns }) =>
		patterns.map((value) => t("tenant.matchedPattern", { attribute, value })),
	);
	if (lines.length + unseen.length + patterns.length === 0) return [t("tenant.matchedNever")];
	return [...new Set([...lines, ...unseen.slice(0, SHOWN), ...patterns.slice(0, SHOWN)])];
}
