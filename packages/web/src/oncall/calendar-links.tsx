import { Button } from "@fluentui/react-components";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { why } from "../api.ts";
import { useSigned } from "../shell/signed.ts";
import { times, useText } from "../text.ts";
import { mayActOnCall } from "./may-act.ts";
import { linksQuery, onCallActions } from "./queries.ts";

/** Private addresses under which calendars read this schedule; each is shown once. */
export function CalendarLinks({ schedule, now }: { readonly schedule: string; readonly now: number }) {
	const t = useText();
	const { session } = useSigned();
	const client = useQueryClient();
	const actions = onCallActions(session.csrfToken);
	const refresh = () => void client.invalidateQueries({ queryKey: linksQuery.queryKey });
	const make = useMutation({ mutationFn: () => actions.makeLink(schedule), onSuccess: refresh });
	const revoke = useMutation({ mutationFn: (id: string) => actions.revokeLink(id), onSuccess: refresh });
	const links = (useQuery(linksQuery).data ?? []).filter((link) => link.schedule === schedule && !link.revokedAt);
	if (!mayActOnCall(session)) return null;
	const error = make.error ?? revoke.error;
	return (
		<section className="card">
			<h2>{t("schedule.links")}</h2>
			<p className="soft">{t("schedule.linksAbout")}</p>
			{make.data === undefined ? null : (
				<div role="status">
					<p>{t("schedule.linkMade")}</p>
					<p className="breakable">
						<code>{make.data.url}</code>
					</p>
				</div>
			)}
			<ul className="act-list">
				{links.map((link) => (
					<li key={link.id}>
						<span>
							{t("schedule.linkUsed", {
								at: times.at(link.madeAt, now),
								by: link.madeBy,
								used: link.usedAt === null ? "never" : times.at(link.usedAt, now),
							})}
						</span>
						<Button size="small" disabled={revoke.isPending} onClick={() => revoke.mutate(link.id)}>
							{t("schedule.linkRevoke")}
						</Button>
					</li>
				))}
			</ul>
			<Button disabled={make.isPending} onClick={() => make.mutate()}>
				{t("schedule.linkMake")}
			</Button>
			{error === null ? null : (
				<p className="failure breakable" role="alert">
					{t("form.refused", { why: why(error) })}
				</p>
			)}
		</section>
	);
}
