import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type LookupFunction } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { addressFault } from "./address-guard.ts";
import { createEgress, type EgressOptions } from "./egress.ts";

/** A listener on this machine. Whoever gets through the guard is seen here, whatever the guard itself says. */
async function canary(answer: (request: IncomingMessage) => { status: number; headers?: Record<string, string> }) {
	let connections = 0;
	const seen: { method: string | undefined; url: string | undefined; headers: IncomingMessage["headers"] }[] = [];
	const server = createServer((request, response) => {
		seen.push({ method: request.method, url: request.url, headers: request.headers });
		const { status, headers } = answer(request);
		response.writeHead(status, headers).end("x".repeat(100_000));
	});
	server.on("connection", () => connections++);
	// Without a host it listens on both families, so that ::1 and [::] would arrive as well.
	server.listen(0);
	await once(server, "listening");
	onTestFinished(() => {
		server.closeAllConnections();
		server.close();
	});
	return { port: (server.address() as AddressInfo).port, seen, connections: () => connections };
}

const answering = (...addresses: string[]): LookupFunction => {
	return (_name, _options, done) =>
		done(
			null,
			addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
		);
};

/** Spellings of forbidden targets; PORT stands for the canary's. Every name resolves to this machine. */
const FORBIDDEN: readonly string[] = [
	// The plain addresses of what lies inside.
	"http://0.0.0.0:PORT/",
	"http://127.0.0.1:PORT/",
	"http://127.255.255.254:PORT/",
	"http://10.0.0.1:PORT/",
	"http://100.64.0.1:PORT/",
	"http://169.254.1.1:PORT/",
	"http://169.254.169.254:PORT/latest/meta-data/",
	"http://169.254.170.2:PORT/",
	"http://172.31.255.254:PORT/",
	"http://192.0.0.192:PORT/",
	"http://192.88.99.1:PORT/",
	"http://192.168.255.254:PORT/",
	"http://198.19.255.254:PORT/",
	"http://203.0.113.1:PORT/",
	"http://239.255.255.255:PORT/",
	"http://255.255.255.255:PORT/",
	"http://100.100.100.200:PORT/",
	"http://168.63.129.16:PORT/",
	// The same in other writing.
	"http://0x7f000001:PORT/",
	"http://0177.0.0.1:PORT/",
	"http://2130706433:PORT/",
	"http://2852039166:PORT/",
	"http://127.1:PORT/",
	"http://0:PORT/",
	"http://169.254.43518:PORT/",
	"http://①②⑦.⓪.⓪.①:PORT/",
	"http://１２７.0.0.1:PORT/",
	"http://127.0.0.1.:PORT/",
	"http://127%2e0.0.1:PORT/",
	// IPv6, plain and carrying IPv4.
	"http://[::]:PORT/",
	"http://[::1]:PORT/",
	"http://[0:0:0:0:0:0:0:1]:PORT/",
	"http://[::127.0.0.1]:PORT/",
	"http://[::ffff:127.0.0.1]:PORT/",
	"http://[::ffff:7f00:1]:PORT/",
	"http://[::ffff:169.254.169.254]:PORT/",
	"http://[::ffff:10.0.0.1]:PORT/",
	"http://[64:ff9b::127.0.0.1]:PORT/",
	"http://[64:ff9b:1::a9fe:a9fe]:PORT/",
	"http://[2002:a9fe:a9fe::]:PORT/",
	"http://[2001:0:7f00:1::]:PORT/",
	"http://[fc00::1]:PORT/",
	"http://[fd00:ec2::254]:PORT/",
	"http://[febf::1]:PORT/",
	"http://[fec0::1]:PORT/",
	"http://[ff02::1]:PORT/",
	"http://[2001:db8::1]:PORT/",
	"http://[3fff::1]:PORT/",
	"http://[100::1]:PORT/",
	// Names of this machine.
	"http://localhost:PORT/",
	"http://LOCALHOST:PORT/",
	"http://localhost.:PORT/",
	// What parsers see differently.
	"http://public.test@127.0.0.1:PORT/",
	"http://127.0.0.1:PORT?@public.test/",
	"http://127.0.0.1:PORT#@public.test/",
	"http://user:p@[::1]:PORT/",
	"http:\\\\127.0.0.1:PORT\\",
	"http:///127.0.0.1:PORT/",
	"http:127.0.0.1:PORT/",
	"http://127.0.0.1%09:PORT/",
	"http://127.0.0.1:PORT:PORT/",
	"http://[::1%25lo]:PORT/",
	"\thttp://127.0.0.1:PORT/",
	"h\nttp://127.0.0.1:PORT/",
	// Other schemes.
	"file:///etc/passwd",
	"gopher://127.0.0.1:PORT/_",
	"javascript:alert(1)",
	"ldap://127.0.0.1:PORT/",
	"ftp://127.0.0.1:PORT/",
	"http+unix://%2Fvar%2Frun%2Fdocker.sock/",
	"blob:http://127.0.0.1:PORT/x",
	"//127.0.0.1:PORT/",
	"127.0.0.1:PORT",
	"",
];

