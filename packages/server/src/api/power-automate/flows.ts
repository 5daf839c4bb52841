/** Flow definitions that create a ticket of severity 2.5 in ICM; `docs/power-automate.md` tells how to take them in. */

const CONNECTOR = "shared_bellwether";
const API_ID = `/providers/Microsoft.PowerApps/apis/${CONNECTOR}`;

interface Action {
	readonly type: string;
	readonly runAfter: Readonly<Record<string, readonly string[]>>;
	readonly [field: string]: unknown;
}

const AFTER = (name?: string) => ({ runAfter: name === undefined ? {} : { [name]: ["Succeeded"] } });

function connector(operationId: string, parameters: Readonly<Record<string, unknown>>) {
	return {
		host: { connectionName: CONNECTOR, operationId, apiId: API_ID },
		parameters,
		authentication: "@parameters('$authentication')",
	};
}

/** Where in the trigger's body the incident stands; read by the connector, the second flow has it from the API itself. */
interface Fields {
	readonly id: string;
	readonly title: string;
	readonly text: string;
	readonly tenant: string;
	readonly workload: string;
	readonly link: string;
}

/**
 * Looks the ticket up by its key before it creates one, so that a message that comes twice makes one ticket; says it in
 * the incident's timeline. The gateway before ICM speaks the contract of docs/integrations.md.
 */
function ticketActions(fields: Fields, after: string | undefined): Record<string, Action> {
	const gateway = "@{parameters('icmGatewayUrl')}";
	const key = `@{concat('bellwether/', ${fields.id})}`;
	const authorization = { Authorization: "@{concat('Bearer ', parameters('icmGatewayToken'))}" };
	return {
		Look_for_the_ticket: {
			type: "Http",
			...AFTER(after),
			inputs: { method: "GET", uri: `${gateway}/incidents`, queries: { correlationId: key }, headers: authorization },
			runtimeConfiguration: { secureData: { properties: ["inputs"] } },
		},
		If_there_is_none: {
			type: "If",
			...AFTER("Look_for_the_ticket"),
			expression: { equals: ["@length(body('Look_for_the_ticket')?['items'])", 0] },
			actions: {
				Create_the_ticket: {
					type: "Http",
					...AFTER(),
					inputs: {
						method: "POST",
						uri: `${gateway}/incidents`,
						headers: { ...authorization, "Idempotency-Key": key, "Content-Type": "application/json" },
						body: {
							Title: `@{${fields.title}}`,
							Description: `@{${fields.text}}`,
							Severity: "2.5",
							Status: "Active",
							CorrelationId: key,
							OccurringLocation: `@{${fields.tenant}}`,
							ImpactedService: `@{${fields.workload}}`,
							SourceUrl: `@{${fields.link}}`,
						},
					},
					runtimeConfiguration: { secureData: { properties: ["inputs"] } },
				},
				Say_so_in_the_timeline: {
					type: "OpenApiConnection",
					...AFTER("Create_the_ticket"),
					inputs: connector("AddNote", {
						id: `@${fields.id}`,
						"body/text": "ICM ticket @{body('Create_the_ticket')?['id']} was created for this incident.",
					}),
				},
			},
			else: { actions: {} },
		},
	};
}

function flow(
	displayName: string,
	parts: {
		readonly parameters: object;
		readonly triggers: object;
		readonly actions: Readonly<Record<string, Action>>;
	},
): Record<string, unknown> {
	const secret = (description: string) => ({ type: "SecureString", defaultValue: "", metadata: { description } });
	return {
		properties: {
			apiId: "/providers/Microsoft.PowerApps/apis/shared_logicflows",
			displayName,
			state: "Stopped",
			connectionReferences: {
				[CONNECTOR]: { connectionName: "", source: "Invoker", id: API_ID, tier: "NotSpecified" },
			},
			definition: {
				$schema:
					"https://schema.management.azure.com/providers/Microsoft.Logic/schemas/2016-06-01/workflowdefinition.json#",
				contentVersion: "1.0.0.0",
				parameters: {
					$connections: { type: "Object", defaultValue: {} },
					$authentication: { type: "SecureObject", defaultValue: {} },
					icmGatewayUrl: {
						type: "String",
						defaultValue: "https://icm-gateway.example.com",
						metadata: { description: "Address of the gateway before ICM, without a slash at the end." },
					},
					icmGatewayToken: secret("Token for the gateway."),
					...parts.parameters,
				},
				triggers: parts.triggers,
				actions: parts.actions,
				outputs: {},
			},
		},
	};
}

/** Starts with the connector's trigger, which subscribes and unsubscribes by itself. */
export function ticketFlow(): Record<string, unknown> {
	const data = (field: string) => `triggerOutputs()?['body/data/${field}']`;
	const fields = {
		id: data("id"),
		title: data("title"),
		text: data("sentence"),
		tenant: data("tenantDisplayName"),
		workload: data("workloadDisplayName"),
		link: data("url"),
	};
	return flow("Bellwether: an ICM ticket for each Sev 2.5 incident", {
		parameters: {},
		triggers: {
			When_an_incident_opens: {
				type: "OpenApiConnectionWebhook",
				inputs: connector("OnIncidentOpened", { "body/severities": ["2.5"] }),
				// One after the other: two runs of one message see each other's ticket.
				runtimeConfiguration: { concurrency: { runs: 1 } },
			},
		},
		actions: ticketActions(fields, undefined),
	});
}

/**
 * Starts with a signed HTTP address, for environments in which connectors cannot subscribe. The address holds the
 * platform's signature; the message must bring the state that the subscription was made with; and what it says is not
 * believed but read from the API, so that a forged message opens no ticket.
 */
export function signedTriggerFlow(messageSchema: object): Record<string, unknown> {
	const read = (field: string) => `outputs('Read_the_incident')?['body/${field}']`;
	const fields = {
		id: read("id"),
		title: read("title"),
		text: read("sentence"),
		tenant: read("tenantDisplayName"),
		workload: read("workloadDisplayName"),
		link: `concat(parameters('bellwetherUrl'), '/incidents/', ${read("id")})`,
	};
	return flow("Bellwether: an ICM ticket by a signed HTTP trigger", {
		parameters: {
			bellwetherUrl: { type: "String", defaultValue: "https://bellwether.example.com" },
			clientState: { type: "SecureString", defaultValue: "", metadata: { description: "As given at subscribing." } },
		},
		triggers: {
			When_Bellwether_calls: {
				type: "Request",
				kind: "Http",
				inputs: { method: "POST", triggerAuthenticationType: "All", schema: messageSchema },
				conditions: [
					{ expression: "@not(empty(parameters('clientState')))" },
					{ expression: "@equals(triggerBody()?['clientstate'], parameters('clientState'))" },
					{ expression: "@equals(triggerBody()?['type'], 'dev.bellwether.incident.opened')" },
				],
				runtimeConfiguration: { concurrency: { runs: 1 } },
			},
		},
		actions: {
			Read_the_incident: {
				type: "OpenApiConnection",
				...AFTER(),
				inputs: connector("GetIncident", { id: "@triggerBody()?['subject']" }),
			},
			If_it_is_open_and_Sev_2_5: {
				type: "If",
				...AFTER("Read_the_incident"),
				expression: {
					and: [
						{ equals: [`@${read("severity/key")}`, "2.5"] },
						{ not: { equals: [`@${read("state")}`, "resolved"] } },
					],
				},
				actions: ticketActions(fields, undefined),
				else: { actions: {} },
			},
		},
	});
}
