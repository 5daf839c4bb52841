import type { QueryClient } from "@tanstack/react-query";
import { useEffect, useState, useSyncExternalStore } from "react";
import { ALL_INCIDENT_LISTS, fleetQuery, phoneQuery, programQuery } from "./api.ts";

/** The server's heartbeat comes every 15 s; three missing ones mean that we no longer know. */
export const STALE_AFTER_MS = 45_000;
/** From here on the console asks by itself, without the stream. */
export const POLL_AFTER_MS = 120_000;
export const POLL_EVERY_MS = 30_000;
/** A burst of hints becomes one request per second. */
const HINT_MS = 1000;

export type Liveness = "connecting" | "live" | "stale";

export function livenessOf(lastHeardAt: number | null, startedAt: number, now: number): Liveness {
	if (lastHeardAt === null) return now - startedAt > STALE_AFTER_MS ? "stale" : "connecting";
	return now - lastHeardAt > STALE_AFTER_MS ? "stale" : "live";
}

let heardAt: number | null = null;
const startedAt = Date.now();
const listeners = new Set<() => void>();

function heard(): void {
	heardAt = Date.now();
	for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
	listeners.add(listener);
	return () => listeners.delete(listener);
}

export interface LiveStatus {
	readonly liveness: Liveness;
	readonly heardAt: number | null;
	readonly startedAt: number;
}

export function useLive(now: number): LiveStatus {
	const at = useSyncExternalStore(subscribe, () => heardAt);
	return { liveness: livenessOf(at, startedAt, now), heardAt: at, startedAt };
}

/** Opens the stream while `isOn`; events are hints to read again, so that what is shown always comes from one place. */
export function useStream(client: QueryClient, isOn: boolean): void {
	useEffect(() => {
		if (!isOn) return;
		const pending = new Map<string, ReturnType<typeof setTimeout>>();
		const refresh = (key: readonly unknown[]) => {
			const name = JSON.stringify(key);
			if (pending.has(name)) return;
			void client.invalidateQueries({ queryKey: key });
			pending.set(
				name,
				setTimeout(() => {
					pending.delete(name);
					if (late.delete(name)) refresh(key);
				}, HINT_MS),
			);
		};
		const late = new Set<string>();
		const hint = (key: readonly unknown[]) => {
			const name = JSON.stringify(key);
			if (pending.has(name)) late.add(name);
			else refresh(key);
		};
		const on: Record<string, () => void> = {
			heartbeat: () => undefined,
			fleet: () => hint(fleetQuery.queryKey),
			incident: () => {
				for (const key of [["incident"], ALL_INCIDENT_LISTS, fleetQuery.queryKey, programQuery.queryKey]) hint(key);
			},
			phone: () => hint(phoneQuery.queryKey),
		};
		let source: EventSource | undefined;
		let again: ReturnType<typeof setTimeout> | undefined;
		const open = () => {
			source = new EventSource("/api/v1/stream");
			source.onopen = heard;
			source.onmessage = heard;
			source.onerror = () => {
				// The browser retries by itself unless the server answered with an error.
				if (source?.readyState === EventSource.CLOSED) again = setTimeout(open, 5000);
			};
			for (const [type, act] of Object.entries(on)) {
				source.addEventListener(type, () => {
					heard();
					act();
				});
			}
		};
		open();
		const poll = setInterval(() => {
			if (Date.now() - (heardAt ?? startedAt) > POLL_AFTER_MS) void client.invalidateQueries();
		}, POLL_EVERY_MS);
		return () => {
			source?.close();
			clearTimeout(again);
			clearInterval(poll);
			for (const timer of pending.values()) clearTimeout(timer);
		};
	}, [client, isOn]);
}

/** The present, as often as `everyMs`; components that count down take it from here. */
export function useNow(everyMs = 1000): number {
	const [now, setNow] = useState(Date.now);
	useEffect(() => {
		const timer = setInterval(() => setNow(Date.now()), everyMs);
		return () => clearInterval(timer);
	}, [everyMs]);
	return now;
}
