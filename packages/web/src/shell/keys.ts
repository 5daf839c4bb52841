import { useLayoutEffect, useRef } from "react";
import { type KeybindingsMap, tinykeys } from "tinykeys";
import { preferences } from "../preferences.ts";

type Handler = (event: KeyboardEvent) => void;

/**
 * Keys of a page while it is on screen. They are inert in fields and in dialogs, and all but Escape while single-letter
 * keys are switched off. What is on screen answers to its keys at once, hence layout effects.
 */
export function useKeys(keys: Readonly<Record<string, Handler>>): void {
	const latest = useRef(keys);
	latest.current = keys;
	const names = Object.keys(keys).join(" | ");
	useLayoutEffect(() => {
		const map: KeybindingsMap = {};
		for (const name of names.split(" | ")) {
			map[name] = (event) => {
				if (event.defaultPrevented || event.repeat || isField(event.target)) return;
				if (name !== "Escape" && (!preferences().singleKeys || inDialog())) return;
				latest.current[name]?.(event);
			};
		}
		return tinykeys(window, map);
	}, [names]);
}

/** A key with Ctrl (on a Mac Cmd) that works everywhere but in a dialog, whatever has the focus: no letter is typed by it. */
export function useCommandKey(key: string, act: () => void): void {
	const latest = useRef(act);
	latest.current = act;
	useLayoutEffect(
		() =>
			tinykeys(
				window,
				{
					[`$mod+${key}`]: (event) => {
						if (event.defaultPrevented || inDialog()) return;
						event.preventDefault();
						latest.current();
					},
				},
				// By itself it would be inert in fields.
				{ ignore: ({ repeat, isComposing }) => repeat || isComposing },
			),
		[key],
	);
}

function isField(target: EventTarget | null): boolean {
	return (
		target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
	);
}

function inDialog(): boolean {
	return document.querySelector("dialog[open]") !== null;
}
