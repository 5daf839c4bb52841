import { createServer, request as httpRequest, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { IngestOutcome } from "#telemetry";
import { type TelemetryIngest, telemetryHandler } from "./telemetry-routes.ts";

const ACCEPTED: IngestOutcome = { status: "accepted", points: 3, rejected: 0, message: "" };
const PROTOBUF = { "content-type": "application/x-protobuf" };
const JSON_TYPE = { "content-type": "application/json" };
const SNAPPY = {
	"content-type": "application/x-protobuf",
	"content-encoding": "snappy",
	"x-prometheus-remote-write-version": "0.1.0",
};

let server: Server;
let port: number;
let outcome: IngestOutcome | Promise<IngestOutcome>;
let taken: { kind: string; encoding: string; bytes: number[] }[];

async function serve(options: Partial<TelemetryIngest> = {}): Promise<void> {
	const handle = telemetryHandler({
		ingest: async (kind, encoding, body) => {
			taken.push({ kind, encoding, bytes: [...body] });
			return outcome;
		},
		maxBodyBytes: () => 1000,
		bodyTimeoutMs: 5_000,
		maxBytesInMemory: 100_000,
		mayWrite: async () => "yes",
		takeMemory: (bytes) => new Uint8Array(bytes),
		giveMemory: () => {},
		observe: () => {},
		...options,
	});
	server = createServer((request, response) => {
		if (!handle(request, response)) response.writeHead(404).end();
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	port = (server.address() as AddressInfo).port;
}

interface Answer {
	readonly status: number;
	readonly headers: NodeJS.Dict<string | string[]>;
	readonly body: Buffer;
}

function send(
	path: string,
	headers: Record<string, string>,
	body: Uint8Array | string,
	method = "POST",
): Promise<Answer> {
	return new Promise((resolve, reject) => {
		const request = httpRequest({ host: "127.0.0.1", port, path, method, headers, agent: false }, (response) => {
			const chunks: Buffer[] = [];
			response.on("data", (chunk: Buffer) => chunks.push(chunk));
			response.on("end", () =>
				resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
			);
		});
		request.on("error", reject);
		request.end(body);
	});
}

beforeEach(() => {
	outcome = ACCEPTED;
	taken = [];
});
afterEach(() => {
	server.closeAllConnections();
	server.close();
});

describe("POST /v1/metrics", () => {
	it("hands the bytes over as they are and answers an empty response of the request's type", async () => {
		await serve();
		const protobuf = await send("/v1/metrics", PROTOBUF, Buffer.from([1, 2, 3]));
		expect([protobuf.status, protobuf.headers["content-type"], protobuf.body.length]).toEqual([
			200,
			"application/x-protobuf",
			0,
		]);
		const json = await send("/v1/metrics", { ...JSON_TYPE, "content-encoding": "gzip" }, "{}");
		expect([json.status, json.headers["content-type"], json.body.toString()]).toEqual([200, "application/json", "{}"]);
		expect(taken).toEqual([
			{ kind: "otlp-protobuf", encoding: "identity", bytes: [1, 2, 3] },
			{ kind: "otlp-json", encoding: "gzip", bytes: [...Buffer.from("{}")] },
		]);
	});

	it("says how many points were rejected and why, as partial success", async () => {
		await serve();
		outcome = { status: "accepted", points: 500, rejected: 300, message: "too old" };
		const json = await send("/v1/metrics", JSON_TYPE, "{}");
		expect(JSON.parse(json.body.toString())).toEqual({
			partialSuccess: { rejectedDataPoints: "300", errorMessage: "too old" },
		});
		const protobuf = await send("/v1/metrics", PROTOBUF, "x");
		// partial_success (field 1) with rejected_data_points 300 (0xac 0x02) and error_message.
		expect([...protobuf.body]).toEqual([0x0a, 12, 0x08, 0xac, 0x02, 0x12, 7, ...Buffer.from("too old")]);
	});

	const failures: [string, IngestOutcome, number, string | undefined][] = [
		["malformed", { status: "malformed", message: "no protobuf" }, 400, undefined],
		["too large when unpacked", { status: "too-large", message: "bomb" }, 413, undefined],
		["not understood", { status: "unsupported", message: "type" }, 415, undefined],
		["of tenants over their limits", { status: "over-quota", message: "too many", retryAfterS: 7 }, 429, "7"],
		["unavailable", { status: "unavailable", message: "disk", retryAfterS: 3 }, 503, "3"],
	];
	it.each(failures)(
		"answers a request that is %s with a Status of the request's type",
		async (_name, result, status, retryAfter) => {
			await serve();
			outcome = result;
			const json = await send("/v1/metrics", JSON_TYPE, "{}");
			expect([json.status, json.headers["retry-after"], json.headers["content-type"]]).toEqual([
				status,
				retryAfter,
				"application/json",
			]);
			expect(JSON.parse(json.body.toString()).message).toBe((result as { message: string }).message);
			const protobuf = await send("/v1/metrics", PROTOBUF, "x");
			expect([protobuf.status, protobuf.body[0], protobuf.body[2]]).toEqual([status, 0x08, 0x12]);
		},
	);

	const refusals: [string, Record<string, string>, string, number][] = [
		["another content type", { "content-type": "text/plain" }, "POST", 415],
		["no content type", {}, "POST", 415],
		["another encoding", { ...PROTOBUF, "content-encoding": "gzip, zstd" }, "POST", 415],
		["another method", PROTOBUF, "PUT", 405],
	];
	it.each(refusals)("refuses %s without taking anything", async (_name, headers, method, status) => {
		await serve();
		const answer = await send("/v1/metrics", headers, "x", method);
		expect([answer.status, taken.length]).toEqual([status, 0]);
	});

	it("refuses a body over the limit, announced or streamed, and closes the connection behind it", async () => {
		await serve();
		const announced = await send("/v1/metrics", { ...PROTOBUF, "content-length": "5000" }, Buffer.alloc(5000));
		const streamed = await send("/v1/metrics", { ...PROTOBUF, "transfer-encoding": "chunked" }, Buffer.alloc(5000));
		expect([announced.status, streamed.status, announced.headers.connection, taken.length]).toEqual([
			413,
			413,
			"close",
			0,
		]);
	});

	it("takes a body of just the limit that comes in chunks", async () => {
		await serve();
		const answer = await send("/v1/metrics", { ...PROTOBUF, "transfer-encoding": "chunked" }, Buffer.alloc(1000, 7));
		expect([answer.status, taken[0]?.bytes.length]).toEqual([200, 1000]);
	});

	it("cuts a body that does not come to its end", async () => {
		await serve({ bodyTimeoutMs: 50 });
		const text = await new Promise<string>((resolve) => {
			const socket = connect(port, "127.0.0.1", () =>
				socket.write(
					"POST /v1/metrics HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{",
				),
			);
			let received = "";
			socket.on("data", (chunk) => {
				received += chunk;
			});
			socket.on("close", () => resolve(received));
		});
		expect(text).toMatch(/^HTTP\/1.1 408 /);
		expect(taken).toEqual([]);
	});

	it("takes nothing of a body whose sender goes away", async () => {
		await serve();
		await new Promise<void>((resolve) => {
			const socket = connect(port, "127.0.0.1", () => {
				socket.write(
					"POST /v1/metrics HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{",
				);
				socket.end();
			});
			socket.on("close", () => resolve());
			socket.resume();
		});
		expect(taken).toEqual([]);
	});

	it("holds no memory for a request that broke off while its token was checked", async () => {
		const checks: { readonly isGone: Promise<void>; allow(): void }[] = [];
		let onCheck = () => {};
		await serve({
			// Whoever holds memory would hold it for the whole test.
			bodyTimeoutMs: 600_000,
			maxBytesInMemory: 10,
			mayWrite: (request) => {
				const isGone = new Promise<void>((resolve) => request.once("close", resolve));
				return new Promise((resolve) => {
					checks.push({ isGone, allow: () => resolve("yes") });
					onCheck();
				});
			},
		});
		const nextCheck = () => new Promise<void>((resolve) => (onCheck = resolve));
		const checked = nextCheck();
		const head =
			"POST /v1/metrics HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{";
		const broken = connect(port, "127.0.0.1", () => broken.write(head));
		await checked;
		broken.destroy();
		await checks[0]?.isGone;
		checks[0]?.allow();
		const second = nextCheck();
		const answer = send("/v1/metrics", JSON_TYPE, "1234567890");
		await second;
		checks[1]?.allow();
		expect((await answer).status).toBe(200);
	});

	it("answers 429 with Retry-After when the memory for bodies is full, and takes again afterwards", async () => {
		await serve({ maxBytesInMemory: 5 });
		let release: (value: IngestOutcome) => void = () => {};
		outcome = new Promise((resolve) => {
			release = resolve;
		});
		const underWay = [send("/v1/metrics", JSON_TYPE, "{}"), send("/v1/metrics", JSON_TYPE, "{}")];
		await expect.poll(() => taken.length).toBe(2);
		const third = await send("/v1/metrics", JSON_TYPE, "{}");
		expect([third.status, third.headers["retry-after"]]).toEqual([429, "1"]);
		release(ACCEPTED);
		expect((await Promise.all(underWay)).map((answer) => answer.status)).toEqual([200, 200]);
		expect((await send("/v1/metrics", JSON_TYPE, "{}")).status).toBe(200);
	});

	it("takes honest bodies while slow senders have announced more than there is room for", async () => {
		await serve({ maxBodyBytes: () => 1_000_000, maxBytesInMemory: 1_500_000, bodyTimeoutMs: 60_000 });
		const sockets = await Promise.all(
			Array.from({ length: 10 }, async () => {
				const socket = connect(port, "127.0.0.1");
				const head =
					"POST /v1/metrics HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n";
				await new Promise<void>((resolve) => socket.write(`${head}{`, () => resolve()));
				return socket;
			}),
		);
		const body = `{"a":"${"x".repeat(400_000)}"}`;
		expect((await send("/v1/metrics", JSON_TYPE, body)).status).toBe(200);
		expect(taken.map(({ bytes }) => bytes.length)).toEqual([body.length]);
		for (const socket of sockets) socket.destroy();
	});

	it("lets who is told that the body is too large write to its end: a closed connection would swallow the answer", async () => {
		await serve();
		const socket = connect(port, "127.0.0.1");
		const seen: string[] = [];
		const closed = new Promise<void>((resolve, reject) => {
			socket.on("end", resolve).on("error", reject);
		});
		const answered = new Promise<void>((resolve) => {
			socket.on("data", (chunk) => {
				seen.push(chunk.toString());
				if (seen.join("").includes("send smaller batches")) resolve();
			});
		});
		socket.write(
			"POST /v1/metrics HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 2000\r\n\r\n",
		);
		await answered;
		const first = await Promise.race([closed.then(() => "closed"), httpTurn().then(() => "open")]);
		expect(first).toBe("open");
		socket.write(" ".repeat(2000));
		await closed;
		expect(seen.join("")).toMatch(/^HTTP\/1\.1 413 [\s\S]*connection: close/i);
	});

	it("turns away who may not write before reading the body", async () => {
		await serve({ mayWrite: async () => "unauthenticated" });
		const answer = await send("/v1/metrics", JSON_TYPE, "{}");
		expect([
			answer.status,
			answer.headers["www-authenticate"],
			JSON.parse(answer.body.toString()).code,
			taken.length,
		]).toEqual([401, "Bearer", 16, 0]);
	});
});

/** A whole request of somebody else: what the server does by itself after an answer it has done by then. */
const httpTurn = () => send("/v1/metrics", JSON_TYPE, "{}");

describe("a sender with limits", () => {
	const asked: object[] = [];
	const settled: [number, string | undefined][] = [];
	const open: NonNullable<TelemetryIngest["gate"]> = {
		enter: (sender) => {
			asked.push(sender);
			return { status: "open", source: "edge", settle: (bytes, result) => settled.push([bytes, result?.status]) };
		},
	};
	const shut: NonNullable<TelemetryIngest["gate"]> = {
		enter: () => ({ status: "refused", message: "over its limit", retryAfterS: 9 }),
	};

	it("is known by its token, its header and what it announces, and charged with what came", async () => {
		const sources: (string | undefined)[] = [];
		await serve({
			gate: open,
			mayWrite: async () => ({ token: "shop" }),
			ingest: async (_kind, _encoding, _body, more) => {
				sources.push(more?.source);
				return ACCEPTED;
			},
		});
		expect((await send("/v1/metrics", { ...JSON_TYPE, "x-bellwether-source": "edge" }, "{}")).status).toBe(200);
		expect((await send("/api/v1/write", SNAPPY, "abc")).status).toBe(204);
		expect(asked).toEqual([
			{ kind: "otlp", header: "edge", token: "shop", bytes: 2 },
			{ kind: "remote-write", header: undefined, token: "shop", bytes: 3 },
		]);
		expect(settled).toEqual([
			[2, "accepted"],
			[3, "accepted"],
		]);
		expect(sources).toEqual(["edge", "edge"]);
	});

	it.each([
		["/v1/metrics", JSON_TYPE, 429],
		["/v1/traces", PROTOBUF, 429],
		["/api/v1/events", JSON_TYPE, 429],
		["/api/v1/write", SNAPPY, 503],
	] as const)("is refused on %s before its body is read", async (path, headers, status) => {
		await serve({ gate: shut, takeMemory: () => expect.unreachable("nothing of the body is taken") });
		const answer = await send(path, headers, "{}");
		expect([answer.status, answer.headers["retry-after"], taken.length]).toEqual([status, "9", 0]);
		expect(answer.body.toString()).toContain("over its limit");
	});
});

describe("POST /api/v1/write", () => {
	const cases: [string, IngestOutcome, number][] = [
		["taken", ACCEPTED, 204],
		["taken in part: never sent again", { status: "accepted", points: 3, rejected: 1, message: "too old" }, 400],
		["malformed", { status: "malformed", message: "no snappy" }, 400],
		["unavailable: sent again", { status: "unavailable", message: "disk", retryAfterS: 1 }, 503],
		["of tenants over their limits: sent again", { status: "over-quota", message: "too many", retryAfterS: 1 }, 503],
	];
	it.each(cases)("answers a request that is %s", async (_name, result, status) => {
		await serve();
		outcome = result;
		expect((await send("/api/v1/write", SNAPPY, "x")).status).toBe(status);
		expect(taken[0]).toMatchObject({ kind: "remote-write-1", encoding: "snappy" });
	});

	it("refuses other messages and encodings, and says what to send", async () => {
		await serve();
		const other = await send(
			"/api/v1/write",
			{ ...SNAPPY, "content-type": "application/x-protobuf;proto=io.prometheus.write.v3.Request" },
			"x",
		);
		const gzip = await send("/api/v1/write", { ...SNAPPY, "content-encoding": "gzip" }, "x");
		const twice = await send("/api/v1/write", { ...SNAPPY, "content-encoding": "snappy, snappy" }, "x");
		expect([other.status, gzip.status, twice.status, taken.length]).toEqual([415, 415, 415, 0]);
		expect(other.body.toString()).toContain("io.prometheus.write.v2.Request");
		expect(twice.body.toString()).toContain("once");
	});

	describe("with the message of version 2.0", () => {
		const VERSION_2 = {
			...SNAPPY,
			"content-type": "application/x-protobuf;proto=io.prometheus.write.v2.Request",
			"x-prometheus-remote-write-version": "2.0.0",
		};
		const written = ({ headers }: Answer) =>
			["samples", "histograms", "exemplars"].map((each) => headers[`x-prometheus-remote-write-${each}-written`]);

		it("reads it as such, however the header is written, and says how much of each kind was taken", async () => {
			await serve();
			outcome = { ...ACCEPTED, written: { samples: 7, histograms: 2, exemplars: 1 } };
			const type = 'Application/X-Protobuf ; proto="io.prometheus.write.v2.Request"';
			const answers = [
				await send("/api/v1/write", VERSION_2, "x"),
				await send("/api/v1/write", { ...VERSION_2, "content-type": type }, "x"),
			];
			for (const answer of answers) expect([answer.status, written(answer)]).toEqual([204, ["7", "2", "1"]]);
			expect(taken.map(({ kind }) => kind)).toEqual(["remote-write-2", "remote-write-2"]);
		});

		it("answers 400 when a part was rejected, with what was taken all the same", async () => {
			await serve();
			outcome = { ...ACCEPTED, rejected: 1, message: "one", written: { samples: 2, histograms: 0, exemplars: 0 } };
			const answer = await send("/api/v1/write", VERSION_2, "x");
			expect([answer.status, written(answer)]).toEqual([400, ["2", "0", "0"]]);
		});

		const nothing: [IngestOutcome, number][] = [
			[{ status: "malformed", message: "m" }, 400],
			[{ status: "too-large", message: "m" }, 413],
			[{ status: "unavailable", message: "m", retryAfterS: 2 }, 503],
		];
		it.each(nothing)("says that nothing was taken: %j", async (result, status) => {
			await serve();
			outcome = result;
			const answer = await send("/api/v1/write", VERSION_2, "x");
			expect([answer.status, written(answer)]).toEqual([status, ["0", "0", "0"]]);
		});

		it("says so as well to a body over the limit and to who may not write", async () => {
			await serve({ mayWrite: async () => "unauthenticated" });
			const denied = await send("/api/v1/write", VERSION_2, "x");
			expect([denied.status, written(denied)]).toEqual([401, ["0", "0", "0"]]);
		});
	});
});
