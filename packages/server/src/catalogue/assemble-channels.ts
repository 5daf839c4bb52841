import { channelTemplateFault } from "./channel-template.ts";
import type { Channel, ChannelKind } from "./channels.ts";
import type { Entry } from "./entries.ts";
import { isMail, isWebUrl, SECRET_EXAMPLE } from "./fields.ts";
import { isPhone } from "./kinds-channels.ts";
import type { Context } from "./references.ts";
import { oneOf, type Path, pathText, show } from "./wording.ts";

/** Channels that are there without being declared. */
const BUILT_IN = [
	{ name: "phone-panel", kind: "phone-panel" },
	{ name: "mail", kind: "mail" },
] as const;

type Spec = Entry<"Channel">["input"]["spec"];
type Field = Exclude<keyof Spec, "kind">;

/** What each kind takes; anything else beside it would do nothing, and is told. */
const FIELDS: Readonly<Record<ChannelKind, readonly Field[]>> = {
	webhook: ["secret", "url", "body", "template", "contentType", "headers"],
	mail: [],
	teams: ["url"],
	slack: ["secret", "url", "token"],
	sms: ["provider"],
	voice: ["provider"],
	"phone-panel": [],
};

const DEFAULT_API_URL = "https://api.twilio.com";

export function assembleChannels(context: Context): Channel[] {
	const channels = context.entries.of("Channel").map((entry): Channel => {
		checkFields(context, entry);
		checkTemplate(context, entry);
		const { kind, secret, url, token, body, template, contentType, headers, provider } = entry.input.spec;
		return {
			name: entry.name,
			kind,
			...(secret === undefined ? {} : { secretRef: secret }),
			...(url === undefined ? {} : { urlRef: url }),
			...(token === undefined ? {} : { tokenRef: token }),
			...(body === undefined ? {} : { body }),
			...(template === undefined ? {} : { template }),
			...(contentType === undefined ? {} : { contentType }),
			...(headers === undefined ? {} : { headers: { ...headers } }),
			...(provider === undefined
				? {}
				: {
						provider: {
							kind: provider.kind,
							account: provider.account,
							from: provider.from,
							tokenRef: provider.token,
							apiUrl: (provider.url ?? DEFAULT_API_URL).replace(/\/+$/, ""),
						},
					}),
		};
	});
	const declared = new Set(channels.map((channel) => channel.name));
	return [...channels, ...BUILT_IN.filter((each) => !declared.has(each.name))];
}

function checkFields(context: Context, entry: Entry<"Channel">): void {
	const { spec } = entry.input;
	const { kind } = spec;
	const builtIn = BUILT_IN.find((each) => each.name === entry.name);
	if (builtIn && builtIn.kind !== kind) {
		const message = `Channel ${show(entry.name)} is built in and of kind ${builtIn.kind}.`;
		context.error(entry, ["spec", "kind"], message, "Give your channel another name.");
	}
	for (const field of Object.keys(spec) as (keyof Spec)[]) {
		if (field === "kind" || spec[field] === undefined || FIELDS[kind].includes(field)) continue;
		const remedy =
			kind === "mail" && field === "secret"
				? "The mail server's password belongs to spec.smtp of Settings."
				: FIELDS[kind].length === 0
					? "Remove it."
					: `Remove it; this kind takes ${oneOf(FIELDS[kind])}.`;
		context.error(entry, ["spec", field], `spec.${field} is not used by a channel of kind ${kind}.`, remedy, "key");
	}
	const missing = (message: string, remedy: string) => context.error(entry, ["spec"], message, remedy, "key");
	if (kind === "webhook" && spec.secret === undefined) {
		// Nothing leaves unsigned: every page by this channel would fail at night instead of here.
		const message = `Webhook ${show(entry.name)} has no secret to sign with, so no page could leave by it.`;
		missing(message, `Write secret: ${SECRET_EXAMPLE}.`);
	}
	if (kind === "teams" && spec.url === undefined)
		missing(`Channel ${show(entry.name)} has no address to post to.`, `Write url: ${SECRET_EXAMPLE}.`);
	if (kind === "slack") checkSlack(context, entry, missing);
	if ((kind === "sms" || kind === "voice") && spec.provider === undefined)
		missing(
			`Channel ${show(entry.name)} has no provider.`,
			`Write provider: { kind: twilio, account: ACCOUNT, from: "+15550001234", token: ${SECRET_EXAMPLE} }.`,
		);
	if (kind === "voice" && spec.provider && !isPhone(spec.provider.from)) {
		context.error(
			entry,
			["spec", "provider", "from"],
			"A messaging service cannot call.",
			"Write a phone number of yours, such as '+15550001234'.",
		);
	}
}

