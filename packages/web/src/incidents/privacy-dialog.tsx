import { Button, Field, Textarea } from "@fluentui/react-components";
import { useState } from "react";
import type { IncidentDetail } from "../api-types.ts";
import { Modal } from "../shell/modal.tsx";
import { useSigned } from "../shell/signed.ts";
import { useText } from "../text.ts";
import { Failure } from "./failure.tsx";
import { useAct } from "./work.ts";

/** Who may read it from now on. */
export function PrivacyDialog({ incident, close }: { readonly incident: IncidentDetail; readonly close: () => void }) {
	const t = useText();
	const { session } = useSigned();
	const [names, setNames] = useState((incident.readers ?? [session.name]).join("\n"));
	const act = useAct(incident, close);
	const readers = names.split(/[\n,]/).flatMap((name) => name.trim() || []);
	return (
		<Modal title={t("incident.privateTitle", { id: incident.id })} close={close}>
			<form
				className="resolve-form"
				onSubmit={(event) => {
					event.preventDefault();
					act.mutate({ what: "readers", body: { readers }, version: incident.version });
				}}
			>
				<p>{t("incident.privateAbout")}</p>
				<Field label={t("incident.privateReaders")}>
					<Textarea
						textarea={{ "data-first": true } as object}
						value={names}
						maxLength={4000}
						onChange={(_, data) => setNames(data.value)}
					/>
				</Field>
				<Failure error={act.error} />
				<div className="actions">
					<Button type="submit" appearance="primary" disabled={act.isPending || readers.length === 0}>
						{t("incident.privateSubmit", { id: incident.id })}
					</Button>
					{incident.readers === null ? null : (
						<Button
							disabled={act.isPending}
							onClick={() => act.mutate({ what: "readers", body: { readers: null }, version: incident.version })}
						>
							{t("incident.makePublic")}
						</Button>
					)}
					<Button onClick={close}>{t("dialog.cancel")}</Button>
				</div>
			</form>
		</Modal>
	);
}
