import type { FastifyRequest } from "fastify";
import { z } from "zod";
import type { Channel } from "#catalogue";
import { createCallbackEgress } from "#platform";
import {
	type AcknowledgeOutcome,
	acknowledgeByAction,
	acknowledgeByCode,
	acknowledgeByKey,
	type ReceiptState,
	recordReceipt,
} from "#response";
import { depsOf } from "../acts.ts";
import { type ChannelProof, proveSlack, proveTwilio } from "../channel-proof.ts";
import { type Api, type ApiContext, PROBLEMS } from "../context.ts";
import { PUBLIC } from "../policy.ts";
import { type ApiProblem, badRequest } from "../problem.ts";
import { bytesOf, headersOf, refused, registerSigned, secretOf } from "../signed-messages.ts";

/** What comes back from channels: receipts, answers and buttons; each proven by the provider's own signature. */

const MAX_BODY_BYTES = 65_536;
const Params = z.object({ channel: z.string().min(1).max(63) });
const About = z.object({ message: z.string().min(1).max(100) });
const OWN_PROOF = { ...PUBLIC, object: "the provider's own signature" };

export function channelInboundRoutes(api: Api, context: ApiContext): void {
	registerSigned(api, MAX_BODY_BYTES, (inner) => {
		receiptRoute(inner, context);
		keyRoute(inner, context);
		textRoute(inner, context);
		chatRoute(inner, context);
	});
}

/** States of text messages and calls, in our words; what is missing tells nothing new. */
const RECEIPTS: Readonly<Record<string, ReceiptState>> = {
	queued: "accepted",
	sent: "accepted",
	delivered: "delivered",
	read: "read",
	undelivered: "undelivered",
	failed: "undelivered",
	"in-progress": "answered",
	completed: "answered",
	busy: "undelivered",
	"no-answer": "undelivered",
	canceled: "undelivered",
};

function receiptRoute(api: Api, context: ApiContext): void {
	api.post(
		"/api/v1/channels/:channel/receipts",
		{
			bodyLimit: MAX_BODY_BYTES,
			config: { authz: OWN_PROOF },
			schema: {
				summary: "A provider tells what became of a text message or call (X-Twilio-Signature)",
				tags: ["channels"],
				params: Params,
				querystring: About,
				response: { 204: z.null(), ...PROBLEMS },
			},
		},
		async (request, reply) => {
			const { channel, fields } = proveProvider(context, request, request.params.channel);
			const said = fields.get("MessageStatus") ?? fields.get("CallStatus") ?? "";
			const state = RECEIPTS[said];
			const code = /^\d{1,6}$/.exec(fields.get("ErrorCode") ?? "")?.[0];
			if (state !== undefined) {
				const detail = code === undefined ? said : `${said}, the provider's error ${code}`;
				await context.store.transaction((tx) =>
					recordReceipt(tx, context, {
						messageId: request.query.message,
						channel: channel.name,
						state,
						detail,
						at: context.clock.now(),
					}),
				);
			}
			return reply.status(204).send(null);
		},
	);
}

function keyRoute(api: Api, context: ApiContext): void {
	api.post(
		"/api/v1/channels/:channel/keys",
		{
			bodyLimit: MAX_BODY_BYTES,
			config: { authz: OWN_PROOF },
			schema: {
				summary: "The key that was pressed in a call: 1 acknowledges (X-Twilio-Signature)",
				tags: ["channels"],
				params: Params,
				querystring: About,
				response: { 200: z.string(), ...PROBLEMS },
			},
			serializerCompiler: () => (data) => data as string,
		},
		async (request, reply) => {
			const { channel, fields } = proveProvider(context, request, request.params.channel);
			const answer = await context.store.transaction((tx) =>
				acknowledgeByKey(tx, depsOf(context), {
					channel: channel.name,
					messageId: request.query.message,
					to: fields.get("To") ?? "",
					key: fields.get("Digits") ?? "",
					now: context.clock.now(),
					requestId: request.id,
				}),
			);
			const says =
				answer.status === "other-key"
					? "That key does nothing. It is not acknowledged."
					: answer.status === "unknown"
						? "This call cannot acknowledge. Open the console."
						: outcomeWords(answer);
			return reply.type("text/xml; charset=utf-8").send(`<Response><Say>${escapeXml(says)}</Say></Response>`);
		},
	);
}

