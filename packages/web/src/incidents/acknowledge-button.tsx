import { Button } from "@fluentui/react-components";
import type { IncidentDetail } from "../api-types.ts";
import { formatCountdown } from "../format.ts";
import { useNow } from "../live.ts";
import { times, useText } from "../text.ts";
import { useAcknowledge } from "./acknowledge.ts";
import { nextPage } from "./incident.ts";

type Escalation = IncidentDetail["escalation"];

/** Acknowledge, with the time that is left and, when it failed, what happens next without it. */
export function AcknowledgeButton({
	id,
	dueAt,
	escalation,
	act,
}: {
	readonly id: string;
	readonly dueAt: number | null;
	readonly escalation?: Escalation;
	/** Shared with the page's key, so that both show the same failure. */
	readonly act?: ReturnType<typeof useAcknowledge>;
}) {
	const t = useText();
	const now = useNow();
	const own = useAcknowledge(id);
	const { run, isPending, isRetrying, failure } = act ?? own;
	const next = escalation === undefined ? undefined : nextPage(escalation);
	const nextText =
		next === undefined
			? ""
			: t(next.isRepeat ? "incident.nextPagedAgain" : "incident.nextPaged", {
					person: next.person,
					time: times.at(next.at, now),
				});
	return (
		<div className="acknowledge">
			<Button appearance="primary" size="large" disabled={isPending && !isRetrying} onClick={run}>
				{t("incident.acknowledge", { id })}
			</Button>
			{dueAt === null ? null : (
				<p className="ack-clock">
					{dueAt >= now ? (
						<>
							{t("incident.ackWithin")} <b className="due">{formatCountdown(dueAt - now)}</b>.
						</>
					) : (
						<b className="due">{t("incident.ackOverdue", { late: formatCountdown(now - dueAt) })}.</b>
					)}{" "}
					{failure === undefined ? nextText : null}
				</p>
			)}
			{failure === undefined ? null : (
				<p className="failure" role="alert">
					{t("incident.notAcknowledged", { why: failure })} {isRetrying ? t("incident.retrying") : ""} {nextText}
				</p>
			)}
		</div>
	);
}
