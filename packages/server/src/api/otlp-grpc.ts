import type { IncomingMessage } from "node:http";
import type * as Grpc from "@grpc/grpc-js";
import type { IngestOutcome } from "#telemetry";
import { type OtlpItems, otlpReply } from "./otlp-reply.ts";
import { openIngest, SOURCE_HEADER, type TelemetryIngest, type TelemetryKind } from "./telemetry-routes.ts";

/** gRPC is an optional part: its library is loaded when a port for it is asked for, and may be missing. */
export type GrpcLibrary = typeof Grpc;

export interface OtlpGrpcServer {
	/** The bound one. */
	readonly port: number;
	/** Requests under way are answered. */
	stop(): Promise<void>;
}

interface Service {
	readonly name: string;
	readonly kind: TelemetryKind;
	readonly items: OtlpItems;
	/** Under which name requests are counted: the same as over HTTP. */
	readonly route: string;
}

const SERVICES: readonly Service[] = [
	{ name: "metrics.v1.MetricsService", kind: "otlp-protobuf", items: "DataPoints", route: "/v1/metrics" },
	{ name: "trace.v1.TraceService", kind: "otlp-traces", items: "Spans", route: "/v1/traces" },
	{ name: "logs.v1.LogsService", kind: "otlp-logs", items: "LogRecords", route: "/v1/logs" },
];

/** gRPC's own default for messages. The library collects a whole message before we see it, so this bounds memory. */
const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;
/** Calls whose message is still on its way: each may hold two messages of that size. */
const MAX_ARRIVING = 32;
const MAX_CALLS_PER_CONNECTION = 64;
const STATUS = {
	invalid: 3,
	deadline: 4,
	forbidden: 7,
	exhausted: 8,
	unavailable: 14,
	unauthenticated: 16,
} as const;
const HTTP_STATUS: Readonly<Record<number, number>> = { 3: 400, 4: 408, 7: 403, 8: 429, 14: 503, 16: 401 };

/**
 * OTLP/gRPC: the three export services, unary, gzip or plain, with tokens as over HTTP. What is too much now answers
 * RESOURCE_EXHAUSTED, what cannot be stored now UNAVAILABLE, both with RetryInfo, which tells the sender to try again.
 */
export async function startOtlpGrpc(
	grpc: GrpcLibrary,
	options: TelemetryIngest & { readonly host: string; readonly port: number },
): Promise<OtlpGrpcServer> {
	const limits: Limits = { arriving: 0, bytes: 0 };
	const server = new grpc.Server({
		"grpc.max_receive_message_length": Math.min(MAX_MESSAGE_BYTES, options.maxBodyBytes()),
		"grpc.max_concurrent_streams": MAX_CALLS_PER_CONNECTION,
		"grpc.max_connection_idle_ms": 10 * 60_000,
		interceptors: [admission(grpc, options, limits)],
	});
	for (const service of SERVICES) {
		const path = `/opentelemetry.proto.collector.${service.name}/Export`;
		const definition = {
			Export: {
				path,
				requestStream: false,
				responseStream: false,
				requestSerialize: (value: Buffer) => value,
				requestDeserialize: (value: Buffer) => value,
				responseSerialize: (value: Buffer) => value,
				responseDeserialize: (value: Buffer) => value,
			},
		};
		server.addService(definition, { Export: exporting(grpc, options, limits, service) });
	}
	const host = options.host.includes(":") ? `[${options.host}]` : options.host;
	const port = await new Promise<number>((resolve, reject) => {
		server.bindAsync(`${host}:${options.port}`, grpc.ServerCredentials.createInsecure(), (error, bound) =>
			error ? reject(error) : resolve(bound),
		);
	});
	return {
		port,
		stop: () =>
			new Promise((resolve) => {
				const cut = setTimeout(() => server.forceShutdown(), 3_000);
				server.tryShutdown(() => {
					clearTimeout(cut);
					resolve();
				});
			}),
	};
}

/** Metadata of a call that was let in: the name of its token. */
const TOKEN_KEY = "bellwether-token";

interface Limits {
	arriving: number;
	bytes: number;
}

/** Who may call and whether there is room, decided before a message is collected; and a message must come in time. */
function admission(grpc: GrpcLibrary, options: TelemetryIngest, limits: Limits): Grpc.ServerInterceptor {
	return (method, call) => {
		const route = SERVICES.find(({ name }) => method.path.includes(name))?.route ?? method.path;
		let isArriving = false;
		let timer: NodeJS.Timeout | undefined;
		const arrived = () => {
			clearTimeout(timer);
			if (isArriving) limits.arriving--;
			isArriving = false;
		};
		const refuse = (fault: Fault) => {
			arrived();
			call.sendStatus(statusOf(grpc, fault));
		};
		return new grpc.ServerInterceptingCall(call, {
			start(next) {
				next({
					onReceiveMetadata(metadata, proceed) {
						if (limits.arriving >= MAX_ARRIVING) {
							refuse({
								code: STATUS.exhausted,
								message: "Too many calls at once; send this one again later.",
								retryS: 1,
							});
							return;
						}
						limits.arriving++;
						isArriving = true;
						const message = `The message did not arrive within ${options.bodyTimeoutMs / 1000} s.`;
						timer = setTimeout(() => refuse({ code: STATUS.deadline, message }), options.bodyTimeoutMs);
						denial(options, metadata).then(
							(denied) => (denied ? refuse(denied) : proceed(metadata)),
							() =>
								refuse({ code: STATUS.unavailable, message: "The token could not be checked; send again.", retryS: 1 }),
						);
					},
					onReceiveMessage(message, proceed) {
						arrived();
						proceed(message);
					},
					onCancel: arrived,
				});
			},
			sendStatus(status, next) {
				arrived();
				options.observe(route, status.code === 0 || !status.code ? 200 : (HTTP_STATUS[status.code] ?? 500));
				next(status);
			},
		});
	};
}

