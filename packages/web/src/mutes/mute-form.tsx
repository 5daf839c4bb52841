import { Button, Field, Input, Select, Textarea } from "@fluentui/react-components";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useDeferredValue, useState } from "react";
import { why } from "../api.ts";
import { Modal } from "../shell/modal.tsx";
import { useSigned } from "../shell/signed.ts";
import { times, useText } from "../text.ts";
import { AFTER_A_MUTE, previewQuery, routingActions } from "./queries.ts";

const MINUTE_MS = 60_000;
const LENGTHS = [30, 60, 120, 240, 480, 1_440, 4_320, 10_080] as const;

/** A mute says whom it silences, why, and when it ends; what it would match is shown before it is made. */
export function MuteForm({
	matchers: given,
	longestMs,
	close,
}: {
	readonly matchers: string;
	readonly longestMs: number | undefined;
	readonly close: () => void;
}) {
	const t = useText();
	const { session } = useSigned();
	const client = useQueryClient();
	const [matchers, setMatchers] = useState(given);
	const [reason, setReason] = useState("");
	const [minutes, setMinutes] = useState(60);
	const asked = useDeferredValue(matchers);
	const preview = useQuery(previewQuery(asked));
	const make = useMutation({
		mutationFn: () =>
			routingActions(session.csrfToken).mute({
				matchers: [matchers],
				reason,
				endsAt: Date.now() + minutes * MINUTE_MS,
			}),
		onSuccess: async () => {
			await Promise.all(AFTER_A_MUTE.map((queryKey) => client.invalidateQueries({ queryKey })));
			close();
		},
	});
	const lengths = LENGTHS.filter((each) => longestMs === undefined || each * MINUTE_MS <= longestMs);
	return (
		<Modal title={t("mutes.makeTitle")} close={close}>
			<form
				className="resolve-form"
				onSubmit={(event) => {
					event.preventDefault();
					make.mutate();
				}}
			>
				<Field label={t("mutes.matchers")} hint={t("mutes.matchersHint")} required>
					<Input
						input={{ "data-first": true, spellCheck: false } as object}
						value={matchers}
						required
						maxLength={4_096}
						onChange={(_, data) => setMatchers(data.value)}
					/>
				</Field>
				<p role="status" className="soft">
					{matchers.trim() === ""
						? t("mutes.previewNone")
						: preview.error !== null
							? why(preview.error)
							: preview.data === undefined
								? t("loading")
								: t("mutes.preview", {
										tenants: preview.data.tenants,
										slos: preview.data.slos,
										open: preview.data.open.length,
									})}
				</p>
				<Field label={t("mutes.length")}>
					<Select value={String(minutes)} onChange={(_, data) => setMinutes(Number(data.value))}>
						{lengths.map((each) => (
							<option key={each} value={each}>
								{t(each < 60 ? "mutes.minutes" : each < 1_440 ? "mutes.hours" : "mutes.days", {
									count: each < 60 ? each : each < 1_440 ? each / 60 : each / 1_440,
								})}
							</option>
						))}
					</Select>
				</Field>
				<Field label={t("mutes.reason")} required>
					<Textarea value={reason} required maxLength={500} onChange={(_, data) => setReason(data.value)} />
				</Field>
				<p>{t("mutes.says", { until: times.at(Date.now() + minutes * MINUTE_MS, Date.now()) })}</p>
				{make.error === null ? null : (
					<p className="failure" role="alert">
						{t("mutes.failed", { why: why(make.error) })}
					</p>
				)}
				<div className="actions">
					<Button type="submit" appearance="primary" disabled={make.isPending || reason.trim() === ""}>
						{t("mutes.make")}
					</Button>
					<Button onClick={close}>{t("dialog.cancel")}</Button>
				</div>
			</form>
		</Modal>
	);
}
