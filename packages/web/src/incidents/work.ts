import { type QueryKey, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { call } from "../api.ts";
import type { IncidentCost, IncidentDetail, SimilarIncidents } from "../api-types.ts";
import { useSigned } from "../shell/signed.ts";

const path = (id: string, what: string) => `/incidents/${encodeURIComponent(id)}/${what}`;

/** Past incidents that had something in common; compared anew when the incident itself is read again. */
export const similarQuery = (id: string) =>
	queryOptions({
		queryKey: ["incident", id, "similar"],
		queryFn: ({ signal }) => call<SimilarIncidents>(path(id, "similar"), {}, signal),
		staleTime: 60_000,
	});

export const costQuery = (id: string) =>
	queryOptions({
		queryKey: ["incident", id, "cost"],
		queryFn: ({ signal }) => call<IncidentCost>(path(id, "cost"), {}, signal),
		refetchInterval: 60_000,
	});

export interface Act {
	/** Under the incident's address: `severity`, `tasks`, `tasks/tsk_1` … */
	readonly what: string;
	readonly body: unknown;
	readonly method?: "POST" | "PATCH";
	/** The version that the person saw: refused with 412 when somebody changed it meanwhile. */
	readonly version?: number | undefined;
}

/** Something that a person does with the incident; afterwards whatever shows it is read anew. */
export function useAct(incident: Pick<IncidentDetail, "id">, done?: () => void) {
	const client = useQueryClient();
	const { session } = useSigned();
	const shown: readonly QueryKey[] = [["incident", incident.id], ["incidents"], ["fleet"]];
	return useMutation({
		mutationFn: ({ what, body, method = "POST", version }: Act) =>
			call<IncidentDetail>(path(incident.id, what), {
				method,
				body,
				csrfToken: session.csrfToken,
				...(version === undefined ? {} : { version }),
			}),
		networkMode: "always",
		onSuccess: () => done?.(),
		onSettled: () => Promise.all(shown.map((queryKey) => client.invalidateQueries({ queryKey }))),
	});
}