function checkSlack(
	context: Context,
	entry: Entry<"Channel">,
	missing: (message: string, remedy: string) => void,
): void {
	const { url, token } = entry.input.spec;
	if (url === undefined && token === undefined)
		missing(
			`Channel ${show(entry.name)} has neither an incoming webhook nor a token.`,
			`Write url: ${SECRET_EXAMPLE} or token: ${SECRET_EXAMPLE}.`,
		);
	if (url !== undefined && token !== undefined)
		context.error(
			entry,
			["spec", "url"],
			"spec.url has no effect beside spec.token.",
			"Write url for an incoming webhook, or token to post to the contacts' channels.",
			"key",
		);
}

function checkTemplate(context: Context, entry: Entry<"Channel">): void {
	const { kind, template, contentType, body } = entry.input.spec;
	if (kind !== "webhook") return;
	if (template === undefined) {
		if (contentType === undefined) return;
		const message = "spec.contentType has no effect without spec.template.";
		context.error(entry, ["spec", "contentType"], message, "Remove it, or write a template.", "key");
		return;
	}
	if (body !== undefined)
		context.error(
			entry,
			["spec", "body"],
			"spec.body has no effect beside spec.template.",
			"Remove one of them.",
			"key",
		);
	const fault = channelTemplateFault(template, contentType ?? "application/json");
	if (fault) context.error(entry, ["spec", "template"], fault.message, fault.remedy);
}

/** Whether a contact's address is what the channel wants. Addresses that may hold a key are not repeated. */
export function checkAddress(
	context: Context,
	entry: Entry<"Person"> | Entry<"EscalationPolicy">,
	path: Path,
	channel: Channel,
	address: string | undefined,
): void {
	const fault = addressFault(channel, address);
	if (!fault) return;
	const at = [...path, "address"];
	context.error(entry, at, `${pathText(at)} ${fault.says}.`, fault.remedy);
}

interface AddressFault {
	readonly says: string;
	readonly remedy: string;
}

function addressFault(channel: Channel, address: string | undefined): AddressFault | undefined {
	const rule = ADDRESS_RULES[channel.kind](channel);
	if (rule === undefined) return undefined;
	if (address === undefined) return rule.isOptional ? undefined : { says: "is missing", remedy: rule.remedy };
	if (rule.fits(address)) return undefined;
	return { says: rule.isSecret ? `is not ${rule.what}` : `${show(address)} is not ${rule.what}`, remedy: rule.remedy };
}

interface AddressRule {
	readonly what: string;
	readonly remedy: string;
	readonly fits: (address: string) => boolean;
	readonly isOptional?: boolean;
	/** It may carry a token, so it is not repeated. */
	readonly isSecret?: boolean;
}

const phone = (): AddressRule => ({
	what: "a phone number",
	remedy: "Write it in quotes with country code and without blanks, such as '+15550001234'.",
	fits: isPhone,
});

/** Undefined: any address is as good as none. */
const ADDRESS_RULES: Readonly<Record<ChannelKind, (channel: Channel) => AddressRule | undefined>> = {
	"phone-panel": () => undefined,
	mail: () => ({
		what: "a mail address",
		remedy: "Write one address such as j.park@example.com.",
		fits: isMail,
	}),
	webhook: ({ urlRef }) => ({
		what: "a web address",
		remedy: "Write https://host/path, without user name or password.",
		fits: isWebUrl,
		isOptional: urlRef !== undefined,
		isSecret: true,
	}),
	teams: () => ({
		what: "a sign-in name",
		remedy: "Write the name that the person signs in to Teams with, such as j.park@example.com, or leave it out.",
		fits: isMail,
		isOptional: true,
		// Somebody may have written the Workflow's address here.
		isSecret: true,
	}),
	slack: ({ tokenRef }) => ({
		what: tokenRef === undefined ? "the id of a person" : "the id or name of a channel, or the id of a person",
		remedy:
			tokenRef === undefined
				? "Write the member id that Slack shows in the person's profile, such as U0G9QF9C6, or leave it out."
				: "Write the id that Slack shows in the details, such as C0123456789 or U0G9QF9C6, or a name such as '#on-call'.",
		fits: (address) =>
			tokenRef === undefined
				? /^[UW][A-Z0-9]{5,20}$/.test(address)
				: /^(?:[CDGUW][A-Z0-9]{5,20}|#[a-z0-9][a-z0-9._-]{0,79})$/.test(address),
		isOptional: tokenRef === undefined,
		isSecret: true,
	}),
	sms: phone,
	voice: phone,
};
