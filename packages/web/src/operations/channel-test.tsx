import { Button, Field, Select } from "@fluentui/react-components";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { channelsQuery, pageTestsQuery, why } from "../api.ts";
import type { ChannelView, PageTest } from "../api-types.ts";
import { formatDuration } from "../format.ts";
import { useSigned } from "../shell/signed.ts";
import { type Text, useText } from "../text.ts";

/** Sends a real message by the channel and shows what its receiver said. */
export function ChannelTest({ channel }: { readonly channel: ChannelView }) {
	const t = useText();
	const { session, actions } = useSigned();
	const client = useQueryClient();
	const people = whoMayBeTested(channel, session);
	const [chosen, setChosen] = useState<string | undefined>(undefined);
	const person = chosen ?? people[0]?.name;
	const test = useMutation({
		mutationFn: () => actions.testPage(channel.name, person === "" ? undefined : person),
		onSettled: () => client.invalidateQueries({ queryKey: channelsQuery.queryKey }),
	});
	const ids = (test.data?.items ?? []).map(({ messageId }) => messageId);
	const look = useQuery({ ...pageTestsQuery(ids), enabled: ids.length > 0 });
	const results = look.data ?? test.data?.items ?? [];
	if (person === undefined) return <p className="soft">{t("channels.testNobody")}</p>;
	const isUnderWay = test.isPending || results.some(({ status, attempts }) => status === "waiting" && attempts === 0);
	return (
		<div className="trial">
			{people.length > 1 ? (
				<Field label={t("channels.to")}>
					<Select value={person} onChange={(_, data) => setChosen(data.value)}>
						{people.map(({ name, displayName }) => (
							<option key={name} value={name}>
								{name === "" ? t("channels.toItself") : displayName}
							</option>
						))}
					</Select>
				</Field>
			) : null}
			<Button disabled={isUnderWay} onClick={() => test.mutate()}>
				{t(isUnderWay ? "channels.testing" : "channels.test", { name: channel.name })}
			</Button>
			<div aria-live="polite">
				{test.error === null ? null : <p className="failure">{t("channels.testRefused", { why: why(test.error) })}</p>}
				{results.map((result) => (
					<p key={result.messageId} className={result.status === "sent" ? "breakable" : "failure breakable"}>
						{words(t, result)}
					</p>
				))}
			</div>
		</div>
	);
}

/** Who is reached by it and may be tested by this person; the empty name is the channel's own address. */
function whoMayBeTested(
	{ people, hasOwnAddress }: ChannelView,
	session: { readonly name: string; readonly role: string },
): readonly { readonly name: string; readonly displayName: string }[] {
	if (session.role !== "admin") return people.filter(({ name }) => name === session.name);
	const mine = people.filter(({ name }) => name === session.name);
	const others = people.filter(({ name }) => name !== session.name);
	return [...mine, ...(hasOwnAddress ? [{ name: "", displayName: "" }] : []), ...others];
}

function words(t: Text, { status, detail, attempts, tookMs }: PageTest): string {
	if (status === "waiting" && attempts === 0) return "";
	return t(`channels.test.${status}`, { detail, attempts, took: tookMs === null ? "" : formatMs(tookMs) });
}

function formatMs(ms: number): string {
	return ms < 1000 ? `${Math.round(ms)}\u00a0ms` : formatDuration(ms);
}
