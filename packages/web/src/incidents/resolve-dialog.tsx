import { Button, Field, Input, Radio, RadioGroup } from "@fluentui/react-components";
import { useRef, useState } from "react";
import type { IncidentDetail, Verdict } from "../api-types.ts";
import { Modal } from "../shell/modal.tsx";
import { useText } from "../text.ts";

const VERDICTS: readonly Verdict[] = ["real-impact", "real-no-impact", "noise", "expected-change", "duplicate"];

/** What calibration learns from most, so these two need a reason. */
const NEEDS_REASON: ReadonlySet<Verdict> = new Set<Verdict>(["noise", "expected-change"]);

/** Ends an incident with a verdict: keys 1 to 5 choose while the reason is not being typed. */
export function ResolveDialog({
	incident,
	failure,
	isPending,
	resolve,
	cancel,
}: {
	readonly incident: IncidentDetail;
	readonly failure: string | undefined;
	readonly isPending: boolean;
	readonly resolve: (end: { verdict: Verdict; reason: string; duplicateOf?: string }) => void;
	readonly cancel: () => void;
}) {
	const t = useText();
	const [verdict, setVerdict] = useState<Verdict>();
	const [reason, setReason] = useState("");
	const [other, setOther] = useState("");
	const [isTried, setTried] = useState(false);
	const field = useRef<HTMLInputElement>(null);
	const needsReason = verdict !== undefined && NEEDS_REASON.has(verdict);
	const isMissing = needsReason && reason.trim() === "";
	return (
		<Modal
			title={t("resolve.title", { id: incident.id })}
			close={cancel}
			onKeyDown={(event) => {
				const chosen = VERDICTS[Number(event.key) - 1];
				const isTyping = event.target instanceof HTMLInputElement && event.target.type === "text";
				if (chosen !== undefined && !isTyping && !event.ctrlKey && !event.altKey && !event.metaKey) setVerdict(chosen);
			}}
		>
			<form
				className="resolve-form"
				noValidate
				onSubmit={(event) => {
					event.preventDefault();
					setTried(true);
					if (verdict === undefined) return;
					if (isMissing) field.current?.focus();
					else if (verdict === "duplicate" && other.trim() !== "")
						resolve({ verdict, reason: reason.trim(), duplicateOf: other.trim().toUpperCase() });
					else resolve({ verdict, reason: reason.trim() });
				}}
			>
				<p>{incident.title}</p>
				{incident.signalClearedAt === null ? <p className="banner">{t("resolve.stillBurns")}</p> : null}
				<Field label={t("resolve.verdict")}>
					<RadioGroup value={verdict ?? ""} onChange={(_, data) => setVerdict(data.value as Verdict)}>
						{VERDICTS.map((key, i) => (
							<Radio key={key} value={key} label={`${i + 1}  ${t(`verdict.${key}`)}`} />
						))}
					</RadioGroup>
				</Field>
				<Field
					label={t(needsReason ? "resolve.reason" : "resolve.reasonOptional")}
					required={needsReason}
					{...(isTried && isMissing ? { validationMessage: t("resolve.reasonNeeded") } : {})}
				>
					<Input input={{ ref: field }} value={reason} maxLength={1000} onChange={(_, data) => setReason(data.value)} />
				</Field>
				{verdict === "duplicate" ? (
					<Field label={t("resolve.duplicateOf")}>
						<Input placeholder="INC-1042" value={other} maxLength={100} onChange={(_, data) => setOther(data.value)} />
					</Field>
				) : null}
				{failure === undefined ? null : (
					<p className="failure" role="alert">
						{t("incident.actionFailed", { why: failure })}
					</p>
				)}
				<div className="actions">
					<Button type="submit" appearance="primary" disabled={verdict === undefined || isPending}>
						{t("resolve.submit", { id: incident.id })}
					</Button>
					<Button onClick={cancel}>{t("dialog.cancel")}</Button>
				</div>
			</form>
		</Modal>
	);
}
