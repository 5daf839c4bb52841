import { useState } from "react";
import type { ScheduleDetail } from "../api-types.ts";
import { useSigned } from "../shell/signed.ts";
import { useText } from "../text.ts";
import { ActForm, Choose, Reason, StretchFields, useStretch } from "./act-form.tsx";
import { onCallActions, type Role } from "./queries.ts";

const HOUR_MS = 3_600_000;

interface FormProps {
	readonly schedule: ScheduleDetail;
	readonly now: number;
	readonly close: () => void;
}

/** Begins at the next full hour: the likeliest, and easily changed. */
function nextHour(now: number): number {
	return Math.ceil(now / HOUR_MS) * HOUR_MS;
}

function useActions() {
	const { session } = useSigned();
	return onCallActions(session.csrfToken);
}

function RoleField({
	schedule,
	role,
	change,
}: {
	readonly schedule: ScheduleDetail;
	readonly role: Role;
	readonly change: (role: Role) => void;
}) {
	const t = useText();
	if (schedule.roles.length === 1) return null;
	const choices = schedule.roles.map((name) => ({ name, displayName: t(`oncall.role.${name}`) }));
	return <Choose label={t("form.role")} choices={choices} value={role} change={(name) => change(name as Role)} />;
}

export function OverrideForm({ schedule, now, close }: FormProps) {
	const t = useText();
	const actions = useActions();
	const [person, setPerson] = useState(schedule.people[0]?.name ?? "");
	const [replaces, setReplaces] = useState("");
	const [role, setRole] = useState<Role>("primary");
	const [reason, setReason] = useState("");
	const times = useStretch(nextHour(now), nextHour(now) + 8 * HOUR_MS);
	const everybody = { name: "", displayName: t("schedule.everybody") };
	return (
		<ActForm
			title={t("schedule.override")}
			verb={t("form.make")}
			fault={times.stretch === undefined ? t("form.times") : undefined}
			close={close}
			act={(key) => {
				const instead = replaces === "" ? {} : { replaces };
				const { from, to } = times.stretch ?? { from: 0, to: 0 };
				return actions.override(schedule.name, { from, to, role, people: [person], reason, ...instead }, key);
			}}
		>
			<Choose label={t("form.who")} choices={schedule.people} value={person} change={setPerson} isFirst />
			<Choose
				label={t("form.replaces")}
				choices={[everybody, ...schedule.people.filter(({ name }) => name !== person)]}
				value={replaces}
				change={setReplaces}
			/>
			<RoleField schedule={schedule} role={role} change={setRole} />
			<StretchFields times={times} />
			<Reason value={reason} change={setReason} />
		</ActForm>
	);
}

export function SwapForm({ schedule, now, close }: FormProps) {
	const t = useText();
	const actions = useActions();
	const [person, setPerson] = useState(schedule.people[0]?.name ?? "");
	const [role, setRole] = useState<Role>("primary");
	const [reason, setReason] = useState("");
	const next = schedule.shifts.find((shift) => shift.from > now && shift.people.some(({ name }) => name === person));
	const times = useStretch(next?.from ?? nextHour(now), next?.to ?? nextHour(now) + 8 * HOUR_MS);
	return (
		<ActForm
			title={t("schedule.swap")}
			verb={t("form.ask")}
			fault={times.stretch === undefined ? t("form.times") : undefined}
			close={close}
			act={(key) =>
				actions.swap(schedule.name, { ...(times.stretch ?? { from: 0, to: 0 }), role, person, reason }, key)
			}
		>
			<Choose label={t("form.person")} choices={schedule.people} value={person} change={setPerson} isFirst />
			<RoleField schedule={schedule} role={role} change={setRole} />
			<StretchFields times={times} />
			<Reason value={reason} change={setReason} />
		</ActForm>
	);
}

export function AbsenceForm({ schedule, now, close }: FormProps) {
	const t = useText();
	const actions = useActions();
	const [person, setPerson] = useState(schedule.people[0]?.name ?? "");
	const [reason, setReason] = useState("");
	const times = useStretch(nextHour(now), nextHour(now) + 24 * HOUR_MS);
	return (
		<ActForm
			title={t("schedule.absence")}
			verb={t("form.away")}
			fault={times.stretch === undefined ? t("form.times") : undefined}
			close={close}
			act={(key) => actions.absence({ ...(times.stretch ?? { from: 0, to: 0 }), person, reason }, key)}
		>
			<Choose label={t("form.person")} choices={schedule.people} value={person} change={setPerson} isFirst />
			<StretchFields times={times} />
			<Reason value={reason} change={setReason} />
		</ActForm>
	);
}

export function TakeForm({
	schedule,
	swap,
	close,
}: {
	readonly schedule: ScheduleDetail;
	readonly swap: ScheduleDetail["swaps"][number];
	readonly close: () => void;
}) {
	const t = useText();
	const actions = useActions();
	const others = schedule.people.filter(({ name }) => name !== swap.person.name);
	const [person, setPerson] = useState(others[0]?.name ?? "");
	return (
		<ActForm
			title={t("schedule.takeTitle")}
			verb={t("form.takes")}
			close={close}
			act={() => actions.takeSwap(swap.id, person)}
		>
			<Choose label={t("form.person")} choices={others} value={person} change={setPerson} isFirst />
		</ActForm>
	);
}
