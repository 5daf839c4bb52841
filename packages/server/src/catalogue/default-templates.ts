import type { NoticeTemplate } from "./types.ts";

/**
 * Notices that go out when a catalogue brings none of its own. Plain and calm; the customer's names neither figures nor
 * staff, only what is affected, since when, and when the next word comes.
 */
export const DEFAULT_TEMPLATES: readonly NoticeTemplate[] = [
	{
		name: "breach",
		audience: "csam",
		language: "en",
		subject: "{{ tenant }}: {{ workload }} degraded since {{ since }} ({{ incident }}, Sev {{ severity }})",
		body: `{{ tenant }} is affected in {{ workload }} since {{ since }}.

What the customer notices: {{ impact }}
State: {{ state }}. {{ slo }} is at {{ sli }} against an objective of {{ objective }}.
Owner: {{ owner }}

The on-call engineer has been paged. The customer has not been told yet: a notice is drafted and waits for approval.
Next update by {{ nextUpdate }}.

{{ incident }}: {{ link }}
`,
	},
	{
		name: "breach",
		audience: "support",
		language: "en",
		subject: "{{ tenant }}: {{ workload }} is being worked on ({{ incident }})",
		body: `If {{ tenant }} reports trouble with {{ workload }}: it is known since {{ since }} as {{ incident }}, Sev {{ severity }}.

What the customer notices: {{ impact }}
State: {{ state }}. Measured by: {{ slo }}

Attach new tickets to {{ incident }} and do not ask the customer to repeat the steps.
Next update by {{ nextUpdate }}.
`,
	},
	{
		name: "breach",
		audience: "customer",
		language: "en",
		subject: "{{ workload }}: we are working on an issue in your environment",
		body: `We detected an issue in your environment and are addressing it now.

{{ impact }}
Affected since: {{ since }}
Current status: {{ state }}

Next update by {{ nextUpdate }}.

{{ organisation }}
`,
	},
];
