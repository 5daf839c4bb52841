import { Button } from "@fluentui/react-components";
import type { ReactNode } from "react";
import { Modal } from "../shell/modal.tsx";
import { useText } from "../text.ts";

/** Asks before something that leaves a mark. The first button does it; Esc does not. */
export function Confirm({
	title,
	verb,
	children,
	confirm,
	cancel,
}: {
	readonly title: string;
	readonly verb: string;
	readonly children: ReactNode;
	readonly confirm: () => void;
	readonly cancel: () => void;
}) {
	const t = useText();
	return (
		<Modal title={title} close={cancel}>
			{children}
			<div className="actions">
				<Button appearance="primary" data-first onClick={confirm}>
					{verb}
				</Button>
				<Button onClick={cancel}>{t("dialog.cancel")}</Button>
			</div>
		</Modal>
	);
}
