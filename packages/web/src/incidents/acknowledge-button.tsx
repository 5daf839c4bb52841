import { Button } from "@fluentui/react-components";
import { formatCountdown } from "../format.ts";
import { useNow } from "../live.ts";
import { times, useText } from "../text.ts";
import { useAcknowledge } from "./acknowledge.ts";

interface Escalation {
	readonly nextPerson: string | null;
	readonly nextAt: number | null;
}

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
	return (
		<div className="acknowledge">
			<Button appearance="primary" size="large" disabled={isPending && !isRetrying} onClick={run}>
				{t("incident.acknowledge", { id })}
			</Button>
			{dueAt === null ? null : (
				<p className="ack-clock">
					{dueAt >= now ? (
						<>
							{t("incident.ackDueThen", { left: "" })}
							<b className="due">{formatCountdown(dueAt - now)}</b>
						</>
					) : (
						<b className="due">{t("incident.ackOverdue", { late: formatCountdown(now - dueAt) })}</b>
					)}
					{escalation?.nextPerson ? <> {t("incident.thenEscalates", { person: escalation.nextPerson })}</> : null}
				</p>
			)}
			{failure === undefined ? null : (
				<p className="failure" role="alert">
					{t("incident.notAcknowledged", { why: failure })} {isRetrying ? t("incident.retrying") : ""}{" "}
					{escalation?.nextPerson && escalation.nextAt !== null
						? t("incident.nextPaged", { person: escalation.nextPerson, time: times.at(escalation.nextAt, now) })
						: ""}
				</p>
			)}
		</div>
	);
}
