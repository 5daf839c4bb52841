import { Button, Field, Input, Radio, RadioGroup } from "@fluentui/react-components";
import { useState } from "react";
import type { IncidentDetail } from "../api-types.ts";
import { Modal } from "../shell/modal.tsx";
import { useText } from "../text.ts";
import { Failure } from "./failure.tsx";
import { useAct } from "./work.ts";

const KEYS = ["1", "2", "2.5", "3", "4"] as const;

/** A person sets the severity, or lets the derived one hold again; both stay in the record. */
export function SeverityDialog({ incident, close }: { readonly incident: IncidentDetail; readonly close: () => void }) {
	const t = useText();
	const { derived, override } = incident.severityDetail;
	const [severity, setSeverity] = useState<string>(incident.severity.key);
	const [reason, setReason] = useState("");
	const act = useAct(incident, close);
	const set = (body: { severity: string | null; reason?: string }) =>
		act.mutate({ what: "severity", body, version: incident.version });
	return (
		<Modal title={t("severity.title", { id: incident.id })} close={close}>
			<form
				className="resolve-form"
				onSubmit={(event) => {
					event.preventDefault();
					set({ severity, ...(reason.trim() === "" ? {} : { reason: reason.trim() }) });
				}}
			>
				<p>{t("severity.derived", { key: derived.key, reasons: incident.severityDetail.reasons.join("; ") })}</p>
				<Field label={t("severity.choose")}>
					<RadioGroup layout="horizontal" value={severity} onChange={(_, data) => setSeverity(data.value)}>
						{KEYS.map((key) => (
							<Radio key={key} value={key} label={t("incident.severity", { key })} />
						))}
					</RadioGroup>
				</Field>
				<Field label={t("severity.reason")}>
					<Input value={reason} maxLength={500} onChange={(_, data) => setReason(data.value)} />
				</Field>
				<Failure error={act.error} />
				<div className="actions">
					<Button type="submit" appearance="primary" data-first disabled={act.isPending}>
						{t("severity.submit", { key: severity })}
					</Button>
					{override === null ? null : (
						<Button disabled={act.isPending} onClick={() => set({ severity: null })}>
							{t("severity.release", { key: derived.key })}
						</Button>
					)}
					<Button onClick={close}>{t("dialog.cancel")}</Button>
				</div>
			</form>
		</Modal>
	);
}
