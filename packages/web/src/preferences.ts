import { useSyncExternalStore } from "react";

/** What belongs to the person, not to the view: kept in this browser. The view's own state is in the address. */
export interface Preferences {
	readonly theme: "system" | "light" | "dark";
	readonly singleKeys: boolean;
	/** undefined: open in the demo, closed otherwise. */
	readonly phone: boolean | undefined;
}

const KEY = "bellwether.preferences";
const DEFAULTS: Preferences = { theme: "system", singleKeys: true, phone: undefined };
const listeners = new Set<() => void>();
let current: Preferences = read();

function read(): Preferences {
	try {
		const stored = JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<Preferences>;
		return {
			theme: stored.theme === "light" || stored.theme === "dark" ? stored.theme : DEFAULTS.theme,
			singleKeys: stored.singleKeys !== false,
			phone: typeof stored.phone === "boolean" ? stored.phone : undefined,
		};
	} catch {
		return DEFAULTS;
	}
}

export function setPreferences(change: Partial<Preferences>): void {
	current = { ...current, ...change };
	try {
		localStorage.setItem(KEY, JSON.stringify(current));
	} catch {
		// A browser that keeps nothing still obeys until the page is closed.
	}
	for (const listener of listeners) listener();
}

export function preferences(): Preferences {
	return current;
}

function subscribe(listener: () => void): () => void {
	listeners.add(listener);
	return () => listeners.delete(listener);
}

export function usePreferences(): Preferences {
	return useSyncExternalStore(subscribe, preferences);
}

const darkQuery = matchMedia("(prefers-color-scheme: dark)");

function subscribeSystem(listener: () => void): () => void {
	darkQuery.addEventListener("change", listener);
	return () => darkQuery.removeEventListener("change", listener);
}

export function useIsDark(): boolean {
	const { theme } = usePreferences();
	const isSystemDark = useSyncExternalStore(subscribeSystem, () => darkQuery.matches);
	return theme === "system" ? isSystemDark : theme === "dark";
}

const ORDER = { system: "light", light: "dark", dark: "system" } as const;

export function nextTheme(theme: Preferences["theme"]): Preferences["theme"] {
	return ORDER[theme];
}
