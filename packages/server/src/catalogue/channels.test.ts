// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references to secrets are written so
import { describe, expect, test } from "vitest";
import { parseCatalogue } from "./index.ts";

/** The catalogue of one channel `c` and, where an address is given, a person who is reached by it. */
function read(spec: string, address?: string) {
	const channel = `apiVersion: bellwether/v1\nkind: Channel\nmetadata: { name: c }\nspec: ${spec}\n`;
	const contact = address === "" ? "{ channel: c }" : `{ channel: c, address: "${address}" }`;
	const person = `---\napiVersion: bellwether/v1\nkind: Person\nmetadata: { name: ada }\nspec: { contacts: [${contact}] }\n`;
	const text = address === undefined ? channel : channel + person;
	const { catalogue, findings } = parseCatalogue([{ path: "notify/channels.yaml", text }]);
	return {
		channel: catalogue?.channels.find(({ name }) => name === "c"),
		errors: findings.filter(({ level }) => level === "error").map(({ message, remedy }) => `${message} ${remedy}`),
	};
}

const TWILIO = 'provider: { kind: twilio, account: AC1, from: "+15550001234", token: "${env:TOKEN}" }';

describe("a channel", () => {
	test.each([
		["of today's files", '{ kind: webhook, secret: "${env:S}" }', { kind: "webhook", secretRef: "${env:S}" }],
		["for Teams", '{ kind: teams, url: "${env:U}" }', { kind: "teams", urlRef: "${env:U}" }],
		[
			"for Slack by a token",
			'{ kind: slack, token: "${file:/t}", secret: "${env:S}" }',
			{ kind: "slack", tokenRef: "${file:/t}", secretRef: "${env:S}" },
		],
		[
			"for text messages",
			`{ kind: sms, ${TWILIO} }`,
			{
				kind: "sms",
				provider: {
					kind: "twilio",
					account: "AC1",
					from: "+15550001234",
					tokenRef: "${env:TOKEN}",
					apiUrl: "https://api.twilio.com",
				},
			},
		],
		[
			"with a template and headers",
			`{ kind: webhook, secret: "\${env:S}", template: '{"t": {{ title | json }}}', headers: { X-Api-Key: "\${env:K}" } }`,
			{
				kind: "webhook",
				secretRef: "${env:S}",
				template: '{"t": {{ title | json }}}',
				headers: { "X-Api-Key": "${env:K}" },
			},
		],
	])("%s is taken as it is written", (_, spec, channel) => {
		expect(read(spec)).toEqual({ channel: { name: "c", ...channel }, errors: [] });
	});

	test.each([
		["a webhook without a secret", "{ kind: webhook }", /has no secret to sign with.*Write secret/],
		["Teams without an address", "{ kind: teams }", /has no address to post to.*url: \$\{env:NAME\}/],
		["Slack without a way", "{ kind: slack }", /neither an incoming webhook nor a token/],
		["Slack with two ways", '{ kind: slack, url: "${env:A}", token: "${env:B}" }', /url has no effect beside/],
		["text messages without a provider", "{ kind: sms }", /has no provider.*twilio/],
		["an address written out", "{ kind: teams, url: 'https://x.example/secret' }", /is not a reference to a secret/],
		[
			"a field of another kind",
			'{ kind: teams, url: "${env:U}", body: cloudevents }',
			/spec.body is not used by a channel of kind teams. Remove it; this kind takes url/,
		],
		["a secret of mail", '{ kind: mail, secret: "${env:U}" }', /mail server's password belongs to spec.smtp/],
		[
			"a template without its body's fact",
			`{ kind: webhook, secret: "\${env:S}", template: "{{ tenent }}", contentType: text/plain }`,
			/no fact "tenent"\. Did you mean "tenant"/,
		],
		[
			"a template that is no Liquid",
			`{ kind: webhook, secret: "\${env:S}", template: "{{ text | shout }}", contentType: text/plain }`,
			/undefined filter: shout/,
		],
		[
			"a template that reads files",
			`{ kind: webhook, secret: "\${env:S}", template: "{% include 'x' %}", contentType: text/plain }`,
			/The tag "include" reads other files/,
		],
		[
			"a template that would be broken JSON",
			`{ kind: webhook, secret: "\${env:S}", template: '{"t": "{{ text }}"}' }`,
			/no JSON when a fact has quotes.*filter json/,
		],
		[
			"a template and a form",
			`{ kind: webhook, secret: "\${env:S}", template: "{{ text | json }}", body: standard }`,
			/spec.body has no effect beside spec.template/,
		],
		[
			"a content type alone",
			`{ kind: webhook, secret: "\${env:S}", contentType: text/plain }`,
			/no effect without spec.template/,
		],
		[
			"a header of ours",
			`{ kind: webhook, secret: "\${env:S}", headers: { Webhook-Id: "\${env:K}" } }`,
			/not the name of a header/,
		],
		[
			"a header written out",
			`{ kind: webhook, secret: "\${env:S}", headers: { X-Api-Key: hunter2 } }`,
			/is not a reference to a secret/,
		],
		[
			"calls from a messaging service",
			`{ kind: voice, provider: { kind: twilio, account: AC1, from: MG${"0".repeat(32)}, token: "\${env:T}" } }`,
			/cannot call/,
		],
	])("%s is refused with what to write", (_, spec, message) => {
		const { errors } = read(spec);
		expect(errors.join("\n")).toMatch(message);
		expect(errors.join("\n")).not.toContain("hunter2");
		expect(errors.join("\n")).not.toContain("x.example");
	});
});

describe("a contact's address", () => {
	test.each([
		["of Teams may be missing", '{ kind: teams, url: "${env:U}" }', ""],
		["of Teams is a sign-in name", '{ kind: teams, url: "${env:U}" }', "ada@example.com"],
		["of a webhook with a url may be missing", '{ kind: webhook, url: "${env:U}", secret: "${env:S}" }', ""],
		["of Slack is a channel's id", '{ kind: slack, token: "${env:T}" }', "C0123456789"],
		["of Slack is a channel's name", '{ kind: slack, token: "${env:T}" }', "#on-call"],
		["of text messages is a phone number", `{ kind: sms, ${TWILIO} }`, "+447700900123"],
		["of a call is a phone number", `{ kind: voice, ${TWILIO} }`, "+447700900123"],
	])("%s", (_, spec, address) => {
		expect(read(spec, address).errors).toEqual([]);
	});

	test.each([
		[
			"of Teams is no URL, which is not repeated",
			'{ kind: teams, url: "${env:U}" }',
			"https://x.example/secret",
			/address is not a sign-in name/,
		],
		["of Slack by a token is needed", '{ kind: slack, token: "${env:T}" }', "", /address is missing/],
		[
			"of Slack is no name of a person",
			'{ kind: slack, token: "${env:T}" }',
			"@ada",
			/is not the id or name of a channel/,
		],
		[
			"of text messages has a country code",
			`{ kind: sms, ${TWILIO} }`,
			"07700 900123",
			/"07700 900123" is not a phone number/,
		],
		["of a webhook without a url is needed", '{ kind: webhook, secret: "${env:S}" }', "", /address is missing/],
	])("%s", (_, spec, address, message) => {
		expect(read(spec, address).errors.join("\n")).toMatch(message);
		expect(read(spec, address).errors.join("\n")).not.toContain("x.example");
	});
});
