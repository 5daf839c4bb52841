import { Button } from "@fluentui/react-components";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { why } from "../api.ts";
import { Confirm } from "../incidents/confirm.tsx";
import { useSigned } from "../shell/signed.ts";
import { useText } from "../text.ts";
import { integrationsQuery, type LeftBehind, letGoOfTickets } from "./integrations-api.ts";

/** Tickets that nobody carries any more; an administrator of the whole server may let go of them. */
export function LeftBehindNote({ left: { integration, tickets, remedy } }: { readonly left: LeftBehind }) {
	const t = useText();
	const { session } = useSigned();
	const client = useQueryClient();
	const [isAsking, setAsking] = useState(false);
	const act = useMutation({
		mutationFn: () => letGoOfTickets(integration, session.csrfToken),
		onSettled: () => client.invalidateQueries(integrationsQuery),
	});
	return (
		<div role="note" className="incident-sentence">
			<p>
				{t("integrations.leftBehind", { integration, tickets })} {remedy}
			</p>
			{session.role === "admin" && session.allTenants ? (
				<Button size="small" disabled={act.isPending} onClick={() => setAsking(true)}>
					{t("integrations.letGoWhat", { integration })}
				</Button>
			) : null}
			{act.error === null ? null : (
				<p className="failure" role="alert">
					{t("integrations.letGoFailed", { why: why(act.error) })}
				</p>
			)}
			{isAsking ? (
				<Confirm
					title={t("integrations.letGoTitle")}
					verb={t("integrations.letGo")}
					confirm={() => {
						setAsking(false);
						act.mutate();
					}}
					cancel={() => setAsking(false)}
				>
					<p>{t("integrations.letGoBody", { integration })}</p>
				</Confirm>
			) : null}
		</div>
	);
}
