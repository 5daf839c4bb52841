import type { FleetRow } from "../api-types.ts";
import { formatCountdown } from "../format.ts";
import { useNow } from "../live.ts";
import { heldWords } from "../mutes/held-words.ts";
import { times, useText } from "../text.ts";

/** The row's open incident: how long until acknowledgement is due, or who has it. */
export function IncidentCell({ incident }: { readonly incident: NonNullable<FleetRow["incident"]> }) {
	const t = useText();
	const now = useNow();
	const due = incident.acknowledgeDueAt;
	if (incident.acknowledgedAt !== null) {
		return (
			<>
				{incident.id} ·{" "}
				{incident.state === "mitigated"
					? t("incident.state.mitigated")
					: t("fleet.ackBy", {
							person: incident.acknowledgedBy ?? "",
							time: times.short(incident.acknowledgedAt, now),
						})}
			</>
		);
	}
	if (incident.held !== undefined) {
		return (
			<>
				{incident.id} · {t("fleet.held", { why: heldWords(t, incident.held.kind, incident.held.until, now) })}
			</>
		);
	}
	if (incident.parent !== null) {
		return (
			<>
				{incident.id} · {t("fleet.partOf", { id: incident.parent })}
			</>
		);
	}
	if (incident.state !== "detected" || due === null) {
		return (
			<>
				{incident.id} · {t(`incident.state.${incident.state}`)}
			</>
		);
	}
	const left = due - now;
	return (
		<>
			{incident.id} ·{" "}
			<b className="due">
				{left >= 0
					? t("fleet.ackDue", { left: formatCountdown(left) })
					: t("fleet.ackLate", { late: formatCountdown(-left) })}
			</b>
		</>
	);
}
