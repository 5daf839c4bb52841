import { Button, Field, Input } from "@fluentui/react-components";
import { useId, useState } from "react";
import type { IncidentDetail } from "../api-types.ts";
import { Modal } from "../shell/modal.tsx";
import { useSigned } from "../shell/signed.ts";
import { times, useText } from "../text.ts";
import { Failure } from "./failure.tsx";
import { KnownPeople } from "./known-people.tsx";
import { TaskList } from "./task-list.tsx";
import { useAct } from "./work.ts";

const ROLES = ["commander", "communications", "scribe"] as const;
type Role = (typeof ROLES)[number];

/** Who has which part, and what is still to be done by whom. */
export function PeopleCard({ incident, now }: { readonly incident: IncidentDetail; readonly now: number }) {
	const t = useText();
	const { session } = useSigned();
	const [hands, setHands] = useState<Role>();
	const act = useAct(incident);
	return (
		<section className="card">
			<h2>{t("people.title")}</h2>
			<ul className="roles">
				{ROLES.map((role) => {
					const holder = incident.roles.find((each) => each.role === role);
					const isOwn = holder?.person === session.name;
					return (
						<li key={role}>
							<span className="soft">{t(`people.role.${role}`)}</span>
							<span>
								{holder === undefined ? (
									t("people.nobody")
								) : (
									<>
										<b>{holder.personDisplayName}</b>{" "}
										<span className="soft">{t("people.since", { time: times.at(holder.assignedAt, now) })}</span>
									</>
								)}
							</span>
							<span className="row-actions">
								{isOwn ? null : (
									<Button
										size="small"
										disabled={act.isPending}
										aria-label={t("people.takeRole", { role: t(`people.role.${role}`) })}
										onClick={() => act.mutate({ what: "role", body: { role, person: session.name } })}
									>
										{t("people.take")}
									</Button>
								)}
								<Button
									size="small"
									disabled={act.isPending}
									aria-label={t("people.giveRole", { role: t(`people.role.${role}`) })}
									onClick={() => setHands(role)}
								>
									{t("people.give")}
								</Button>
							</span>
						</li>
					);
				})}
			</ul>
			<Failure error={act.error} />
			<TaskList incident={incident} now={now} />
			{hands === undefined ? null : <HandOver incident={incident} role={hands} close={() => setHands(undefined)} />}
		</section>
	);
}

function HandOver({
	incident,
	role,
	close,
}: {
	readonly incident: IncidentDetail;
	readonly role: Role;
	readonly close: () => void;
}) {
	const t = useText();
	const [person, setPerson] = useState("");
	const act = useAct(incident, close);
	const names = useId();
	const holder = incident.roles.find((each) => each.role === role);
	const title = t("people.giveRole", { role: t(`people.role.${role}`) });
	return (
		<Modal title={title} close={close}>
			<form
				className="resolve-form"
				onSubmit={(event) => {
					event.preventDefault();
					act.mutate({ what: "role", body: { role, person: person.trim() } });
				}}
			>
				<Field label={t("people.person")} hint={t("people.personHint")} required>
					<Input
						input={{ "data-first": true, list: names } as object}
						value={person}
						maxLength={200}
						required
						onChange={(_, data) => setPerson(data.value)}
					/>
				</Field>
				<KnownPeople id={names} />
				<Failure error={act.error} />
				<div className="actions">
					<Button type="submit" appearance="primary" disabled={person.trim() === "" || act.isPending}>
						{title}
					</Button>
					{holder === undefined ? null : (
						<Button disabled={act.isPending} onClick={() => act.mutate({ what: "role", body: { role, person: null } })}>
							{t("people.end")}
						</Button>
					)}
					<Button onClick={close}>{t("dialog.cancel")}</Button>
				</div>
			</form>
		</Modal>
	);
}
