import { Button } from "@fluentui/react-components";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { call, why } from "../api.ts";
import type { CellState, PagedPerson } from "../api-types.ts";
import { formatDuration } from "../format.ts";
import { Badge } from "../operations/state-badge.tsx";
import { useSigned } from "../shell/signed.ts";
import { type Text, times, useText } from "../text.ts";

type Contact = PagedPerson["contacts"][number];

const LOOKS: Readonly<Record<Contact["state"], CellState>> = {
	untested: "no-data",
	waiting: "muted",
	failed: "breach",
	delivered: "at-risk",
	confirmed: "healthy",
};

interface CardProps {
	readonly person: PagedPerson;
	readonly isOwn: boolean;
	readonly now: number;
}

/** One person: what is wrong first, then contact methods with their last test, the order they are tried in, and shifts. */
export function PersonCard({ person, isOwn, now }: CardProps) {
	const t = useText();
	const confirmed = person.contacts.filter(({ confirmedAt }) => confirmedAt !== null).length;
	const values = {
		confirmed,
		count: person.contacts.length,
		name: person.displayName,
		shift: shiftWords(t, person, now),
	};
	return (
		<section className="card" style={{ marginBlockEnd: 16 }} aria-label={person.displayName}>
			<header className="card-head">
				<h2>{person.displayName}</h2>
				<span className="tag">{person.timeZone}</span>
			</header>
			<p>{t(isOwn ? "me.sentence" : "me.sentenceOf", values)}</p>
			{person.warnings.map(({ says, remedy }) => (
				<p key={says} className="failure">
					{says} {remedy}
				</p>
			))}
			<table className="plain-table stack" aria-label={t("me.contacts")}>
				<thead>
					<tr>
						<th scope="col">{t("me.contact")}</th>
						<th scope="col">{t("me.address")}</th>
						<th scope="col">{t("me.lastTest")}</th>
						<th scope="col">{t("me.test")}</th>
					</tr>
				</thead>
				<tbody>
					{person.contacts.map((contact) => (
						<ContactRow key={contact.name} person={person} contact={contact} isOwn={isOwn} now={now} />
					))}
				</tbody>
			</table>
			<dl className="facts">
				{person.rules.map(({ rule, steps }) => (
					<div key={rule}>
						<dt>{t(`me.rule.${rule}`)}</dt>
						<dd>{steps.map((step) => stepWords(t, step)).join(t("me.then"))}</dd>
					</div>
				))}
			</dl>
			<p className="soft">
				{t("me.load", { count: person.pagesLastHour, cap: person.pagesPerHour, waiting: person.waiting.length })}
			</p>
			{person.shifts.length === 0 ? null : <Shifts person={person} now={now} />}
		</section>
	);
}

function shiftWords(t: Text, { shifts }: PagedPerson, now: number): string {
	const [next] = shifts.filter(({ role }) => role !== "shadow");
	if (next === undefined) return t("me.shiftNone");
	// A shift under way is told from the server's now on.
	if (next.from <= now + 60_000) return t("me.shiftNow", { until: times.at(next.to, now) });
	return t("me.shiftNext", { from: times.at(next.from, now) });
}

function stepWords(t: Text, { afterMs, contacts }: PagedPerson["rules"][number]["steps"][number]): string {
	const names = contacts.join(", ");
	if (afterMs === 0) return t("me.ruleAtOnce", { contacts: names });
	return t("me.ruleAfter", { contacts: names, wait: formatDuration(afterMs) });
}

function ContactRow({ person, contact, isOwn, now }: CardProps & { readonly contact: Contact }) {
	const t = useText();
	const { session } = useSigned();
	const client = useQueryClient();
	const path = isOwn ? "/me" : `/people/${encodeURIComponent(person.name)}`;
	const test = useMutation({
		mutationFn: () =>
			call(`${path}/contacts/${encodeURIComponent(contact.name)}/test`, {
				method: "POST",
				csrfToken: session.csrfToken,
			}),
		onSettled: () => client.invalidateQueries({ queryKey: ["me"] }),
	});
	return (
		<tr>
			<th scope="row">{contact.name}</th>
			<td data-label={t("me.address")} className="breakable">
				{contact.address}
			</td>
			<td data-label={t("me.lastTest")}>
				<Badge look={LOOKS[contact.state]} word={t(`me.state.${contact.state}`)} />{" "}
				{contact.testedAt === null ? null : <span className="soft">{times.at(contact.testedAt, now)}</span>}
				{contact.state === "failed" ? <p className="failure breakable">{contact.detail}</p> : null}
			</td>
			<td>
				<Button
					disabled={test.isPending}
					aria-label={t("me.testOf", { contact: contact.name, person: person.displayName })}
					onClick={() => test.mutate()}
				>
					{t(test.isPending ? "me.testing" : "me.test")}
				</Button>
				<div aria-live="polite">
					{test.error === null ? null : <p className="failure">{t("me.testRefused", { why: why(test.error) })}</p>}
					{test.isSuccess ? <p>{t("me.tested", { contact: contact.name })}</p> : null}
				</div>
			</td>
		</tr>
	);
}

function Shifts({ person, now }: { readonly person: PagedPerson; readonly now: number }) {
	const t = useText();
	return (
		<details open={person.shifts.length <= 6}>
			<summary>{t("me.shifts")}</summary>
			<table className="plain-table stack">
				<thead>
					<tr>
						<th scope="col">{t("me.shift")}</th>
						<th scope="col">{t("me.shiftRole")}</th>
						<th scope="col">{t("me.shiftFrom")}</th>
						<th scope="col">{t("me.shiftTo")}</th>
					</tr>
				</thead>
				<tbody>
					{person.shifts.map((shift) => (
						<tr key={`${shift.schedule} ${shift.role} ${shift.from}`}>
							<th scope="row">{shift.scheduleDisplayName}</th>
							<td data-label={t("me.shiftRole")}>{shift.role}</td>
							<td data-label={t("me.shiftFrom")}>{times.at(shift.from, now)}</td>
							<td data-label={t("me.shiftTo")}>{times.at(shift.to, now)}</td>
						</tr>
					))}
				</tbody>
			</table>
		</details>
	);
}
