import type { FastifyRequest } from "fastify";
import { badRequest } from "./problem.ts";

/** The version that the caller saw, from `If-Match: "7"`; undefined without the header: whatever it is now. */
export function expectedVersion(request: FastifyRequest): number | undefined {
	const header = request.headers["if-match"];
	if (header === undefined || header === "*") return undefined;
	const version = /^"(\d{1,15})"$/.exec(header)?.[1];
	if (version === undefined) {
		throw badRequest(
			"headers.if-match",
			"If-Match is not a version in quotes.",
			'Send the ETag of what you read, such as If-Match: "7".',
		);
	}
	return Number(version);
}
