import { type InfiniteData, useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";
import { ALL_INCIDENT_LISTS, ApiError, fleetQuery, type IncidentPage, incidentQuery } from "../api.ts";
import type { FleetView, IncidentDetail, IncidentSummary } from "../api-types.ts";
import { useSigned } from "../shell/signed.ts";

const RETRIES = 5;

type Pages = InfiniteData<IncidentPage>;

/**
 * The one optimistic action: the incident reads acknowledged at once, and not acknowledged again, with the reason,
 * when the server refuses. While the server is not reached it tries again, because escalation goes on meanwhile.
 */
export function useAcknowledge(id: string) {
	const client = useQueryClient();
	const { actions, session } = useSigned();
	const undo = useRef<() => void>(() => undefined);
	const mutation = useMutation({
		mutationFn: () => actions.acknowledge(id),
		networkMode: "always",
		retry: (count, error) => {
			// From the first failure on the screen must not claim what nobody has confirmed.
			undo.current();
			return count < RETRIES && error instanceof ApiError && error.status === 0;
		},
		retryDelay: 3000,
		onMutate: async () => {
			await client.cancelQueries({ queryKey: incidentQuery(id).queryKey });
			await client.cancelQueries({ queryKey: ALL_INCIDENT_LISTS });
			const before = {
				detail: client.getQueryData(incidentQuery(id).queryKey),
				lists: client.getQueriesData<Pages>({ queryKey: ALL_INCIDENT_LISTS }),
				fleet: client.getQueryData(fleetQuery.queryKey),
			};
			const at = Date.now();
			const by = session.name;
			client.setQueryData(incidentQuery(id).queryKey, (d) => (d === undefined ? d : taken<IncidentDetail>(d, by, at)));
			client.setQueriesData<Pages>({ queryKey: ALL_INCIDENT_LISTS }, (data) => data && takenInPages(data, id, by, at));
			client.setQueryData(fleetQuery.queryKey, (view) => (view === undefined ? view : takenInFleet(view, id, by, at)));
			undo.current = () => {
				client.setQueryData(incidentQuery(id).queryKey, before.detail);
				for (const [key, data] of before.lists) client.setQueryData(key, data);
				client.setQueryData(fleetQuery.queryKey, before.fleet);
				undo.current = () => undefined;
			};
		},
		onSettled: () =>
			Promise.all([
				client.invalidateQueries({ queryKey: ["incident"] }),
				client.invalidateQueries({ queryKey: ALL_INCIDENT_LISTS }),
				client.invalidateQueries({ queryKey: fleetQuery.queryKey }),
			]),
	});
	return {
		run: () => mutation.mutate(),
		isPending: mutation.isPending,
		isDone: mutation.isSuccess,
		isRetrying: mutation.isPending && mutation.failureCount > 0,
		failure: (mutation.error ?? mutation.failureReason)?.message,
	};
}

function taken<T extends IncidentSummary>(incident: T, by: string, at: number): T {
	if (incident.state !== "detected") return incident;
	return { ...incident, state: "acknowledged", acknowledgedBy: by, acknowledgedAt: at };
}

function takenInPages(data: Pages, id: string, by: string, at: number): Pages {
	const pages = data.pages.map((page) => ({
		...page,
		items: page.items.map((item) => (item.id === id ? taken<IncidentSummary>(item, by, at) : item)),
	}));
	return { ...data, pages };
}

function takenInFleet(view: FleetView, id: string, by: string, at: number): FleetView {
	return {
		...view,
		tenants: view.tenants.map((row) =>
			row.incident?.id === id
				? { ...row, incident: { ...row.incident, state: "acknowledged", acknowledgedBy: by, acknowledgedAt: at } }
				: row,
		),
	};
}
