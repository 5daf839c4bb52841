import type { FastifyRequest } from "fastify";
import { z } from "zod";

/**
 * Connectors name a content type with every request, also where there is no body. A route that needs none takes such a
 * request as one without a content type; all others say what is missing.
 */
export function forgiveEmptyBody(request: FastifyRequest): void {
	const { "content-length": length, "transfer-encoding": chunked, "content-type": type } = request.headers;
	const isEmpty = chunked === undefined && (length === undefined || length === "0");
	if (!isEmpty || type === undefined || !needsNoBody(request)) return;
	delete request.headers["content-type"];
}

function needsNoBody({ method, routeOptions }: FastifyRequest): boolean {
	if (method === "DELETE") return true;
	const body = (routeOptions.schema as { readonly body?: unknown } | undefined)?.body;
	return body instanceof z.ZodType && body.safeParse(undefined).success;
}
