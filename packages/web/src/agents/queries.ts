import { queryOptions } from "@tanstack/react-query";
import { call } from "../api.ts";
import type { Proposal, Subscription, TokenView } from "../api-types.ts";

/** What waits on an incident, and what of it could not be done; read again with the incident. */
export const proposalsQuery = (incident: string) =>
	queryOptions({
		queryKey: ["incident", incident, "proposals"],
		queryFn: ({ signal }) =>
			call<{ items: readonly Proposal[] }>(`/proposals?incident=${encodeURIComponent(incident)}`, {}, signal).then(
				({ items }) => items.filter(({ state }) => state === "pending" || state === "refused"),
			),
		refetchInterval: 30_000,
	});

export const tokensQuery = queryOptions({
	queryKey: ["tokens"],
	queryFn: ({ signal }) => call<{ items: readonly TokenView[] }>("/tokens", {}, signal).then(({ items }) => items),
	refetchInterval: 30_000,
});

export const subscriptionsQuery = queryOptions({
	queryKey: ["subscriptions"],
	queryFn: ({ signal }) =>
		call<{ items: readonly Subscription[] }>("/subscriptions", {}, signal).then(({ items }) => items),
	refetchInterval: 10_000,
});
