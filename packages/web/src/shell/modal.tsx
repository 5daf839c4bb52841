import { type KeyboardEvent, type ReactNode, useId, useLayoutEffect, useRef } from "react";

/**
 * A question that must be answered first: the browser's own modal dialog, which keeps the focus inside, makes the rest
 * inert and gives the focus back. Esc and a click beside it close it. `data-first` marks what gets the focus.
 */
export function Modal({
	title,
	close,
	onKeyDown,
	children,
}: {
	readonly title: string;
	readonly close: () => void;
	readonly onKeyDown?: (event: KeyboardEvent) => void;
	readonly children: ReactNode;
}) {
	const box = useRef<HTMLDialogElement>(null);
	const id = useId();
	// A layout effect: its end comes while the dialog is still in the page, and only then closing gives the focus back.
	useLayoutEffect(() => {
		const dialog = box.current;
		dialog?.showModal();
		dialog?.querySelector<HTMLElement>("[data-first]")?.focus();
		return () => dialog?.close();
	}, []);
	return (
		<dialog
			ref={box}
			className="modal"
			aria-labelledby={id}
			onCancel={(event) => {
				event.preventDefault();
				close();
			}}
			onClick={(event) => {
				if (event.target === box.current) close();
			}}
			onKeyDown={onKeyDown}
		>
			<div className="modal-body">
				<h2 id={id}>{title}</h2>
				{children}
			</div>
		</dialog>
	);
}
