import { Button, Switch } from "@fluentui/react-components";
import { setPreferences, usePreferences } from "../preferences.ts";
import { type TextId, useText } from "../text.ts";
import { Modal } from "./modal.tsx";

const KEYS: readonly (readonly [string, TextId])[] = [
	["/", "keys.filter"],
	["Ctrl K", "keys.palette"],
	["← ↑ → ↓", "keys.arrows"],
	["Enter", "keys.enter"],
	["Esc", "keys.escape"],
	["a", "keys.acknowledge"],
	["n", "keys.note"],
	["u", "keys.apply"],
	["1 – 5", "keys.verdict"],
	["g f, i, c, o, n, r, s, m, h", "keys.go"],
	["t", "keys.theme"],
	["?", "keys.help"],
];

export function KeysHelp({ close }: { readonly close: () => void }) {
	const t = useText();
	const { singleKeys } = usePreferences();
	return (
		<Modal title={t("keys.title")} close={close}>
			<dl className="keys">
				{KEYS.map(([key, id]) => (
					<div key={id}>
						<dt>
							<kbd>{key}</kbd>
						</dt>
						<dd>{t(id)}</dd>
					</div>
				))}
			</dl>
			<Switch
				checked={singleKeys}
				label={t("keys.single")}
				onChange={(_, data) => setPreferences({ singleKeys: data.checked })}
			/>
			<p className="soft">{t("keys.singleHint")}</p>
			<div className="actions">
				<Button appearance="primary" data-first onClick={close}>
					{t("keys.close")}
				</Button>
			</div>
		</Modal>
	);
}
