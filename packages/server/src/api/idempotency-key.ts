import type { FastifyRequest } from "fastify";
import { badRequest } from "./problem.ts";

/** What names an act, so that the same request again is the same act; undefined without the header. */
export function idempotencyKey({ headers }: FastifyRequest): string | undefined {
	const header = headers["idempotency-key"];
	if (header === undefined) return undefined;
	if (typeof header === "string" && /^[\x21-\x7e]{1,200}$/.test(header)) return header;
	throw badRequest(
		"headers.idempotency-key",
		"Idempotency-Key is not 1 to 200 printable characters.",
		"Send a new key with each act, such as a UUID, and the same one when you repeat it.",
	);
}
