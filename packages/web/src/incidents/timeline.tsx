import { Button } from "@fluentui/react-components";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import type { IncidentDetail } from "../api-types.ts";
import { useKeys } from "../shell/keys.ts";
import { useSigned } from "../shell/signed.ts";
import { times, useText } from "../text.ts";

/** What people and the machine did, newest first, and a note by `n`. */
export function Timeline({ incident, now }: { readonly incident: IncidentDetail; readonly now: number }) {
	const t = useText();
	const client = useQueryClient();
	const { actions } = useSigned();
	const [text, setText] = useState("");
	const field = useRef<HTMLTextAreaElement>(null);
	const note = useMutation({
		mutationFn: () => actions.note(incident.id, text.trim()),
		networkMode: "always",
		onSuccess: () => setText(""),
		onSettled: () => client.invalidateQueries({ queryKey: ["incident", incident.id] }),
	});
	useKeys({
		n: (event) => {
			event.preventDefault();
			field.current?.focus();
		},
	});
	const entries = [...incident.timeline].sort((a, b) => b.at - a.at || b.seq - a.seq);
	return (
		<section className="card wide">
			<h2>
				{t("incident.timeline")} <small className="soft">{t("incident.timelineOrder")}</small>
			</h2>
			<form
				className="note-form"
				onSubmit={(event) => {
					event.preventDefault();
					if (text.trim() !== "") note.mutate();
				}}
			>
				<textarea
					className="field"
					rows={2}
					ref={field}
					value={text}
					placeholder={t("incident.noteLabel")}
					aria-label={t("incident.noteLabel")}
					maxLength={4000}
					onChange={(event) => setText(event.target.value)}
					onKeyDown={(event) => {
						if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.currentTarget.form?.requestSubmit();
						if (event.key === "Escape") event.currentTarget.blur();
					}}
				/>
				<Button type="submit" disabled={text.trim() === "" || note.isPending}>
					{t("incident.addNote")}
				</Button>
				{note.error === null ? null : (
					<p className="failure" role="alert">
						{t("incident.noteFailed", { why: note.error.message })}
					</p>
				)}
			</form>
			<ol className="timeline">
				{entries.map((entry) => (
					<li key={entry.seq}>
						<span className="soft">{times.exactly(entry.at, now)}</span>
						<span>
							{entry.text} <span className="by">{entry.actor}</span>
						</span>
					</li>
				))}
			</ol>
		</section>
	);
}
