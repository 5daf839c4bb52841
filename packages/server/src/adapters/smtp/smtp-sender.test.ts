import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { type ParsedMail, simpleParser } from "mailparser";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import { expect, onTestFinished, test, vi } from "vitest";
import type { Message } from "#platform";
import { createSmtpSender, type SmtpSenderOptions } from "./smtp-sender.ts";

// Disks, sockets and processes set the pace here: on a busy machine everything takes longer.
vi.setConfig({ testTimeout: 30_000 });

const MESSAGE: Message = {
	id: "msg_01k9",
	kind: "page",
	delivery: "at-least-once",
	tenant: "contoso",
	incidentId: "inc_1",
	channel: "mail",
	address: "ada@example.com",
	payload: {
		subject: "[Sev 2.5] Contoso – Anmeldung gestört",
		text: "Since 09:30.\n.\nA line with a dot alone.",
		url: "https://cre.example.com/p/inc_1",
		data: {},
	},
	attempt: 1,
	createdAt: Date.UTC(2026, 0, 1),
};

/** A real SMTP server without TLS, that keeps what it takes. */
async function mailServer(options: SMTPServerOptions = {}) {
	const mails: { mail: ParsedMail; raw: string; to: string[] }[] = [];
	const server = new SMTPServer({
		authOptional: true,
		disabledCommands: ["STARTTLS"],
		logger: false,
		onData(stream, session, done) {
			const chunks: Buffer[] = [];
			stream.on("data", (chunk) => chunks.push(chunk));
			stream.on("end", async () => {
				const raw = Buffer.concat(chunks);
				const to = session.envelope.rcptTo.map(({ address }) => address);
				mails.push({ mail: await simpleParser(raw), raw: raw.toString(), to });
				done();
			});
		},
		...options,
	});
	server.on("error", () => undefined);
	server.listen(0, "127.0.0.1");
	await once(server.server, "listening");
	onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
	return { mails, port: (server.server.address() as AddressInfo).port };
}

const senderTo = (port: number, more: Partial<SmtpSenderOptions> = {}) =>
	createSmtpSender({ host: "127.0.0.1", port, secure: false, from: "cre@bellwether.example", ...more });

const smtpError = (code: number, text: string) => Object.assign(new Error(text), { responseCode: code });

test("a mail arrives as written, with the link, under the message's id", async () => {
	const { mails, port } = await mailServer();
	expect(await senderTo(port).send(MESSAGE)).toMatchObject({ status: "sent" });
	const [{ mail, to } = expect.unreachable()] = mails;
	expect(to).toEqual(["ada@example.com"]);
	expect(mail.from?.text).toBe("cre@bellwether.example");
	expect(mail.subject).toBe(MESSAGE.payload.subject);
	expect(mail.messageId).toBe("<msg_01k9@bellwether.example>");
	expect(mail.date?.getTime()).toBe(MESSAGE.createdAt);
	expect(mail.headers.get("auto-submitted")).toBe("auto-generated");
	expect(mail.text?.trim()).toBe(`${MESSAGE.payload.text}\n\n${MESSAGE.payload.url}`);
	expect(mail.attachments).toEqual([]);
});

const CARD = {
	short: "Contoso: sign-in fails",
	sentence: "62% of sign-ins by <Contoso> & Co. succeed.",
	facts: [{ label: "Platform", value: "99.96%" }],
	incidentUrl: "https://cre.example.com/incidents/inc_1",
	runbookUrl: "https://cre.example.com/incidents/inc_1#runbook",
	acknowledge: { url: 'https://cre.example.com/a?t="x"&u=1' },
};

