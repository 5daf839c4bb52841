import { Button } from "@fluentui/react-components";
import { useMutation } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { why } from "../api.ts";
import type { SourceTrial, SourceView } from "../api-types.ts";
import { formatDuration } from "../format.ts";
import { useSigned } from "../shell/signed.ts";
import { type Text, times, useText } from "../text.ts";
import { Rejections } from "./rejections.tsx";
import { Badge } from "./state-badge.tsx";
import { asSentence, formatCount, LOOK_OF_SOURCE, type SourceState, stateOfSource } from "./words.ts";

interface SourceProps {
	readonly source: SourceView;
	readonly now: number;
}

/** One source: its state in words, what it gave, what did not count and why, and its last error. */
export function SourceCard({ source, now }: SourceProps) {
	const t = useText();
	const { session } = useSigned();
	const { error } = source;
	const state = stateOfSource(source, now);
	return (
		<section className="card" aria-label={source.displayName}>
			<header className="card-head">
				<h2>{source.displayName}</h2>
				<Badge look={LOOK_OF_SOURCE[state]} word={t(`sources.state.${state}`)} />
				{source.declared ? null : <span className="tag">{t("sources.undeclared")}</span>}
			</header>
			<p>{says(t, source, state, now)}</p>
			{error === null ? null : (
				<div className="failure">
					<p>{t("sources.error", { ago: formatDuration(now - error.at), slo: error.slo })}</p>
					<p>{asSentence(error.message)}</p>
					<p>{asSentence(error.remedy)}</p>
				</div>
			)}
			<dl className="facts">
				{factsOf(t, source, now).map(([label, value]) => (
					<div key={label}>
						<dt>{label}</dt>
						<dd>{value}</dd>
					</div>
				))}
			</dl>
			{source.rejectedBy.length === 0 ? null : (
				<details open={source.rejectedBy.some(({ isFault }) => isFault)}>
					<summary>{t("sources.reasons")}</summary>
					<Rejections items={source.rejectedBy} />
				</details>
			)}
			{source.how === "pull" && session.role === "admin" && session.allTenants ? <TestNow source={source} /> : null}
		</section>
	);
}

function says(t: Text, source: SourceView, state: SourceState, now: number): string {
	const ago = source.lastSuccessAt === null ? "" : formatDuration(now - source.lastSuccessAt);
	switch (state) {
		case "ok":
			return ago === ""
				? t("sources.says.starting")
				: t(source.how === "pull" ? "sources.says.okPull" : "sources.says.ok", { ago });
		case "quiet":
			return ago === "" ? t("sources.unknown") : t("sources.says.quiet", { ago });
		case "behind":
			return t("sources.says.behind", { queue: source.queue });
		case "failing":
			return source.lagMs === null
				? t("sources.says.failingEver")
				: t("sources.says.failing", { lag: formatDuration(source.lagMs) });
		case "starting":
			return t("sources.says.starting");
		case "silent":
			return t("sources.says.silent");
		case "late":
			return t("sources.says.late", { ago });
		case "down":
			return t("sources.says.down", { ago });
	}
}

function factsOf(t: Text, source: SourceView, now: number): (readonly [label: string, value: ReactNode])[] {
	const isPull = source.how === "pull";
	const unknown = t("sources.unknown");
	const ago = (at: number | null) => (at === null ? unknown : t("ago.ago", { duration: formatDuration(now - at) }));
	const number = (value: number | null) => (value === null ? t("sources.notApart") : formatCount(value));
	const facts: (readonly [string, ReactNode])[] = [
		[t("sources.kind"), t(isPull ? "sources.kindPull" : "sources.kindPush", { kind: source.kind })],
		[t(isPull ? "sources.lastAnswer" : "sources.last"), ago(source.lastSuccessAt)],
		[t("sources.lag"), source.lagMs === null ? unknown : formatDuration(source.lagMs)],
	];
	if (isPull)
		facts.push(
			[t("sources.complete"), source.watermarkAt === null ? unknown : times.at(source.watermarkAt, now)],
			[t("sources.next"), source.nextAt === null ? unknown : times.exactly(source.nextAt, now)],
			[t("sources.slos"), source.slos.join(", ")],
		);
	facts.push(
		[t(isPull ? "sources.rows" : "sources.received"), formatCount(source.rows)],
		[t("sources.counted"), number(source.counted)],
	);
	if (source.duplicate !== null) facts.push([t("sources.duplicate"), formatCount(source.duplicate)]);
	facts.push([t("sources.rejected"), formatCount(source.rejected)]);
	if (source.usualIntervalMs !== null) facts.push([t("sources.every"), formatMs(source.usualIntervalMs)]);
	if (source.refusedRequests > 0) facts.push([t("sources.refused"), formatCount(source.refusedRequests)]);
	if (source.skippedMs > 0)
		facts.push([t("sources.skipped"), t("sources.skippedText", { duration: formatDuration(source.skippedMs) })]);
	if (source.note !== "") facts.push([t("sources.note"), source.note]);
	return facts;
}

/** Asks the source once, so that a person need not wait for its schedule; nothing is counted. */
function TestNow({ source }: { readonly source: SourceView }) {
	const t = useText();
	const { actions } = useSigned();
	const test = useMutation({ mutationFn: () => actions.testSource(source.name) });
	return (
		<div className="trial">
			<Button disabled={test.isPending} onClick={() => test.mutate()}>
				{t(test.isPending ? "sources.testing" : "sources.test", { name: source.displayName })}
			</Button>
			<div aria-live="polite">
				{test.error === null ? null : <p className="failure">{t("sources.testFailed", { why: why(test.error) })}</p>}
				{test.data === undefined ? null : <Trial trial={test.data} />}
			</div>
		</div>
	);
}

function Trial({ trial }: { readonly trial: SourceTrial }) {
	const t = useText();
	if (trial.error !== null)
		return (
			<p className="failure">
				{t("sources.testFailed", { why: `${asSentence(trial.error.message)} ${asSentence(trial.error.remedy)}` })}
			</p>
		);
	return (
		<>
			<p>{t("sources.tested", { slo: trial.slo, rows: trial.rows, took: formatMs(trial.tookMs) })}</p>
			{trial.sample.length === 0 ? null : (
				<>
					<p className="soft">{t("sources.sample")}</p>
					{/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
					<pre className="sample" tabIndex={0}>
						{trial.sample
							.slice(0, 5)
							.map((row) => JSON.stringify(row))
							.join("\n")}
					</pre>
				</>
			)}
		</>
	);
}

function formatMs(ms: number): string {
	return ms < 1000 ? `${Math.round(ms)}\u00a0ms` : formatDuration(ms);
}
