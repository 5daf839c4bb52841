import { Button } from "@fluentui/react-components";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { why } from "../api.ts";
import type { ScheduleDetail } from "../api-types.ts";
import { Confirm } from "../incidents/confirm.tsx";
import { useSigned } from "../shell/signed.ts";
import { times, useText } from "../text.ts";
import { names } from "./frame.tsx";
import { mayActOnCall } from "./may-act.ts";
import { ALL_ON_CALL, onCallActions } from "./queries.ts";
import { TakeForm } from "./schedule-forms.tsx";

interface Props {
	readonly schedule: ScheduleDetail;
	readonly now: number;
}

type Override = ScheduleDetail["overrides"][number];
type Swap = ScheduleDetail["swaps"][number];

/** Whether the reader may change who is on call. */
export function useMayAct(): boolean {
	return mayActOnCall(useSigned().session);
}

/** Does one thing about the schedule and reads everything of on-call anew. */
function useAct(act: (actions: ReturnType<typeof onCallActions>) => Promise<unknown>) {
	const { session } = useSigned();
	const client = useQueryClient();
	return useMutation({
		mutationFn: () => act(onCallActions(session.csrfToken)),
		onSuccess: () => void client.invalidateQueries({ queryKey: ALL_ON_CALL }),
	});
}

function Failure({ error }: { readonly error: Error | null }) {
	const t = useText();
	if (error === null) return null;
	return (
		<p className="failure breakable" role="alert">
			{t("form.refused", { why: why(error) })}
		</p>
	);
}

export function Overrides({ schedule, now }: Props) {
	const t = useText();
	return (
		<section className="card">
			<h2>{t("schedule.overrides")}</h2>
			{schedule.overrides.length === 0 ? <p className="soft">{t("schedule.overridesNone")}</p> : null}
			<ul className="act-list">
				{schedule.overrides.map((override) => (
					<OverrideLine key={override.id} override={override} now={now} />
				))}
			</ul>
		</section>
	);
}

function OverrideLine({ override, now }: { readonly override: Override; readonly now: number }) {
	const t = useText();
	const [isAsked, setAsked] = useState(false);
	const end = useAct((actions) => actions.endOverride(override.id));
	const isOver = override.cancelledBy !== null || override.to <= now;
	const mayEnd = useMayAct() && !isOver;
	return (
		<li>
			<span>
				{t("schedule.overrideLine", {
					people: names(override.people, ""),
					replaces: override.replaces?.displayName ?? t("schedule.everybody"),
					role: t(`oncall.role.${override.role}`).toLowerCase(),
					from: times.at(override.from, now),
					to: times.at(override.to, now),
				})}
			</span>
			<span className="soft">
				{t("schedule.overrideBy", {
					by: override.madeBy,
					at: times.at(override.madeAt, now),
					reason: override.reason === "" ? "none" : override.reason,
				})}
				{override.cancelledBy === null ? "" : ` (${t("schedule.ended", { by: override.cancelledBy })})`}
			</span>
			{mayEnd ? (
				<Button size="small" disabled={end.isPending} onClick={() => setAsked(true)}>
					{t("schedule.end")}
				</Button>
			) : null}
			<Failure error={end.error} />
			{isAsked ? (
				<Confirm
					title={t("schedule.endTitle")}
					verb={t("schedule.end")}
					cancel={() => setAsked(false)}
					confirm={() => {
						setAsked(false);
						end.mutate();
					}}
				>
					<p>{t("schedule.endBody")}</p>
				</Confirm>
			) : null}
		</li>
	);
}

export function Swaps({ schedule, now }: Props) {
	const t = useText();
	return (
		<section className="card">
			<h2>{t("schedule.swaps")}</h2>
			{schedule.swaps.length === 0 ? <p className="soft">{t("schedule.swapsNone")}</p> : null}
			<ul className="act-list">
				{schedule.swaps.map((swap) => (
					<SwapLine key={swap.id} schedule={schedule} swap={swap} now={now} />
				))}
			</ul>
		</section>
	);
}

function SwapLine({ schedule, swap, now }: Props & { readonly swap: Swap }) {
	const t = useText();
	const [isTaking, setTaking] = useState(false);
	const cancel = useAct((actions) => actions.cancelSwap(swap.id));
	const isOver = swap.state === "cancelled" || swap.to <= now;
	const mayAct = useMayAct() && !isOver;
	return (
		<li>
			<span>
				{t("schedule.swapLine", {
					person: swap.person.displayName,
					role: t(`oncall.role.${swap.role}`).toLowerCase(),
					from: times.at(swap.from, now),
					to: times.at(swap.to, now),
				})}
				: <b>{t(`schedule.swapState.${swap.state}`, { person: swap.takenBy?.displayName ?? "" })}</b>
			</span>
			{swap.reason === "" ? null : <span className="soft">{swap.reason}</span>}
			{mayAct ? (
				<div className="actions">
					{swap.state === "taken" ? null : (
						<Button size="small" appearance="primary" onClick={() => setTaking(true)}>
							{t("schedule.take")}
						</Button>
					)}
					<Button size="small" disabled={cancel.isPending} onClick={() => cancel.mutate()}>
						{t("schedule.cancelSwap")}
					</Button>
				</div>
			) : null}
			<Failure error={cancel.error} />
			{isTaking ? <TakeForm schedule={schedule} swap={swap} close={() => setTaking(false)} /> : null}
		</li>
	);
}

export function Absences({
	schedule,
	now,
}: {
	readonly schedule: Pick<ScheduleDetail, "absences">;
	readonly now: number;
}) {
	const t = useText();
	return (
		<section className="card">
			<h2>{t("schedule.absences")}</h2>
			{schedule.absences.length === 0 ? <p className="soft">{t("schedule.absencesNone")}</p> : null}
			<ul className="act-list">
				{schedule.absences.map((absence) => (
					<AbsenceLine key={absence.id} absence={absence} now={now} />
				))}
			</ul>
		</section>
	);
}

function AbsenceLine({ absence, now }: { readonly absence: ScheduleDetail["absences"][number]; readonly now: number }) {
	const t = useText();
	const end = useAct((actions) => actions.endAbsence(absence.id));
	const mayEnd = useMayAct() && absence.to > now;
	return (
		<li>
			<span>
				{t("schedule.absenceLine", {
					person: absence.person.displayName,
					from: times.at(absence.from, now),
					to: times.at(absence.to, now),
					reason: absence.reason === "" ? "none" : absence.reason,
				})}
			</span>
			{mayEnd ? (
				<Button size="small" disabled={end.isPending} onClick={() => end.mutate()}>
					{t("schedule.absenceEnd")}
				</Button>
			) : null}
			<Failure error={end.error} />
		</li>
	);
}
