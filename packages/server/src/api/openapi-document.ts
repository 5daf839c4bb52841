import pino from "pino";
import type { ApiContext } from "./context.ts";
import { buildHttpServer } from "./http-server.ts";

/** The API as OpenAPI 3.1, from its routes alone: nothing is started, and no route can be called. */
export async function openApiDocument(version: string): Promise<object> {
	const nothing = {
		version,
		consoleDir: "/nowhere",
		clock: { now: () => 0, monotonic: () => 0 },
		ids: { next: () => "", secret: () => "" },
		baseUrl: () => "http://127.0.0.1",
		catalogue: () => ({ settings: {} }),
	} as unknown as ApiContext;
	const { api } = await buildHttpServer({
		context: nothing,
		host: "127.0.0.1",
		tokenDigest: undefined,
		logger: pino({ level: "silent" }) as never,
		telemetry: {} as never,
	});
	try {
		return api.swagger();
	} finally {
		await api.close();
	}
}
