import { queryOptions } from "@tanstack/react-query";
import { call } from "../api.ts";
import type { IntegrationTest, IntegrationView } from "../api-types.ts";

/** Tickets of an integration that the catalogue has no more. */
export interface LeftBehind {
	readonly integration: string;
	readonly tickets: number;
	readonly since: number;
	readonly remedy: string;
}

export const integrationsQuery = queryOptions({
	queryKey: ["integrations"],
	queryFn: ({ signal }) => call<{ items: IntegrationView[]; leftBehind: LeftBehind[] }>("/integrations", {}, signal),
	refetchInterval: 10_000,
});

/** Nothing more is told to tickets of an integration that the catalogue has no more. */
export function letGoOfTickets(name: string, csrfToken: string): Promise<{ readonly tickets: number }> {
	return call(`/integrations/${encodeURIComponent(name)}/let-go`, { method: "POST", csrfToken });
}

/** `ticket` makes and closes a marked ticket; `check` only signs in and reads. */
export function testIntegration(name: string, mode: "ticket" | "check", csrfToken: string): Promise<IntegrationTest> {
	return call(`/integrations/${encodeURIComponent(name)}/test`, { method: "POST", body: { mode }, csrfToken });
}
