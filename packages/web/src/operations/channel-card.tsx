import type { ReactNode } from "react";
import type { CellState, ChannelView } from "../api-types.ts";
import { formatDuration } from "../format.ts";
import { useSigned } from "../shell/signed.ts";
import { type Text, useText } from "../text.ts";
import { ChannelDays } from "./channel-days.tsx";
import { ChannelTest } from "./channel-test.tsx";
import { Badge } from "./state-badge.tsx";
import { asSentence, formatCount } from "./words.ts";

const LOOKS: Readonly<Record<ChannelView["state"], CellState>> = {
	well: "healthy",
	shaky: "at-risk",
	failing: "breach",
	unknown: "no-data",
};

interface ChannelProps {
	readonly channel: ChannelView;
	readonly now: number;
}

/** One channel: its state in words, the last delivery with its proof, two weeks by day, and a test. */
export function ChannelCard({ channel, now }: ChannelProps) {
	const t = useText();
	const { session } = useSigned();
	const { name, kind, state, fault } = channel;
	return (
		<section className="card" aria-label={name}>
			<header className="card-head">
				<h2>{name}</h2>
				<Badge look={LOOKS[state]} word={t(`channels.state.${state}`)} />
				<span className="tag">{t(`channels.kind.${kind}`)}</span>
			</header>
			<p>{says(t, channel, now)}</p>
			{fault === null ? null : <p className="failure">{t("channels.fault", { fault: asSentence(fault) })}</p>}
			<dl className="facts">
				{factsOf(t, channel, now).map(([label, value]) => (
					<div key={label}>
						<dt>{label}</dt>
						<dd className="breakable">{value}</dd>
					</div>
				))}
			</dl>
			<ChannelDays days={channel.days} />
			{session.role === "admin" || session.role === "responder" ? <ChannelTest channel={channel} /> : null}
		</section>
	);
}

function says(
	t: Text,
	{ state, lastSent, lastFailure, failingSince, failuresSince }: ChannelView,
	now: number,
): string {
	const ago = (at: number | undefined) => (at === undefined ? t("channels.never") : formatDuration(now - at));
	switch (state) {
		case "well":
			return t("channels.says.well", { ago: ago(lastSent?.at) });
		case "shaky":
			return t("channels.says.shaky", { ago: ago(lastFailure?.at) });
		case "failing":
			return t("channels.says.failing", { duration: ago(failingSince ?? undefined), failures: failuresSince });
		case "unknown":
			return t("channels.says.unknown");
	}
}

function factsOf(t: Text, channel: ChannelView, now: number): (readonly [label: string, value: ReactNode])[] {
	const { lastSent, lastFailure, queue, queueAgeMs, undelivered, people, kind } = channel;
	const withDetail = ({ at, detail }: { readonly at: number; readonly detail: string }) => {
		const ago = formatDuration(now - at);
		return detail === "" ? t("ago.ago", { duration: ago }) : t("channels.agoWith", { ago, detail });
	};
	const hasReceipts = kind === "sms" || kind === "voice";
	return [
		[t("channels.lastSent"), lastSent ? withDetail(lastSent) : t("channels.never")],
		...(hasReceipts && lastSent
			? [
					[
						t("channels.receipt"),
						lastSent.receipt ? t(`channels.receipt.${lastSent.receipt.state}`) : t("channels.receiptNone"),
					] as const,
				]
			: []),
		[t("channels.lastFailure"), lastFailure ? withDetail(lastFailure) : t("channels.never")],
		[
			t("channels.waiting"),
			queue === 0
				? t("channels.waitingNone")
				: t("channels.waitingFor", { count: queue, duration: formatDuration(queueAgeMs) }),
		],
		...(undelivered === 0 ? [] : [[t("channels.undelivered"), formatCount(undelivered)] as const]),
		[
			t("channels.reaches"),
			people.length === 0 ? t("channels.reachesNobody") : people.map(({ displayName }) => displayName).join(", "),
		],
	];
}
