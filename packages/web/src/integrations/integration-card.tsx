import { Button } from "@fluentui/react-components";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { why } from "../api.ts";
import type { CellState, IntegrationTest, IntegrationView } from "../api-types.ts";
import { formatDuration } from "../format.ts";
import { Badge } from "../operations/state-badge.tsx";
import { asSentence } from "../operations/words.ts";
import { useSigned } from "../shell/signed.ts";
import { type Text, times, useText } from "../text.ts";
import { integrationsQuery, testIntegration } from "./integrations-api.ts";

const LOOKS: Readonly<Record<IntegrationView["state"], CellState>> = {
	idle: "no-data",
	ok: "healthy",
	failing: "at-risk",
	stuck: "breach",
};

interface CardProps {
	readonly integration: IntegrationView;
	readonly now: number;
}

/** One system: its state in words, what it holds, the proof of its last delivery, and its last failure. */
export function IntegrationCard({ integration, now }: CardProps) {
	const t = useText();
	const { session } = useSigned();
	const { state, lastFailure } = integration;
	return (
		<section className="card" aria-label={integration.displayName}>
			<header className="card-head">
				<h2>{integration.displayName}</h2>
				<Badge look={LOOKS[state]} word={t(`integrations.state.${state}`)} />
			</header>
			<p>{says(t, integration, now)}</p>
			{lastFailure === null ? null : (
				<div className="failure">
					<p>{t("integrations.failure", { ago: formatDuration(now - lastFailure.startedAt) })}</p>
					<p>{asSentence(lastFailure.detail)}</p>
				</div>
			)}
			<dl className="facts">
				{factsOf(t, integration, now).map(([label, value]) => (
					<div key={label}>
						<dt>{label}</dt>
						<dd>{value}</dd>
					</div>
				))}
			</dl>
			{session.role === "admin" && session.allTenants ? <TestNow integration={integration} /> : null}
		</section>
	);
}

function says(t: Text, { state, lastDelivery, lastFailure, lastTest, tickets }: IntegrationView, now: number): string {
	const ago = (at: number | undefined) => formatDuration(now - (at ?? now));
	switch (state) {
		case "idle":
			return t("integrations.says.idle");
		case "ok":
			return lastDelivery === null
				? t("integrations.says.tested", { ago: ago(lastTest?.startedAt) })
				: t("integrations.says.ok", { ago: ago(lastDelivery.startedAt) });
		case "failing":
			return t(tickets.waiting > 0 ? "integrations.says.retried" : "integrations.says.failing", {
				ago: ago(lastFailure?.startedAt),
			});
		case "stuck":
			return t("integrations.says.stuck", { count: tickets.failed });
	}
}

function factsOf(t: Text, integration: IntegrationView, now: number): (readonly [string, ReactNode])[] {
	const { when, tickets, lastDelivery, lastTest, lastMessageAt } = integration;
	const incidents = [
		t("integrations.whenText", { severity: when.severity }),
		...(when.workloads.length === 0 ? [] : [t("integrations.whenWorkloads", { list: when.workloads.join(", ") })]),
		...(when.tenants.length === 0 ? [] : [t("integrations.whenTenants", { list: when.tenants.join(", ") })]),
	];
	const facts: (readonly [string, ReactNode])[] = [
		[t("integrations.system"), `${integration.kind}, ${integration.host}`],
		[t("integrations.when"), incidents.join("; ")],
		[t("integrations.tickets"), t("integrations.ticketsText", tickets)],
	];
	if (integration.waitingSince !== null && integration.waitingSince < now) {
		facts.push([t("integrations.waitingSince"), formatDuration(now - integration.waitingSince)]);
	}
	if (lastDelivery !== null) {
		facts.push([t("integrations.proof"), `${times.exactly(lastDelivery.startedAt, now)}: ${lastDelivery.detail}`]);
	}
	facts.push(
		[
			t("integrations.lastTest"),
			lastTest === null
				? t("integrations.neverTested")
				: `${times.at(lastTest.startedAt, now)}: ${asSentence(lastTest.detail)}`,
		],
		[t("integrations.inbound"), integration.inbound ?? t("integrations.inboundNone")],
	);
	if (integration.inbound !== null) {
		facts.push([
			t("integrations.lastMessage"),
			lastMessageAt === null ? t("ago.never") : t("ago.ago", { duration: formatDuration(now - lastMessageAt) }),
		]);
	}
	return facts;
}

/** The same adapter, sign-in and way out as for real tickets. */
function TestNow({ integration }: { readonly integration: IntegrationView }) {
	const t = useText();
	const { session } = useSigned();
	const client = useQueryClient();
	const { name, displayName } = integration;
	const test = useMutation({
		mutationFn: (mode: "ticket" | "check") => testIntegration(name, mode, session.csrfToken),
		onSettled: () => client.invalidateQueries(integrationsQuery),
	});
	return (
		<div className="trial">
			<p className="soft">{t("integrations.testHint")}</p>
			<div className="button-row">
				<Button disabled={test.isPending} onClick={() => test.mutate("ticket")}>
					{t(test.isPending ? "integrations.testing" : "integrations.test", { name: displayName })}
				</Button>
				<Button appearance="subtle" disabled={test.isPending} onClick={() => test.mutate("check")}>
					{t("integrations.check", { name: displayName })}
				</Button>
			</div>
			<div aria-live="polite">
				{test.error === null ? null : (
					<p className="failure">{t("integrations.testFailed", { why: why(test.error) })}</p>
				)}
				{test.data === undefined ? null : <TestResult result={test.data} />}
			</div>
		</div>
	);
}

function TestResult({ result }: { readonly result: IntegrationTest }) {
	const t = useText();
	const failed = result.steps.find(({ ok }) => !ok);
	return (
		<>
			<p className={failed ? "failure" : undefined}>
				{failed
					? t("integrations.testFailed", { why: asSentence(failed.detail) })
					: t("integrations.tested", { took: `${result.tookMs}\u00a0ms`, ticket: result.ticket?.name ?? "none" })}
			</p>
			<ul>
				{result.steps.map(({ what, detail }) => (
					<li key={what}>{t("integrations.step", { what, detail })}</li>
				))}
			</ul>
		</>
	);
}
