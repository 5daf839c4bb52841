import type { Integration, IntegrationAuth } from "#catalogue";
import type { TicketReceiver } from "./receiver.ts";
import { SECRETS } from "./secrets.ts";

/** Names of environment variables that hold the receivers' secrets; set them where the adapters run. */
export const SECRET_ENV = {
	TICKETS_ROUTING_KEY: SECRETS.routingKey,
	TICKETS_REST_TOKEN: SECRETS.restToken,
	TICKETS_PASSWORD: SECRETS.password,
} as const;

const ref = (name: keyof typeof SECRET_ENV) => `\${env:${name}}`;

/** An integration of the catalogue that points at a receiver. */
export function integrationTo(
	receiver: Pick<TicketReceiver, "kind" | "url">,
	overrides: Partial<Integration> & { readonly withoutRest?: boolean } = {},
): Integration {
	const { withoutRest = false, ...rest } = overrides;
	const { kind, url } = receiver;
	const auth: IntegrationAuth =
		kind === "pagerduty"
			? {
					kind: "pagerduty",
					routingKeyRef: ref("TICKETS_ROUTING_KEY"),
					apiUrl: url,
					...(withoutRest ? {} : { tokenRef: ref("TICKETS_REST_TOKEN"), from: "cre@vendor.example" }),
				}
			: { kind: "basic", user: "bellwether", passwordRef: ref("TICKETS_PASSWORD") };
	return {
		name: kind,
		displayName: kind,
		kind,
		url,
		auth,
		project: kind === "jira" ? "CRE" : kind === "azure-devops" ? "contoso/Reliability" : "",
		type: { servicenow: "incident", jira: "Task", "azure-devops": "Issue", pagerduty: "", icm: "" }[kind],
		when: { severity: "2.5", workloads: [], tenants: [] },
		severities: {},
		states: {},
		fields: {},
		answer: {},
		// Nothing waits for it but what never answers, and busy machines take their time.
		timeoutMs: 10_000,
		...rest,
	};
}
