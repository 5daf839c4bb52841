import { Button } from "@fluentui/react-components";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { call } from "../api.ts";
import type { Subscription, TokenView } from "../api-types.ts";
import { Confirm } from "../incidents/confirm.tsx";
import { Failure } from "../incidents/failure.tsx";
import { useNow } from "../live.ts";
import { AdminPage } from "../operations/admin-page.tsx";
import { useSigned } from "../shell/signed.ts";
import { ErrorState, Loading, RefreshFailed } from "../shell/states.tsx";
import { times, useText } from "../text.ts";
import { subscriptionsQuery, tokensQuery } from "./queries.ts";

/** Who and what may read, act, propose or is told: tokens with their limits, and subscriptions with how they fare. */
export function AccessPage() {
	return (
		<AdminPage title="access.title">
			<Access />
		</AdminPage>
	);
}

function Access() {
	const t = useText();
	const now = useNow(5000);
	const tokens = useQuery(tokensQuery);
	const subscriptions = useQuery(subscriptionsQuery);
	const failed = tokens.error ?? subscriptions.error;
	if (tokens.data === undefined || subscriptions.data === undefined) {
		if (failed === null) return <Loading rows={6} />;
		const retry = () => void Promise.all([tokens.refetch(), subscriptions.refetch()]);
		return <ErrorState what={t("what.access")} error={failed} retry={retry} />;
	}
	const good = tokens.data.filter(({ state }) => state === "good");
	const active = subscriptions.data.filter(({ state }) => state === "active");
	return (
		<>
			{failed === null ? null : <RefreshFailed error={failed} since={tokens.dataUpdatedAt} now={now} />}
			<h1>{t("access.title")}</h1>
			<p className="incident-sentence">
				{t("access.sentence", {
					tokens: good.length,
					agents: good.filter(({ role }) => role === "agent").length,
					subscriptions: active.length,
					ended: subscriptions.data.length - active.length,
				})}
			</p>
			<Tokens tokens={tokens.data} now={now} />
			<Subscriptions subscriptions={subscriptions.data} now={now} />
		</>
	);
}

function Tokens({ tokens, now }: { readonly tokens: readonly TokenView[]; readonly now: number }) {
	const t = useText();
	const client = useQueryClient();
	const { session } = useSigned();
	const [asked, ask] = useState<TokenView | undefined>();
	const [isAll, showAll] = useState(false);
	const revoke = useMutation({
		mutationFn: (id: string) =>
			call(`/tokens/${encodeURIComponent(id)}`, { method: "DELETE", csrfToken: session.csrfToken }),
		networkMode: "always",
		onSettled: () =>
			Promise.all([["tokens"], ["subscriptions"]].map((queryKey) => client.invalidateQueries({ queryKey }))),
	});
	const shown = tokens.filter(({ state }) => isAll || state === "good");
	return (
		<section>
			<h2>{t("access.tokens")}</h2>
			<Failure error={revoke.error} />
			<table className="plain-table stack">
				<thead>
					<tr>
						<th scope="col">{t("access.token")}</th>
						<th scope="col">{t("access.role")}</th>
						<th scope="col">{t("access.tenants")}</th>
						<th scope="col">{t("access.until")}</th>
						<th scope="col">{t("access.lastUsed")}</th>
						<th scope="col">{t("access.state")}</th>
					</tr>
				</thead>
				<tbody>
					{shown.map((token) => (
						<tr key={token.id}>
							<th scope="row" className="breakable">
								{token.name}
								{/* What an agent policy names where a name is not enough. */}
								{token.role === "agent" ? <div className="soft">{token.id}</div> : null}
							</th>
							<td data-label={t("access.role")}>{t(`access.role.${token.role}`)}</td>
							<td data-label={t("access.tenants")} className="breakable">
								{token.tenants === null ? t("access.allTenants") : token.tenants.join(", ")}
							</td>
							<td data-label={t("access.until")}>
								{token.expiresAt === null ? t("access.forEver") : times.at(token.expiresAt, now)}
							</td>
							<td data-label={t("access.lastUsed")}>
								{token.lastUsedAt === null ? t("access.never") : times.at(token.lastUsedAt, now)}
							</td>
							<td data-label={t("access.state")}>
								{t(`access.state.${token.state}`)}{" "}
								{token.state === "good" ? (
									<Button
										size="small"
										aria-label={t("access.revokeName", { name: token.name })}
										onClick={() => ask(token)}
									>
										{t("access.revoke")}
									</Button>
								) : null}
							</td>
						</tr>
					))}
				</tbody>
			</table>
			<p className="soft">
				<label>
					<input type="checkbox" checked={isAll} onChange={(event) => showAll(event.target.checked)} />{" "}
					{t("access.showEnded")}
				</label>
			</p>
			<p className="soft breakable">
				{t("access.make", { command: "bellwether token --role agent --name oncall-bot --tenants contoso" })}
			</p>
			{asked === undefined ? null : (
				<Confirm
					title={t("access.revokeTitle", { name: asked.name })}
					verb={t("access.revoke")}
					confirm={() => {
						revoke.mutate(asked.id);
						ask(undefined);
					}}
					cancel={() => ask(undefined)}
				>
					<p>{t("access.revokeBody")}</p>
				</Confirm>
			)}
		</section>
	);
}

function Subscriptions({
	subscriptions,
	now,
}: {
	readonly subscriptions: readonly Subscription[];
	readonly now: number;
}) {
	const t = useText();
	return (
		<section>
			<h2>{t("access.subscriptions")}</h2>
			{subscriptions.length === 0 ? (
				<p>{t("access.noSubscriptions")}</p>
			) : (
				<table className="plain-table stack">
					<thead>
						<tr>
							<th scope="col">{t("access.receiver")}</th>
							<th scope="col">{t("access.event")}</th>
							<th scope="col">{t("access.owner")}</th>
							<th scope="col">{t("access.last")}</th>
							<th scope="col">{t("access.state")}</th>
						</tr>
					</thead>
					<tbody>
						{subscriptions.map((each) => (
							<tr key={each.id}>
								<th scope="row" className="breakable">
									{each.receiver}
								</th>
								<td data-label={t("access.event")}>{t(`access.event.${each.event}`)}</td>
								<td data-label={t("access.owner")}>{each.owner}</td>
								<td data-label={t("access.last")} className="breakable">
									{each.lastAt === null
										? t("access.never")
										: `${times.at(each.lastAt, now)} · ${each.lastOutcome ?? ""}`}
								</td>
								<td data-label={t("access.state")} className={each.state === "disabled" ? "late breakable" : ""}>
									{t(`access.sub.${each.state}`)}
									{each.reason === null ? "" : `: ${each.reason}`}
								</td>
							</tr>
						))}
					</tbody>
				</table>
			)}
		</section>
	);
}
