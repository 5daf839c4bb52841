/** What stands beside the connector's files. */
export function readme(url: string): string {
	return `# Bellwether for Power Automate

Made by \`bellwether export power-automate\` for ${url}. Make it anew after an update; do not edit it.

| file | what it is |
|---|---|
| apiDefinition.swagger.json | the custom connector: OpenAPI 2.0 with triggers, actions, and Model Context Protocol for agents |
| apiProperties.json | how a connection signs in |
| flows/icm-ticket.json | a flow: an ICM ticket for each incident of severity 2.5 that opens |
| flows/icm-ticket-by-signed-trigger.json | the same with a signed HTTP trigger instead of the connector's |

## The connector
1. Make a token for the flows, limited to what they are for:
   \`bellwether token --url ${url} --role responder --name flows --tenants contoso --ttl 365d\`
2. Power Automate, *Custom connectors*, *New*, *Import an OpenAPI file*: apiDefinition.swagger.json. Or, with both files:
   \`paconn create --api-def apiDefinition.swagger.json --api-prop apiProperties.json\`
3. Make a connection: paste the token, without the word Bearer. (Imported by hand, without apiProperties.json, the field
   takes the whole header: \`Bearer bw_…\`.)

The server must be reachable from Power Automate by https; \`server.publicUrl\` in its settings is the address that it gives
back for unsubscribing.

## A ticket in ICM for each Sev 2.5 incident
flows/icm-ticket.json is the definition of a flow. Put it in place of the definition of a new flow (solution export and
import, or the Flow Management API), and set its parameters \`icmGatewayUrl\` and \`icmGatewayToken\`. ICM has no public API:
the gateway is yours, and speaks the contract of docs/integrations.md. The flow looks the ticket up before it creates one, so that
a message that comes twice makes one ticket.

## By a signed HTTP trigger
1. Make a flow of flows/icm-ticket-by-signed-trigger.json, set \`clientState\` to a long random text, and save it: its
   trigger has an address that ends with a signature (\`sig=…\`). Keep it secret.
2. Subscribe it, with the token of the flows:
   \`\`\`
   curl -X POST ${url}/api/v1/subscriptions -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" \\
     -d '{"event":"incident.opened","callbackUrl":"https://…&sig=…","severities":["2.5"],"clientState":"…"}'
   \`\`\`
3. The answer's Location ends it with DELETE; its \`secret\` checks the header webhook-signature, for receivers that can.

The flow believes nothing of the message but the incident's id: it reads the incident from the API, with its own token.

## What to know
- A message may come twice, with the same id. None comes for private incidents, and none beyond the token's tenants.
- A receiver that answers 410 is gone: its subscription ends, and says so at ${url}/api/v1/subscriptions.
- A flow acts under its token's name, at once. Customers' notices stay drafts until *Send a notice*: put an approval of a
  person before it.
`;
}
