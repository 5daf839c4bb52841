import { Button, Field, Input, Select } from "@fluentui/react-components";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useRef, useState } from "react";
import { why } from "../api.ts";
import { Modal } from "../shell/modal.tsx";
import { useText } from "../text.ts";
import { ALL_ON_CALL } from "./queries.ts";

export interface Choice {
	readonly name: string;
	readonly displayName: string;
}

const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** A dialog that does one thing about a schedule. It stays open, with what was written, until the server has done it. */
export function ActForm({
	title,
	verb,
	act,
	fault,
	close,
	children,
}: {
	readonly title: string;
	readonly verb: string;
	/** With a key of its own, so that a second try after a lost answer is the same act. */
	readonly act: (key: string) => Promise<unknown>;
	/** Why it cannot be sent yet. */
	readonly fault?: string | undefined;
	readonly close: () => void;
	readonly children: ReactNode;
}) {
	const t = useText();
	const client = useQueryClient();
	const key = useRef(crypto.randomUUID());
	const send = useMutation({
		mutationFn: () => act(key.current),
		onSuccess: () => {
			void client.invalidateQueries({ queryKey: ALL_ON_CALL });
			close();
		},
		// Refused: what is sent next is another act.
		onError: () => {
			key.current = crypto.randomUUID();
		},
	});
	return (
		<Modal title={title} close={close}>
			<form
				className="resolve-form"
				onSubmit={(event) => {
					event.preventDefault();
					if (fault === undefined) send.mutate();
				}}
			>
				{children}
				{fault === undefined ? null : <p role="status">{fault}</p>}
				{send.error === null ? null : (
					<p className="failure breakable" role="alert">
						{t("form.refused", { why: why(send.error) })}
					</p>
				)}
				<div className="actions">
					<Button type="submit" appearance="primary" disabled={send.isPending || fault !== undefined}>
						{verb}
					</Button>
					<Button onClick={close}>{t("dialog.cancel")}</Button>
				</div>
			</form>
		</Modal>
	);
}

export function Choose({
	label,
	choices,
	value,
	change,
	isFirst = false,
}: {
	readonly label: string;
	readonly choices: readonly Choice[];
	readonly value: string;
	readonly change: (name: string) => void;
	readonly isFirst?: boolean;
}) {
	return (
		<Field label={label}>
			<Select
				value={value}
				onChange={(_, data) => change(data.value)}
				select={(isFirst ? { "data-first": true } : {}) as object}
			>
				{choices.map((each) => (
					<option key={each.name} value={each.name}>
						{each.displayName}
					</option>
				))}
			</Select>
		</Field>
	);
}

/** From and to, in the reader's own zone; undefined while they are no stretch of time. */
export function useStretch(from: number, to: number) {
	const [begin, setBegin] = useState(localText(from));
	const [end, setEnd] = useState(localText(to));
	const stretch = { from: new Date(begin).getTime(), to: new Date(end).getTime() };
	return { begin, setBegin, end, setEnd, stretch: stretch.from < stretch.to ? stretch : undefined };
}

export function StretchFields({ times }: { readonly times: ReturnType<typeof useStretch> }) {
	const t = useText();
	return (
		<>
			<Field label={t("form.from", { zone: ZONE })}>
				<Input type="datetime-local" value={times.begin} onChange={(_, data) => times.setBegin(data.value)} />
			</Field>
			<Field label={t("form.to", { zone: ZONE })}>
				<Input type="datetime-local" value={times.end} onChange={(_, data) => times.setEnd(data.value)} />
			</Field>
		</>
	);
}

export function Reason({ value, change }: { readonly value: string; readonly change: (text: string) => void }) {
	const t = useText();
	return (
		<Field label={t("form.reason")}>
			<Input value={value} maxLength={500} onChange={(_, data) => change(data.value)} />
		</Field>
	);
}

/** `2026-11-23T09:00`, as the browser's own field for times wants it. */
function localText(at: number): string {
	const date = new Date(at);
	return new Date(at - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
