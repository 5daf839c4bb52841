import { z } from "zod";
import { TOLD } from "../schemas-subscriptions.ts";
import { connectorDefinition, connectorProperties } from "./connector.ts";
import { signedTriggerFlow, ticketFlow } from "./flows.ts";
import { readme } from "./readme.ts";
import { swaggerSchema } from "./swagger-schema.ts";

/** The custom connector's files. `document`: the API's own OpenAPI; `url`: where Power Automate reaches the server. */
export function powerAutomateFiles(document: object, url: string): { readonly path: string; readonly text: string }[] {
	const opened = swaggerSchema(z.toJSONSchema(TOLD["incident.opened"], { target: "draft-7" }) as never);
	const json = (value: object) => `${JSON.stringify(value, null, 2)}\n`;
	return [
		{ path: "apiDefinition.swagger.json", text: json(connectorDefinition(document, url)) },
		{ path: "apiProperties.json", text: json(connectorProperties()) },
		{ path: "flows/icm-ticket.json", text: json(ticketFlow()) },
		{ path: "flows/icm-ticket-by-signed-trigger.json", text: json(signedTriggerFlow(opened)) },
		{ path: "README.md", text: readme(url) },
	];
}