test.each(FORBIDDEN)("%j is not connected to", async (spelling) => {
	const listener = await canary(() => ({ status: 200 }));
	const egress = createEgress({ allow: [], ports: [80, 443, listener.port], lookup: answering("127.0.0.1") });
	const result = await egress.post(spelling.replaceAll("PORT", String(listener.port)), {}, "body");
	expect(result.status).toBe("blocked");
	expect(listener.connections()).toBe(0);
});

test.each([
	{ answers: ["127.0.0.1"], name: "this machine" },
	{ answers: ["::1"], name: "this machine over IPv6" },
	{ answers: ["169.254.169.254"], name: "a metadata service" },
	{ answers: ["::ffff:127.0.0.1"], name: "IPv4 in IPv6 clothing" },
	{ answers: ["8.8.8.8", "127.0.0.1"], name: "a public address and then this machine" },
	{ answers: ["fd00::1", "8.8.8.8"], name: "a private address and then a public one" },
	{ answers: ["not-an-address"], name: "no address at all" },
])("a public name that resolves to $name is not connected to", async ({ answers }) => {
	const listener = await canary(() => ({ status: 200 }));
	const egress = createEgress({ allow: [], ports: [listener.port], lookup: answering(...answers) });
	const result = await egress.post(`http://hooks.public.test:${listener.port}/`, {}, "body");
	expect(result).toMatchObject({ status: "blocked" });
	expect(result).toHaveProperty("reason", expect.stringContaining("settings.egress.allow"));
	expect(listener.connections()).toBe(0);
});

test("a name is looked up once per request: the answer that was checked is the one that is used", async () => {
	const listener = await canary(() => ({ status: 200 }));
	let lookups = 0;
	const lookup: LookupFunction = (name, options, done) => {
		lookups++;
		answering("127.0.0.1")(name, options, done);
	};
	const host = `hooks.test:${listener.port}`;
	const egress = createEgress({ allow: [host], lookup });
	for (let n = 1; n <= 3; n++) {
		expect(await egress.post(`http://${host}/`, {}, "")).toMatchObject({ status: "answered" });
		expect(lookups).toBe(n);
	}
	// Nor is a connection kept, over which a later request could go without a check.
	expect(listener.connections()).toBe(3);
});

test.each([22, 25, 53, 143, 445, 3306, 6379, 9000, 11211])(
	"port %i of a public name is not connected to",
	async (port) => {
		const egress = createEgress({ allow: [], lookup: answering("8.8.8.8") });
		expect(await egress.post(`http://public.test:${port}/`, {}, "")).toEqual({
			status: "blocked",
			reason: `port ${port} is not allowed: if this receiver is yours, add "public.test:${port}" to settings.egress.allow`,
		});
	},
);

test.each([
	"172.15.255.255",
	"100.63.255.255",
	"8.8.8.8",
	"::ffff:8.8.8.8",
	"2606:4700:4700::1111",
	"2a00:1450:4001::1",
])("%s is public", (address) => {
	expect(addressFault(address, false)).toBeUndefined();
});

test.each([
	{ address: "127.0.0.1", isOpen: true },
	{ address: "::1", isOpen: true },
	{ address: "10.1.2.3", isOpen: true },
	{ address: "192.168.1.1", isOpen: true },
	{ address: "fd00::1", isOpen: true },
	{ address: "169.254.169.254", isOpen: false },
	{ address: "fe80::1", isOpen: false },
	{ address: "0.0.0.0", isOpen: false },
	{ address: "168.63.129.16", isOpen: false },
	{ address: "224.0.0.1", isOpen: false },
])("an allow entry opens $address: $isOpen", ({ address, isOpen }) => {
	expect(addressFault(address, true) === undefined).toBe(isOpen);
});

test("an allow entry admits its host and port, and no other", async () => {
	const listener = await canary(() => ({ status: 200 }));
	const other = await canary(() => ({ status: 200 }));
	const egress = createEgress({ allow: [`127.0.0.1:${listener.port}`] });
	const result = await egress.post(
		`http://127.0.0.1:${listener.port}/hook?x=1`,
		{ "content-type": "application/json" },
		"{}",
	);
	expect(result).toMatchObject({ status: "answered", statusCode: 200 });
	expect(listener.seen).toMatchObject([
		{ method: "POST", url: "/hook?x=1", headers: { "content-type": "application/json", "user-agent": "bellwether" } },
	]);
	expect(await egress.post(`http://127.0.0.1:${other.port}/`, {}, "")).toMatchObject({ status: "blocked" });
	expect(await egress.post(`http://localhost:${listener.port}/`, {}, "")).toMatchObject({ status: "blocked" });
	expect(other.connections()).toBe(0);
});

