import { queryOptions } from "@tanstack/react-query";
import { call } from "../api.ts";
import type { IncidentRouting, Mute, MuteList, MutePreview, WorkloadDetail, WorkloadSummary } from "../api-types.ts";

export const mutesQuery = (over: boolean) =>
	queryOptions({
		queryKey: ["mutes", over],
		queryFn: ({ signal }) => call<MuteList>(`/mutes?over=${over}`, {}, signal),
		refetchInterval: 15_000,
	});

export const previewQuery = (matchers: string) =>
	queryOptions({
		queryKey: ["mutes", "preview", matchers],
		queryFn: ({ signal }) => call<MutePreview>(`/mutes/preview?matchers=${encodeURIComponent(matchers)}`, {}, signal),
		enabled: matchers.trim() !== "",
		retry: false,
	});

/** Everything that a mute may change on screen. */
export const AFTER_A_MUTE = [["mutes"], ["incident-routing"], ["fleet"], ["incidents"]] as const;

export const incidentRoutingQuery = (id: string) =>
	queryOptions({
		queryKey: ["incident-routing", id],
		queryFn: ({ signal }) => call<IncidentRouting>(`/incidents/${encodeURIComponent(id)}/routing`, {}, signal),
		refetchInterval: 15_000,
	});

export const workloadsQuery = queryOptions({
	queryKey: ["workloads"],
	queryFn: ({ signal }) =>
		call<{ items: readonly WorkloadSummary[] }>("/workloads", {}, signal).then(({ items }) => items),
	refetchInterval: 30_000,
});

export const workloadQuery = (name: string) =>
	queryOptions({
		queryKey: ["workloads", name],
		queryFn: ({ signal }) => call<WorkloadDetail>(`/workloads/${encodeURIComponent(name)}`, {}, signal),
		refetchInterval: 15_000,
	});

export interface WantedMute {
	readonly matchers: readonly string[];
	readonly reason: string;
	readonly owner?: string;
	readonly endsAt: number;
}

/** What a person may do about pages that are held back, and about who has an incident. */
export function routingActions(csrfToken: string) {
	const post = <T>(path: string, body: unknown, version?: number) =>
		call<T>(path, { method: "POST", body, csrfToken, ...(version === undefined ? {} : { version }) });
	const of = (mute: Mute) => `/mutes/${encodeURIComponent(mute.id)}`;
	const handOffs = (id: string) => `/incidents/${encodeURIComponent(id)}/hand-offs`;
	return {
		mute: (wanted: WantedMute) => post<Mute>("/mutes", wanted),
		putOff: (mute: Mute, endsAt: number) =>
			call<Mute>(of(mute), { method: "PATCH", body: { endsAt }, csrfToken, version: mute.version }),
		end: (mute: Mute) => post<Mute>(`${of(mute)}/end`, {}, mute.version),
		handOff: (id: string, party: string, reason: string) => post<IncidentRouting>(handOffs(id), { party, reason }),
		take: (id: string) => post<IncidentRouting>(`${handOffs(id)}/take`, {}),
	};
}