test("a page has the same words as text and as HTML, and links that open pages", async () => {
	const { mails, port } = await mailServer();
	const text = `Nobody has acknowledged it yet.\n\n${CARD.sentence}`;
	await senderTo(port).send({ ...MESSAGE, payload: { ...MESSAGE.payload, text, card: CARD } });
	const [{ mail } = expect.unreachable()] = mails;
	expect(mail.text).toContain(`Acknowledge: ${CARD.acknowledge.url}`);
	expect(mail.text).toContain(`Runbook: ${CARD.runbookUrl}`);
	const html = String(mail.html);
	for (const part of ["Nobody has acknowledged it yet.", "by &lt;Contoso&gt; &amp; Co. succeed.", "Platform", "99.96%"])
		expect(html).toContain(part);
	expect(html).toContain('href="https://cre.example.com/a?t=&quot;x&quot;&amp;u=1"');
	expect(html).toContain(`href="${CARD.incidentUrl}"`);
	expect(html).not.toMatch(/<script|<img|<form|javascript:/i);
});

test("a notice is its approved text, as HTML too", async () => {
	const { mails, port } = await mailServer();
	const text = "We see failures.\nSince 09:30.\n\n<b>Your team</b>";
	const { url: _, ...payload } = MESSAGE.payload;
	await senderTo(port).send({ ...MESSAGE, kind: "notice", payload: { ...payload, text, card: CARD } });
	const [{ mail } = expect.unreachable()] = mails;
	expect(mail.text?.trim()).toBe(text);
	expect(String(mail.html).replace(/<[^>]+>/g, "|")).toMatch(
		/^\|+We see failures\.\|Since 09:30\.\|+&lt;b&gt;Your team&lt;\/b&gt;\|+$/,
	);
});

test("mails about one incident to one audience are one thread; the id tells no stranger of which incident", async () => {
	const { mails, port } = await mailServer();
	const sender = senderTo(port);
	const notice = (audience: string) => ({
		...MESSAGE,
		kind: "notice" as const,
		payload: { ...MESSAGE.payload, data: { audience } },
	});
	await sender.send(MESSAGE);
	await sender.send({ ...MESSAGE, id: "msg_2" });
	await sender.send(notice("customer"));
	await sender.send(notice("csam"));
	await sender.send({ ...MESSAGE, incidentId: "inc_2" });
	await sender.send({ ...MESSAGE, incidentId: undefined });
	const threads = mails.map(({ mail }) => [mail.references, mail.inReplyTo].flat());
	expect(threads[0]).toEqual(threads[1]);
	expect(new Set(threads.map(String)).size).toBe(5);
	expect(threads[5]).toEqual([undefined, undefined]);
	for (const { raw } of mails) expect(raw.split("\r\n\r\n")[0]).not.toContain("inc_1");
});

test("each attempt carries the same Message-ID and date", async () => {
	const { mails, port } = await mailServer();
	const sender = senderTo(port);
	await sender.send(MESSAGE);
	await sender.send({ ...MESSAGE, attempt: 2 });
	expect(mails.map(({ mail }) => [mail.messageId, mail.date?.getTime()])).toEqual([
		["<msg_01k9@bellwether.example>", MESSAGE.createdAt],
		["<msg_01k9@bellwether.example>", MESSAGE.createdAt],
	]);
});

test.each([
	"ada@example.com\r\nBcc: eve@example.com",
	"ada@example.com\nRCPT TO:<eve@example.com>",
	"ada@example.com\u0000",
	"ada@example.com, eve@example.com",
	"ada@example.com;eve@example.com",
	"Ada <ada@example.com>",
	"<ada@example.com>",
	'"a b"@example.com',
	"ada@[127.0.0.1]",
	"ada@example.com> SIZE=1",
	"ada",
	"@example.com",
	"ada@",
	"ada@b@c",
	"",
])("%j is not one address: nothing is sent", async (address) => {
	const { mails, port } = await mailServer();
	const result = await senderTo(port).send({ ...MESSAGE, address });
	expect(result).toEqual({
		status: "refused",
		detail: `${JSON.stringify(address)} is not one mail address: write name@example.com`,
	});
	expect(mails).toEqual([]);
});