test.each(["127.0.0.1", "https://a:1", "a:1/path", "u@a:1", ":80", "a:99999", "a b:1", ""])(
	"the allow entry %j is refused at start",
	(entry) => {
		expect(() => createEgress({ allow: [entry] })).toThrow(
			`egress.allow: "${entry}" must be host:port, such as 127.0.0.1:9000`,
		);
	},
);

test.each([
	{ status: 301, location: (port: number) => `http://127.0.0.1:${port}/next` },
	{ status: 302, location: (port: number) => `http://[::1]:${port}/next` },
	{ status: 307, location: (port: number) => `//127.0.0.1:${port}/next` },
	{ status: 308, location: () => "file:///etc/passwd" },
])("a $status redirect is an answer, not a way on", async ({ status, location }) => {
	const listener = await canary(() => ({ status, headers: { location: location(listener.port) } }));
	const egress = createEgress({ allow: [`127.0.0.1:${listener.port}`] });
	expect(await egress.post(`http://127.0.0.1:${listener.port}/`, {}, "")).toMatchObject({
		status: "answered",
		statusCode: status,
	});
	expect(listener.seen).toHaveLength(1);
});

test("an answer is read up to 64 KiB", async () => {
	const listener = await canary(() => ({ status: 200 }));
	const egress = createEgress({ allow: [`127.0.0.1:${listener.port}`] });
	const result = await egress.post(`http://127.0.0.1:${listener.port}/`, {}, "");
	expect(result.status === "answered" && result.body.length).toBe(64 * 1024);
});

test.each([
	{ header: "7", ms: 7_000 },
	{ header: "0", ms: 0 },
	{ header: "Thu, 01 Jan 2026 00:00:30 GMT", ms: 30_000 },
	{ header: "Wed, 31 Dec 2025 23:59:00 GMT", ms: 0 },
	{ header: "soon", ms: undefined },
	{ header: "-5", ms: undefined },
	{ header: "1e9", ms: undefined },
])("Retry-After: $header means $ms ms", async ({ header, ms }) => {
	const listener = await canary(() => ({ status: 429, headers: { "retry-after": header } }));
	const clock = { now: () => Date.UTC(2026, 0, 1), monotonic: () => 0 };
	const egress = createEgress({ allow: [`127.0.0.1:${listener.port}`], clock });
	const result = await egress.post(`http://127.0.0.1:${listener.port}/`, {}, "");
	expect(result).toMatchObject({ status: "answered", retryAfterMs: ms });
});

test("proxies named in the environment are not used", async () => {
	const proxy = await canary(() => ({ status: 200 }));
	const listener = await canary(() => ({ status: 204 }));
	for (const name of ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "NODE_USE_ENV_PROXY"]) {
		const before = process.env[name];
		process.env[name] = name.startsWith("NODE") ? "1" : `http://127.0.0.1:${proxy.port}`;
		onTestFinished(() => {
			if (before === undefined) delete process.env[name];
			else process.env[name] = before;
		});
	}
	const egress = createEgress({ allow: [`127.0.0.1:${listener.port}`] });
	expect(await egress.post(`http://127.0.0.1:${listener.port}/`, {}, "")).toMatchObject({ statusCode: 204 });
	expect(proxy.connections()).toBe(0);
});

test.each<{ name: string; options: Partial<EgressOptions>; reason: string }>([
	{
		name: "a resolver that does not answer",
		options: { lookup: () => undefined, timeoutMs: 50 },
		reason: "no answer from nowhere.test:443 within 50 ms",
	},
	{
		name: "a name that does not exist",
		options: { lookup: (_name, _options, done) => done(Object.assign(new Error("x"), { code: "ENOTFOUND" }), "") },
		reason: "nowhere.test:443: ENOTFOUND",
	},
	{ name: "a name without addresses", options: { lookup: answering() }, reason: "nowhere.test has no address" },
])("$name means that nothing arrived", async ({ options, reason }) => {
	const egress = createEgress({ allow: [], ...options });
	expect(await egress.post("https://nowhere.test/secret?token=1", {}, "")).toEqual({
		status: "unreached",
		reason: expect.stringContaining(reason),
	});
});

test("a header that would smuggle another one is not sent", async () => {
	const listener = await canary(() => ({ status: 200 }));
	const egress = createEgress({ allow: [`127.0.0.1:${listener.port}`] });
	const result = await egress.post(`http://127.0.0.1:${listener.port}/`, { "x-a": "1\r\nx-b: 2" }, "");
	expect(result.status).toBe("unreached");
	expect(listener.seen).toEqual([]);
});

test("a receiver that speaks no TLS was not reached, and the reason holds nothing of the path", async () => {
	const server = createTcpServer((socket) => socket.on("error", () => undefined).end("hello\r\n"));
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	onTestFinished(() => void server.close());
	const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
	const result = await createEgress({ allow: [host] }).post(`https://${host}/secret-path`, {}, "");
	expect(result.status).toBe("unreached");
	expect(JSON.stringify(result)).not.toContain("secret-path");
});
