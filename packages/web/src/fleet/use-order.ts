import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";
import type { FleetRow } from "../api-types.ts";
import { arrange, place } from "./order.ts";

/**
 * Rows as they stand on screen, and how many wait to move. Rows never move under a pointer or the focus: when a new
 * breach enters above the touched row, the page scrolls by as much.
 */
export function useOrder(rows: readonly FleetRow[], grid: RefObject<HTMLElement | null>) {
	const [state, setState] = useState(() => ({ shown: arrange(rows), waiting: 0 }));
	const anchor = useRef<{ readonly element: Element; readonly top: number } | undefined>(undefined);

	useEffect(() => {
		const touched = touchedRow(grid.current);
		anchor.current = touched === null ? undefined : { element: touched, top: touched.getBoundingClientRect().top };
		setState((before) => place(before.shown, rows, touched !== null));
	}, [rows, grid]);

	// biome-ignore lint/correctness/useExhaustiveDependencies: it must run whenever the order has changed
	useLayoutEffect(() => {
		const before = anchor.current;
		anchor.current = undefined;
		if (before?.element.isConnected !== true) return;
		const moved = before.element.getBoundingClientRect().top - before.top;
		if (moved !== 0) window.scrollBy({ top: moved, behavior: "instant" });
	}, [state.shown]);

	const apply = useCallback(() => setState({ shown: arrange(rows), waiting: 0 }), [rows]);
	return { ...state, apply };
}

/** The row under the pointer or with the focus; for a pointer between rows, the first row. */
function touchedRow(grid: HTMLElement | null): Element | null {
	if (grid === null) return null;
	const focused = grid.contains(document.activeElement) ? document.activeElement : null;
	const row = focused?.closest('[role="row"]') ?? grid.querySelector('[role="row"]:hover');
	if (row !== null) return row;
	return grid.matches(":hover") ? grid.querySelector('[role="row"]') : null;
}