/** The same rule as over HTTP, asked with the headers that it reads. */
async function denial(options: TelemetryIngest, metadata: Grpc.Metadata): Promise<Fault | undefined> {
	const header = (name: string) => metadata.get(name)[0]?.toString();
	const names = ["authorization", "origin", "host", "sec-fetch-site"];
	const headers = Object.fromEntries(names.map((name) => [name, header(name)]));
	// Only we say whose token it was.
	metadata.remove(TOKEN_KEY);
	const allowed = await options.mayWrite({ headers } as unknown as IncomingMessage);
	if (typeof allowed === "object") {
		metadata.set(TOKEN_KEY, encodeURIComponent(allowed.token));
		return undefined;
	}
	switch (allowed) {
		case "yes":
			return undefined;
		case "unauthenticated":
			return {
				code: STATUS.unauthenticated,
				message: "Send a token with the role ingest as metadata authorization: Bearer ….",
			};
		case "forbidden":
			return {
				code: STATUS.forbidden,
				message: "This sender may not write telemetry; send a token with the role ingest.",
			};
	}
}

function exporting(
	grpc: GrpcLibrary,
	options: TelemetryIngest,
	limits: Limits,
	{ kind, items }: Service,
): Grpc.handleUnaryCall<Buffer, Buffer> {
	return (call, callback) => {
		const fail = (fault: Fault) => callback({ ...statusOf(grpc, fault), name: "", message: fault.message });
		// A copy in memory of its own, which can move to the telemetry thread; the library's may be part of a pool.
		const body = new Uint8Array(call.request);
		if (limits.bytes + body.length > options.maxBytesInMemory) {
			const message = "The memory for requests is full; send this one again later.";
			fail({ code: STATUS.exhausted, message, retryS: 1 });
			return;
		}
		const { length } = body;
		const header = (name: string) => call.metadata.get(name)[0]?.toString();
		const token = header(TOKEN_KEY);
		const entry = openIngest(options, {
			kind: "otlp",
			header: header(SOURCE_HEADER),
			token: token === undefined ? undefined : decodeURIComponent(token),
			bytes: length,
		});
		if (entry.status !== "open") {
			fail({ code: STATUS.exhausted, message: entry.message, retryS: entry.retryAfterS ?? 1 });
			return;
		}
		limits.bytes += length;
		entry
			.ingest(kind, "identity", body)
			.then((outcome) => {
				const fault = faultOf(outcome);
				if (fault) fail(fault);
				else callback(null, otlpReply(outcome, "application/x-protobuf", items).body);
			})
			.catch(() =>
				fail({ code: STATUS.unavailable, message: "The server could not take the request; send it again.", retryS: 1 }),
			)
			.finally(() => {
				limits.bytes -= length;
			});
	};
}

interface Fault {
	readonly code: number;
	readonly message: string;
	/** Given: the sender may try again after so long. */
	readonly retryS?: number;
}

interface RefusedStatus {
	readonly code: number;
	readonly details: string;
	readonly metadata?: Grpc.Metadata;
}

function faultOf(outcome: IngestOutcome): Fault | undefined {
	switch (outcome.status) {
		case "accepted":
			return undefined;
		case "unavailable":
			return { code: STATUS.unavailable, message: outcome.message, retryS: outcome.retryAfterS };
		case "over-quota":
			return { code: STATUS.exhausted, message: outcome.message, retryS: outcome.retryAfterS };
		// Without RetryInfo: a sender must not try the same again.
		case "too-large":
			return { code: STATUS.exhausted, message: outcome.message };
		default:
			return { code: STATUS.invalid, message: outcome.message };
	}
}

function statusOf(grpc: GrpcLibrary, { code, message, retryS }: Fault): RefusedStatus {
	if (retryS === undefined) return { code, details: message };
	const metadata = new grpc.Metadata();
	metadata.set("grpc-status-details-bin", retryDetails(code, message, retryS));
	return { code, details: message, metadata };
}

/** A google.rpc.Status with one google.rpc.RetryInfo. */
export function retryDetails(code: number, message: string, retryS: number): Buffer {
	const seconds = Math.max(1, Math.min(127, Math.ceil(retryS)));
	const retryInfo = field(1, Buffer.from([0x08, seconds]));
	const any = Buffer.concat([field(1, Buffer.from("type.googleapis.com/google.rpc.RetryInfo")), field(2, retryInfo)]);
	return Buffer.concat([Buffer.from([0x08, code]), field(2, Buffer.from(message)), field(3, any)]);
}

function field(number: number, bytes: Buffer): Buffer {
	const length: number[] = [];
	let rest = bytes.length;
	for (; rest >= 0x80; rest >>>= 7) length.push((rest & 0x7f) | 0x80);
	return Buffer.concat([Buffer.from([(number << 3) | 2, ...length, rest]), bytes]);
}
