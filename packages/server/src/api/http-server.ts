import { createServer, type Server, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import cookie from "@fastify/cookie";
import helmet from "@fastify/helmet";
import swagger from "@fastify/swagger";
import fastify, { type FastifyBaseLogger, type FastifyReply, LogController } from "fastify";
import { jsonSchemaTransform, serializerCompiler, type ZodTypeProvider } from "fastify-type-provider-zod";
import { type AuthenticateOptions, authenticator, bearerToken, principalOfToken } from "./authenticate.ts";
import type { Api, ApiContext } from "./context.ts";
import { forgiveEmptyBody } from "./empty-body.ts";
import { isLoopbackBind, ownHosts, ownOrigins } from "./own-host.ts";
import { registerPolicy } from "./policy.ts";
import { ApiProblem, problemBody, toProblem, unreadableProblem } from "./problem.ts";
import { registerRoutes } from "./routes/index.ts";
import { withTelemetryRoutes } from "./telemetry-openapi.ts";
import { type TelemetryIngest, telemetryHandler } from "./telemetry-routes.ts";
import { NO_PARAMETERS, requestValidator } from "./validation.ts";

export interface HttpServerOptions {
	readonly context: ApiContext;
	readonly host: string;
	readonly tokenDigest: string | undefined;
	readonly logger: FastifyBaseLogger;
	readonly telemetry: Omit<TelemetryIngest, "mayWrite">;
}

/** Senders keep connections for a minute and more; Node's 5 s would cut them just as they send. */
const KEEP_ALIVE_TIMEOUT_MS = 75_000;
const SESSION_COOKIE = "bellwether_session";

/** Everything that listens: the console's server with the API, and the handler that the OTLP port shares. Nothing listens yet. */
export async function buildHttpServer(
	options: HttpServerOptions,
): Promise<{ readonly api: Api; readonly otlp: Server; readonly mayWrite: TelemetryIngest["mayWrite"] }> {
	const { context } = options;
	const publicUrl = () => context.catalogue().settings.publicUrl;
	const isOwnHost = ownHosts({ host: options.host, publicUrl });
	const isOwnOrigin = ownOrigins(publicUrl);
	const isSecure = () => context.baseUrl().startsWith("https:");
	const cookieName = () => (isSecure() ? `__Host-${SESSION_COOKIE}` : SESSION_COOKIE);
	const authentication = {
		store: context.store,
		now: () => context.clock.now(),
		tokenDigest: options.tokenDigest,
		cookieName,
	};
	const isIngestOpen = isLoopbackBind(options.host) && options.tokenDigest === undefined;
	const mayWrite = ingestGate({ isIngestOpen, isOwnHost, isOwnOrigin, authentication });
	const receive = telemetryHandler({
		...options.telemetry,
		mayWrite,
	});

	const api = fastify({
		loggerInstance: options.logger,
		logController: new LogController({ disableRequestLogging: true }),
		genReqId: () => context.ids.next("req"),
		bodyLimit: 1_048_576,
		// Addresses that the router cannot read never come to a route.
		frameworkErrors: (error, request, reply) => {
			sendProblem(toProblem(error), request.id, reply as unknown as FastifyReply);
		},
		clientErrorHandler(error, socket) {
			answerUnreadable(error, socket, context.ids.next("req"));
		},
		return503OnClosing: true,
		forceCloseConnections: "idle",
		routerOptions: { maxParamLength: 200, ignoreTrailingSlash: false },
		serverFactory: (handler) =>
			tuned(
				createServer((request, response) => {
					if (!receive(request, response)) handler(request, response);
				}),
			),
	}).withTypeProvider<ZodTypeProvider>() as unknown as Api;
	api.setValidatorCompiler(requestValidator as never);
	api.setSerializerCompiler(serializerCompiler);
	answerProblems(api);
	api.addHook("onRequest", async (request, reply) => {
		reply.header("x-request-id", request.id);
		// What a tenant's numbers are is nothing for caches between us and the reader.
		reply.header("cache-control", "no-store");
		forgiveEmptyBody(request);
	});
	await api.register(cookie);
	await api.register(helmet, securityHeaders(isSecure));
	// After cookies and headers: a refusal must carry the headers too.
	registerPolicy(api as never, {
		authenticate: authenticator(authentication),
		isOwnHost,
		isOwnOrigin,
		onDenied: (request, reason) =>
			request.log.warn(
				{
					reqId: request.id,
					method: request.method,
					route: request.routeOptions.url,
					who: request.caller?.principal.name,
					reason,
				},
				"denied",
			),
	});
	await api.register(swagger, openApi(context.version));
	registerForms(api);
	refuseUnreadParameters(api);
	registerRoutes(api, context, { isSecure, cookieName, tokenDigest: options.tokenDigest });
	await api.ready();
	const otlp = tuned(
		createServer((request, response) => {
			if (receive(request, response)) return;
			response
				.writeHead(404, { "content-type": "text/plain; charset=utf-8" })
				.end("This port takes telemetry: POST /v1/metrics, /v1/traces, /v1/logs, /api/v1/write or /api/v1/events.\n");
		}),
	);
	return { api, otlp, mayWrite };
}

/** What Node's parser could not read as a request never comes to the framework; its sender gets a problem all the same. */
function answerUnreadable(error: { readonly code?: string }, socket: Socket, requestId: string): void {
	if (error.code === "ECONNRESET" || !socket.writable) return void socket.destroy();
	const problem = unreadableProblem(error.code);
	const body = JSON.stringify(problemBody(problem, requestId));
	socket.end(
		`HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
	);
}

function tuned(server: Server): Server {
	server.keepAliveTimeout = KEEP_ALIVE_TIMEOUT_MS;
	server.headersTimeout = 20_000;
	server.requestTimeout = 60_000;
	server.maxHeadersCount = 100;
	return server;
}

function answerProblems(api: Api): void {
	const known = new Map<string, Set<string>>();
	api.addHook("onRoute", (route) => {
		const methods = known.get(route.url) ?? new Set<string>();
		for (const method of [route.method].flat()) methods.add(method);
		known.set(route.url, methods);
	});
	api.setErrorHandler((thrown, request, reply) => {
		const problem = toProblem(thrown);
		if (problem.status >= 500)
			request.log.error({ err: thrown, reqId: request.id, route: request.routeOptions.url }, "request failed");
		return sendProblem(problem, request.id, reply);
	});
	api.setNotFoundHandler((request, reply) => {
		const path = request.url.split("?", 1)[0] ?? "";
		const methods = [...known].find(([url]) => isPathOf(url, path))?.[1];
		const problem = methods
			? new ApiProblem(
					405,
					"method_not_allowed",
					`${request.method} is not possible here.`,
					`Use ${[...methods].join(" or ")}.`,
					{ headers: { allow: [...methods].join(", ") } },
				)
			: new ApiProblem(404, "not_found", "There is nothing under this address.", "See /api for what there is.");
		return sendProblem(problem, request.id, reply);
	});
}

function sendProblem(problem: ApiProblem, requestId: string, reply: FastifyReply): FastifyReply {
	return reply
		.code(problem.status)
		.headers(problem.headers)
		.type("application/json; charset=utf-8")
		.serializer(JSON.stringify)
		.send(problemBody(problem, requestId));
}

/** Whether a path has the shape of a route such as `/api/v1/incidents/:id`; `::` is a colon of the address itself. */
function isPathOf(route: string, path: string): boolean {
	const wanted = route.split("/");
	const given = path.split("/");
	return (
		wanted.length === given.length &&
		wanted.every((part, at) => (/^:[^:]/.test(part) ? given[at] !== "" : part.replaceAll("::", ":") === given[at]))
	);
}

/** A filter that nobody reads would answer with everything: routes that declare no parameters take none. */
function refuseUnreadParameters(api: Api): void {
	api.addHook("onRoute", (route) => {
		if (route.url.startsWith("/api/v1/") && route.schema && !route.schema.querystring)
			route.schema.querystring = NO_PARAMETERS;
	});
}

/** Forms of the pages that work without JavaScript. */
function registerForms(api: Api): void {
	api.addContentTypeParser(
		"application/x-www-form-urlencoded",
		{ parseAs: "string", bodyLimit: 16_384 },
		(_request, body, done) => {
			done(null, Object.fromEntries(new URLSearchParams(body as string)));
		},
	);
}

function securityHeaders(isSecure: () => boolean) {
	return {
		enableCSPNonces: true,
		contentSecurityPolicy: {
			useDefaults: false,
			directives: {
				defaultSrc: ["'none'"],
				scriptSrc: ["'self'"],
				styleSrc: ["'self'"],
				imgSrc: ["'self'", "data:"],
				fontSrc: ["'self'"],
				connectSrc: ["'self'"],
				manifestSrc: ["'self'"],
				formAction: ["'self'"],
				baseUri: ["'none'"],
				frameAncestors: ["'none'"],
			},
		},
		xFrameOptions: { action: "deny" as const },
		// "no-referrer" would make browsers send "Origin: null" with our own forms.
		referrerPolicy: { policy: "same-origin" as const },
		strictTransportSecurity: isSecure() ? { maxAge: 31_536_000 } : (false as const),
	};
}

function openApi(version: string) {
	return {
		openapi: {
			openapi: "3.1.0",
			info: {
				title: "Bellwether",
				version,
				description:
					"Instants are milliseconds since the Unix epoch, UTC; ratios are 0 to 1. Errors carry what, where, why and a remedy.",
			},
			components: {
				securitySchemes: {
					token: { type: "http" as const, scheme: "bearer" },
					session: { type: "apiKey" as const, in: "cookie" as const, name: SESSION_COOKIE },
				},
			},
		},
		transform: jsonSchemaTransform,
		transformObject: (document: { readonly openapiObject?: object; readonly swaggerObject?: object }) =>
			withTelemetryRoutes(document.openapiObject ?? {}) as never,
	};
}

interface GateOptions {
	readonly isIngestOpen: boolean;
	readonly isOwnHost: (host: string) => boolean;
	readonly isOwnOrigin: (origin: string, askedHost: string) => boolean;
	readonly authentication: AuthenticateOptions;
}

/** Senders of telemetry: open on loopback, but never to a web page of another site that runs on this machine. */
function ingestGate(options: GateOptions): TelemetryIngest["mayWrite"] {
	return async (request) => {
		const { origin, authorization } = request.headers;
		const site = request.headers["sec-fetch-site"];
		const isBrowser = origin !== undefined || site !== undefined;
		if (isBrowser && !isOwnPage(origin, site, request.headers.host ?? "", options)) return "forbidden";
		const token = bearerToken(authorization);
		const principal = token === undefined ? undefined : await principalOfToken(options.authentication, token);
		// Whose token it is says whose telemetry it is; an administrator's says nothing of that.
		if (principal?.role === "ingest") return { token: principal.name };
		if (options.isIngestOpen) return "yes";
		if (!principal) return "unauthenticated";
		return principal.role === "admin" ? "yes" : "forbidden";
	};
}

function isOwnPage(
	origin: string | undefined,
	site: unknown,
	host: string,
	options: Pick<GateOptions, "isOwnHost" | "isOwnOrigin">,
): boolean {
	if (!options.isOwnHost(host)) return false;
	if (site !== undefined && site !== "same-origin" && site !== "none") return false;
	return origin === undefined || options.isOwnOrigin(origin, host);
}