test.each(["x\r\nBcc: eve@example.com", "x\nContent-Type: text/html\n\n<b>", "x\u0000y\u001b[31m", "x\r\n\r\nbody"])(
	"the subject %j stays one header",
	async (subject) => {
		const { mails, port } = await mailServer();
		await senderTo(port).send({ ...MESSAGE, payload: { ...MESSAGE.payload, subject } });
		const [{ mail, to, raw } = expect.unreachable()] = mails;
		expect(to).toEqual(["ada@example.com"]);
		expect(mail.bcc).toBeUndefined();
		expect(raw.split("\r\n\r\n")[0]).not.toMatch(/^(bcc|content-type: text\/html)/im);
		expect(mail.text).toContain("Since 09:30");
	},
);

test("text that looks like a path or an address of a file is text", async () => {
	const { mails, port } = await mailServer();
	const text = "file:///etc/passwd http://127.0.0.1/";
	await senderTo(port).send({ ...MESSAGE, payload: { subject: "s", text, data: { path: "/etc/passwd" } } });
	expect(mails[0]?.mail.text?.trim()).toBe(text);
});

test.each<{ name: string; options: SMTPServerOptions; result: Record<string, unknown> }>([
	{
		name: "refuses the recipient for good",
		options: { onRcptTo: (_address, _session, done) => done(smtpError(550, "no such person")) },
		result: { status: "refused", detail: expect.stringContaining("550") },
	},
	{
		name: "refuses the recipient for now",
		options: { onRcptTo: (_address, _session, done) => done(smtpError(451, "greylisted")) },
		result: { status: "retry", detail: expect.stringContaining("451") },
	},
	{
		name: "refuses the sender for good",
		options: { onMailFrom: (_address, _session, done) => done(smtpError(553, "not you")) },
		result: { status: "refused", detail: expect.stringContaining("553") },
	},
	{
		name: "refuses the text for good",
		options: { onData: (stream, _session, done) => stream.resume().on("end", () => done(smtpError(554, "spam"))) },
		result: { status: "refused", detail: expect.stringContaining("554") },
	},
	{
		name: "refuses the text for now",
		options: { onData: (stream, _session, done) => stream.resume().on("end", () => done(smtpError(452, "full"))) },
		result: { status: "retry", detail: expect.stringContaining("452") },
	},
	{
		name: "refuses the connection for now",
		options: { onConnect: (_session, done) => done(smtpError(421, "busy")) },
		result: { status: "retry", detail: expect.stringContaining("421") },
	},
])("a server that $name", async ({ options, result }) => {
	const { port } = await mailServer(options);
	expect(await senderTo(port).send(MESSAGE)).toEqual(result);
});

/** A server made of a few lines, for what a proper one would not do. Answers by the first word of each command. */
async function roughServer(replies: Readonly<Record<string, string | ((socket: Socket) => void)>>) {
	const sockets = new Set<Socket>();
	const server = createServer((socket) => {
		sockets.add(socket);
		socket.on("error", () => undefined);
		const act = (reply: string | ((socket: Socket) => void) | undefined) => {
			if (typeof reply === "function") reply(socket);
			else if (reply !== undefined) socket.write(`${reply}\r\n`);
		};
		act(replies.greeting);
		let isText = false;
		let text = "";
		socket.on("data", (chunk) => {
			text += chunk;
			if (isText) {
				if (text.endsWith("\r\n.\r\n")) act(replies.text);
				return;
			}
			for (let end = text.indexOf("\r\n"); end >= 0; end = text.indexOf("\r\n")) {
				const [word = ""] = text.slice(0, end).toUpperCase().split(/[ :]/);
				text = text.slice(end + 2);
				isText = word === "DATA" && replies.DATA !== undefined;
				act(replies[word] ?? "250 ok");
			}
		});
	});
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	onTestFinished(() => {
		for (const socket of sockets) socket.destroy();
		server.close();
	});
	return (server.address() as AddressInfo).port;
}

const cut = (socket: Socket) => void socket.destroy();
const nothing = () => undefined;
const POLITE = { greeting: "220 hello", DATA: "354 go on" };