function textRoute(api: Api, context: ApiContext): void {
	api.post(
		"/api/v1/channels/:channel/messages",
		{
			bodyLimit: MAX_BODY_BYTES,
			config: { authz: OWN_PROOF },
			schema: {
				summary: "A text message came in: ACK and the code acknowledges (X-Twilio-Signature)",
				tags: ["channels"],
				params: Params,
				response: { 200: z.string(), ...PROBLEMS },
			},
			serializerCompiler: () => (data) => data as string,
		},
		async (request, reply) => {
			const { channel, fields } = proveProvider(context, request, request.params.channel);
			const from = fields.get("From") ?? "";
			const text = (fields.get("Body") ?? "").slice(0, 500);
			const answer = (says: string) =>
				reply
					.type("text/xml; charset=utf-8")
					.send(says === "" ? "<Response/>" : `<Response><Message>${escapeXml(says)}</Message></Response>`);
			// An answer costs: strangers, and what asks for nothing, get none.
			if (!isContact(context, channel, from) || !/\d/.test(text)) return answer("");
			const outcome = await context.store.transaction((tx) =>
				acknowledgeByCode(tx, depsOf(context), text, from, context.clock.now(), request.id),
			);
			return answer(outcomeWords(outcome));
		},
	);
}

const Pressed = z.object({
	type: z.string(),
	user: z.object({ id: z.string().regex(/^[A-Z0-9]{1,30}$/) }),
	response_url: z.string().max(2_000).optional(),
	actions: z
		.array(z.object({ action_id: z.string().optional(), value: z.string().max(2_000).optional() }))
		.max(50)
		.optional(),
});

function chatRoute(api: Api, context: ApiContext): void {
	api.post(
		"/api/v1/channels/:channel/actions",
		{
			bodyLimit: MAX_BODY_BYTES,
			config: { authz: OWN_PROOF },
			schema: {
				summary: "A button was pressed in Slack (X-Slack-Signature)",
				tags: ["channels"],
				params: Params,
				response: { 200: z.null(), ...PROBLEMS },
			},
		},
		async (request, reply) => {
			const channel = proveChat(context, request, request.params.channel);
			const pressed = pressedOf(request);
			const token = pressed.actions?.find((action) => action.action_id === "bellwether_acknowledge")?.value;
			// Buttons that only open a page are told as well.
			if (token === undefined) return reply.status(200).send(null);
			const person = context
				.catalogue()
				.people.find(({ contacts }) =>
					contacts.some((contact) => contact.channel === channel.name && contact.address === pressed.user.id),
				);
			const outcome = await context.store.transaction((tx) =>
				acknowledgeByAction(
					tx,
					depsOf(context),
					token,
					context.clock.now(),
					request.id,
					// In a channel of a chat it may be somebody else than who was paged.
					person?.name ?? `channel:${channel.name} ${pressed.user.id}`,
				),
			);
			// Slack waits three seconds: what it shows is told apart from this answer.
			void tellChat(context, pressed.response_url, outcomeWords(outcome)).then((fault) => {
				if (fault !== undefined)
					request.log.warn({ reqId: request.id, channel: channel.name, fault }, "Slack was not told of the outcome");
			});
			return reply.status(200).send(null);
		},
	);
}

