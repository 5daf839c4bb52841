import {
	Button,
	Dialog,
	DialogActions,
	DialogBody,
	DialogContent,
	DialogSurface,
	DialogTitle,
} from "@fluentui/react-components";
import type { ReactNode } from "react";
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
		<Dialog open onOpenChange={(_, data) => (data.open ? undefined : cancel())}>
			<DialogSurface>
				<DialogBody>
					<DialogTitle>{title}</DialogTitle>
					<DialogContent>{children}</DialogContent>
					<DialogActions>
						<Button appearance="primary" autoFocus onClick={confirm}>
							{verb}
						</Button>
						<Button onClick={cancel}>{t("dialog.cancel")}</Button>
					</DialogActions>
				</DialogBody>
			</DialogSurface>
		</Dialog>
	);
}