test.each([
	{ name: "hangs up at once", replies: { greeting: cut }, status: "retry" },
	{ name: "says nothing", replies: { greeting: nothing }, status: "retry", timeoutMs: 100 },
	{ name: "greets with garbage", replies: { greeting: "%&/()" }, status: "retry" },
	{ name: "hangs up at MAIL FROM", replies: { ...POLITE, MAIL: cut }, status: "retry" },
	{ name: "falls silent at RCPT TO", replies: { ...POLITE, RCPT: nothing }, status: "retry", timeoutMs: 100 },
	{ name: "hangs up at DATA", replies: { ...POLITE, DATA: cut }, status: "retry" },
	{ name: "hangs up after the text", replies: { ...POLITE, text: cut }, status: "uncertain" },
	{ name: "falls silent after the text", replies: { ...POLITE, text: nothing }, status: "uncertain", timeoutMs: 1_500 },
	{ name: "takes the text and hangs up at QUIT", replies: { ...POLITE, text: "250 taken", QUIT: cut }, status: "sent" },
])("a server that $name: $status", async ({ replies, status, timeoutMs = 10_000 }) => {
	const port = await roughServer(replies);
	expect(await senderTo(port, { timeoutMs }).send(MESSAGE)).toMatchObject({ status });
});

test("a server that speaks no TLS where TLS is wanted, or has a certificate of nobody's: to be tried again, unseen", async () => {
	const plain = await mailServer();
	expect(await senderTo(plain.port, { secure: true, timeoutMs: 2_000 }).send(MESSAGE)).toMatchObject({
		status: "retry",
	});
	const own = await mailServer({ disabledCommands: [] });
	expect(await senderTo(own.port).send(MESSAGE)).toMatchObject({ status: "retry" });
	expect([...plain.mails, ...own.mails]).toEqual([]);
});

test("a server whose name is not found: to be tried again", async () => {
	const sender = createSmtpSender({ host: "mail.invalid", port: 25, secure: false, from: "cre@bellwether.example" });
	expect(await sender.send(MESSAGE)).toMatchObject({ status: "retry" });
});

test("a server that is not there: to be tried again", async () => {
	const server = createServer();
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	const { port } = server.address() as AddressInfo;
	server.close();
	await once(server, "close");
	expect(await senderTo(port).send(MESSAGE)).toEqual({
		status: "retry",
		detail: expect.stringContaining("ECONNREFUSED"),
	});
});

test("logs in with the password of that moment; a wrong one is refused and never repeated in the answer", async () => {
	const { mails, port } = await mailServer({
		authOptional: false,
		allowInsecureAuth: true,
		onAuth: ({ username, password }, _session, done) =>
			username === "cre" && password === "right" ? done(null, { user: "cre" }) : done(smtpError(535, "wrong")),
	});
	let password = "hunter2";
	const sender = senderTo(port, { user: "cre", password: () => password });
	const refused = await sender.send(MESSAGE);
	expect(refused).toMatchObject({ status: "refused", detail: expect.stringContaining("535") });
	expect(refused.detail).not.toContain("hunter2");
	password = "right";
	expect(await sender.send(MESSAGE)).toMatchObject({ status: "sent" });
	expect(mails).toHaveLength(1);
});

test("a password that cannot be read is named by its reference, and tried again later", async () => {
	const { mails, port } = await mailServer();
	const sender = senderTo(port, {
		user: "cre",
		password: () => {
			throw new Error(`the secret \${env:SMTP_PASSWORD} is missing: set that environment variable`);
		},
	});
	expect(await sender.send(MESSAGE)).toEqual({
		status: "retry",
		detail: `the secret \${env:SMTP_PASSWORD} is missing: set that environment variable`,
	});
	expect(mails).toEqual([]);
});

test("a sender's address that is none is refused at start", () => {
	expect(() => senderTo(25, { from: "Bellwether <cre@example.com>" })).toThrow("smtp.from:");
});
