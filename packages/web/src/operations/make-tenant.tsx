import { Button, Checkbox, Field, Input, Select } from "@fluentui/react-components";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { ALL_MATCH_LISTS, ApiError, fleetQuery, why } from "../api.ts";
import type { MadeTenant, MatchView, SeenValue } from "../api-types.ts";
import { Modal } from "../shell/modal.tsx";
import { useSigned } from "../shell/signed.ts";
import { useText } from "../text.ts";
import { suggestName } from "./words.ts";

/** An id becomes a key tenant: what is asked for stands there already, one click does it. */
export function MakeTenant({
	value,
	choices,
	close,
}: {
	readonly value: SeenValue;
	readonly choices: MatchView["choices"];
	readonly close: () => void;
}) {
	const t = useText();
	const { actions } = useSigned();
	const client = useQueryClient();
	const [name, setName] = useState(suggestName(value.value) ?? "");
	const [displayName, setDisplayName] = useState(value.value);
	const [tier, setTier] = useState(choices.tiers[0]?.name);
	const [workloads, setWorkloads] = useState<readonly string[]>(choices.workloads.map((each) => each.name));
	const make = useMutation({
		mutationFn: () =>
			actions.makeKeyTenant({ attribute: value.attribute, value: value.value, name, displayName, tier, workloads }),
		onSuccess: () => {
			void client.invalidateQueries({ queryKey: ALL_MATCH_LISTS });
			void client.invalidateQueries({ queryKey: fleetQuery.queryKey });
		},
	});
	if (make.data !== undefined) return <Done made={make.data} displayName={displayName} close={close} />;
	const id = `${value.attribute} = ${value.value}`;
	return (
		<Modal title={t("make.title")} close={close}>
			<form
				className="resolve-form"
				onSubmit={(event) => {
					event.preventDefault();
					make.mutate();
				}}
			>
				<p className="breakable">{t("make.from", { id })}</p>
				<Field label={t("make.displayName")} required>
					<Input
						input={{ "data-first": true } as object}
						value={displayName}
						maxLength={120}
						required
						onChange={(_, data) => setDisplayName(data.value)}
					/>
				</Field>
				<Field label={t("make.name")} hint={t("make.nameHint")} required>
					<Input value={name} maxLength={63} required onChange={(_, data) => setName(data.value)} />
				</Field>
				{choices.tiers.length === 0 ? null : (
					<Field label={t("make.tier")}>
						<Select value={tier ?? ""} onChange={(_, data) => setTier(data.value)}>
							{choices.tiers.map((each) => (
								<option key={each.name} value={each.name}>
									{each.displayName}
								</option>
							))}
						</Select>
					</Field>
				)}
				<fieldset className="choices">
					<legend>{t("make.workloads")}</legend>
					{choices.workloads.map((each) => (
						<Checkbox
							key={each.name}
							label={each.displayName}
							checked={workloads.includes(each.name)}
							onChange={(_, data) =>
								setWorkloads(
									data.checked === true ? [...workloads, each.name] : workloads.filter((other) => other !== each.name),
								)
							}
						/>
					))}
					{workloads.length === 0 ? <p role="status">{t("make.workloadsNeeded")}</p> : null}
				</fieldset>
				{make.error === null ? null : <Refusal error={make.error} />}
				<div className="actions">
					<Button type="submit" appearance="primary" disabled={make.isPending || workloads.length === 0}>
						{t("make.submit")}
					</Button>
					<Button onClick={close}>{t("dialog.cancel")}</Button>
				</div>
			</form>
		</Modal>
	);
}

function Refusal({ error }: { readonly error: Error }) {
	const t = useText();
	const details = error instanceof ApiError ? error.details : [];
	return (
		<div className="failure breakable" role="alert">
			<p>{t("make.refused", { why: why(error) })}</p>
			{details.length === 0 ? null : (
				<ul className="steps">
					{details.map(({ place, message, remedy }) => (
						<li key={`${place} ${message}`}>
							{place} {message} {remedy}
						</li>
					))}
				</ul>
			)}
		</div>
	);
}

function Done({
	made,
	displayName,
	close,
}: {
	readonly made: MadeTenant;
	readonly displayName: string;
	readonly close: () => void;
}) {
	const t = useText();
	return (
		<Modal title={t(made.status === "applied" ? "make.done" : "make.unchanged", { name: displayName })} close={close}>
			<p>{t("make.file", { path: made.file.path })}</p>
			<pre className="sample">{made.file.text}</pre>
			<div className="actions">
				<Link className="button-link" to="/tenants/$tenant" params={{ tenant: made.tenant }}>
					{t("make.open", { name: displayName })}
				</Link>
				<Button data-first onClick={close}>
					{t("make.close")}
				</Button>
			</div>
		</Modal>
	);
}
