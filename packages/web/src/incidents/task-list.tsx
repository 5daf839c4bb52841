import { Button, Checkbox } from "@fluentui/react-components";
import { useId, useState } from "react";
import type { IncidentDetail } from "../api-types.ts";
import { times, useText } from "../text.ts";
import { Failure } from "./failure.tsx";
import { KnownPeople } from "./known-people.tsx";
import { useAct } from "./work.ts";

type Task = IncidentDetail["tasks"][number];

/** What is to be done, what is late first; adding one asks for its words and, if wanted, who and until when. */
export function TaskList({ incident, now }: { readonly incident: IncidentDetail; readonly now: number }) {
	const t = useText();
	const act = useAct(incident);
	const tasks = [...incident.tasks].sort(
		(a, b) => rank(a) - rank(b) || (a.dueAt ?? a.createdAt) - (b.dueAt ?? b.createdAt),
	);
	return (
		<>
			<h3>{t("tasks.title")}</h3>
			{tasks.length === 0 ? <p className="soft">{t("tasks.none")}</p> : null}
			<ul className="checklist">
				{tasks.map((task) => (
					<li key={task.id}>
						<Checkbox
							checked={task.doneAt !== null}
							disabled={act.isPending}
							label={task.text}
							onChange={(_, data) =>
								act.mutate({
									what: `tasks/${encodeURIComponent(task.id)}`,
									method: "PATCH",
									body: { done: data.checked === true },
									version: task.version,
								})
							}
						/>
						<span className={task.isOverdue ? "late" : "soft"}>
							{task.ownerDisplayName ?? t("tasks.nobody")}
							{task.doneAt !== null
								? ` · ${t("tasks.done", { person: task.doneBy ?? "", time: times.at(task.doneAt, now) })}`
								: task.dueAt === null
									? ""
									: ` · ${t(task.isOverdue ? "tasks.overdue" : "tasks.due", { time: times.at(task.dueAt, now) })}`}
						</span>
					</li>
				))}
			</ul>
			<Failure error={act.error} />
			<NewTask incident={incident} />
		</>
	);
}

function rank(task: Task): number {
	return task.doneAt !== null ? 2 : task.isOverdue ? 0 : 1;
}

function NewTask({ incident }: { readonly incident: IncidentDetail }) {
	const t = useText();
	const [text, setText] = useState("");
	const [owner, setOwner] = useState("");
	const [due, setDue] = useState("");
	const names = useId();
	const act = useAct(incident, () => {
		setText("");
		setOwner("");
		setDue("");
	});
	return (
		<details className="new-task">
			<summary>{t("tasks.add")}</summary>
			<form
				onSubmit={(event) => {
					event.preventDefault();
					const body = {
						text: text.trim(),
						...(owner.trim() === "" ? {} : { owner: owner.trim() }),
						...(due === "" ? {} : { dueAt: new Date(due).getTime() }),
					};
					if (body.text !== "") act.mutate({ what: "tasks", body });
				}}
			>
				<label>
					{t("tasks.text")}
					<input className="field" value={text} maxLength={500} onChange={(event) => setText(event.target.value)} />
				</label>
				<label>
					{t("tasks.owner")}
					<input
						className="field"
						list={names}
						value={owner}
						maxLength={200}
						onChange={(event) => setOwner(event.target.value)}
					/>
				</label>
				<KnownPeople id={names} />
				<label>
					{t("tasks.dueAt")}
					<input className="field" type="datetime-local" value={due} onChange={(event) => setDue(event.target.value)} />
				</label>
				<Button type="submit" disabled={text.trim() === "" || act.isPending}>
					{t("tasks.add")}
				</Button>
				<Failure error={act.error} />
			</form>
		</details>
	);
}