/** Why it could not be told. The address is the chat's own word: what the catalogue's addresses may reach inside is not for it. */
async function tellChat(context: ApiContext, url: string | undefined, text: string): Promise<string | undefined> {
	if (url === undefined) return undefined;
	const egress = createCallbackEgress(context.catalogue().settings, { timeoutMs: 5_000 });
	const body = JSON.stringify({ replace_original: false, response_type: "in_channel", text: escapeXml(text) });
	const result = await egress.post(url, { "content-type": "application/json" }, body);
	if (result.status !== "answered") return result.reason;
	return result.statusCode < 300 ? undefined : `HTTP ${result.statusCode}`;
}

function outcomeWords(outcome: AcknowledgeOutcome): string {
	switch (outcome.status) {
		case "acknowledged":
			return outcome.incidents.length === 0
				? "Thank you: the test is confirmed."
				: `Acknowledged: ${outcome.incidents.join(", ")}. Paging stopped.`;
		case "already":
			return `${outcome.incidents.join(", ") || "The test"} was acknowledged by ${outcome.by} before.`;
		case "refused":
			return `${outcome.message} ${outcome.remedy}`;
	}
}

function isContact(context: ApiContext, channel: Channel, from: string): boolean {
	const { people, channels } = context.catalogue();
	// A number that is called may answer by text as well, through the same account.
	const related = channels.filter(
		(each) => each.name === channel.name || each.provider?.account === channel.provider?.account,
	);
	const names = new Set(related.map(({ name }) => name));
	return people.some(({ contacts }) => contacts.some((each) => names.has(each.channel) && each.address === from));
}

function proveProvider(
	context: ApiContext,
	request: FastifyRequest,
	name: string,
): { readonly channel: Channel; readonly fields: URLSearchParams } {
	const channel = context.catalogue().channels.find((each) => each.name === name);
	const provider = channel?.provider;
	if (!channel || !provider) throw refusedBy(request, name, "it is no channel of a provider");
	const fields = new URLSearchParams(bytesOf(request).toString("utf8"));
	const url = `${context.baseUrl()}${request.raw.url ?? ""}`;
	const signature = headersOf(request)["x-twilio-signature"];
	const proof = proveTwilio(secretOf(request, { kind: "channel", name }, provider.tokenRef), signature, url, fields);
	requireProof(request, name, proof);
	return { channel, fields };
}

function proveChat(context: ApiContext, request: FastifyRequest, name: string): Channel {
	const channel = context.catalogue().channels.find((each) => each.name === name);
	if (channel?.kind !== "slack" || channel.secretRef === undefined)
		throw refusedBy(request, name, "it is no channel of Slack with a secret");
	const headers = {
		signature: headersOf(request)["x-slack-signature"],
		timestamp: headersOf(request)["x-slack-request-timestamp"],
	};
	const secrets = secretOf(request, { kind: "channel", name }, channel.secretRef);
	requireProof(request, name, proveSlack(secrets, headers, bytesOf(request), context.clock.now()));
	return channel;
}

function pressedOf(request: FastifyRequest): z.infer<typeof Pressed> {
	try {
		const payload = new URLSearchParams(bytesOf(request).toString("utf8")).get("payload");
		return Pressed.parse(JSON.parse(payload ?? ""));
	} catch {
		throw badRequest(
			"body.payload",
			"The form has no payload of a pressed button.",
			"Enter this address as the app's Request URL under Interactivity, and nowhere else.",
		);
	}
}

function requireProof(request: FastifyRequest, channel: string, proof: ChannelProof): void {
	if (proof.status === "unproven") throw refusedBy(request, channel, proof.reason);
}

function refusedBy(request: FastifyRequest, name: string, reason: string): ApiProblem {
	return refused(
		request,
		{ kind: "channel", name },
		reason,
		"Check the channel's name and secret, and that publicUrl in bellwether.yaml is the address that the provider calls; the server's log says what was wrong.",
	);
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

/** For TwiML and for Slack, which read the same three signs. */
function escapeXml(text: string): string {
	return text.replace(/\p{Cc}+/gu, " ").replace(/[&<>]/g, (sign) => ENTITIES[sign] as string);
}
