import type { CellState, PlatformWord } from "../api-types.ts";
import { useNow } from "../live.ts";
import { type Text, times, useText } from "../text.ts";

/** What the platform itself says, as one or two sentences. Not the same as what we measure, and said so. */
export function wordOf(word: PlatformWord, t: Text, now: number): string {
	const feed = word.feedDisplayName;
	switch (word.why) {
		case "never-heard":
			return t("says.neverHeard", { feed });
		case "not-mentioned":
			return t("says.notMentioned", { feed });
		case "no-problem-open":
			return t("says.noProblem", { feed });
		case "stale": {
			const silent = t("says.stale", { feed, time: word.heardAt === null ? "" : times.at(word.heardAt, now) });
			return word.title === null ? silent : `${silent} ${t("says.staleLast", { title: word.title })}`;
		}
		case "said": {
			const since = word.since === null ? "" : t("says.since", { time: times.at(word.since, now) });
			return t("says.said", { feed, state: t(`says.${word.state}`), since });
		}
	}
}

/** Small sign in the corner of a platform cell: the platform says something else than that all is well. */
export function WordMark({ state }: { readonly state: PlatformWord["state"] }) {
	return (
		<svg className={`word-mark says-${state}`} width="12" height="12" viewBox="0 0 12 12" aria-hidden="true">
			{MARKS[state]}
		</svg>
	);
}

const bubble = "M1 1.5h10v6.5H6L3.5 10.5V8H1Z";
const MARKS = {
	operational: null,
	maintenance: (
		<>
			<path d={bubble} fill="none" stroke="currentColor" strokeWidth="1.2" />
			<path d="M4.8 3.2v3M7.2 3.2v3" stroke="currentColor" strokeWidth="1.2" />
		</>
	),
	degraded: (
		<>
			<path d={bubble} fill="none" stroke="currentColor" strokeWidth="1.2" />
			<path d="M6 3v2M6 6.2v.4" stroke="currentColor" strokeWidth="1.2" />
		</>
	),
	outage: <path d={bubble} fill="currentColor" />,
	unknown: <path d={bubble} fill="none" stroke="currentColor" strokeWidth="1.2" strokeDasharray="2 1.2" />,
};

/** The platform's word beside our own measure of the platform. */
export function PlatformWordPart({ word, ours }: { readonly word: PlatformWord; readonly ours: CellState }) {
	const t = useText();
	const now = useNow();
	return (
		<section className="platform-word">
			<h3>{t("says.title")}</h3>
			<p>
				<b>{wordOf(word, t, now)}</b>{" "}
				{word.why === "said" && word.state !== "operational" ? <span>{word.title}. </span> : null}
				{t("says.ours", { state: t(`state.${ours}`).toLowerCase() })}
			</p>
			<p className="soft">
				{word.heardAt === null ? null : `${t("says.heard", { time: times.at(word.heardAt, now) })} `}
				{word.link === null ? null : (
					<a href={word.link} rel="noreferrer" target="_blank">
						{t("says.more")}
					</a>
				)}
			</p>
		</section>
	);
}
