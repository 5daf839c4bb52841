import type { FastifyRequest } from "fastify";
import { resolveSecret } from "#platform";
import type { Api } from "./context.ts";
import { ApiProblem, badRequest } from "./problem.ts";
import { vendorValidator } from "./validation.ts";

/** Messages of senders outside, which prove themselves by a secret that the catalogue refers to. */

/** Who the message says it is from. */
export interface Sender {
	readonly kind: "feed" | "integration" | "channel";
	/** As the catalogue has it; undefined: it has none of that name. */
	readonly name: string | undefined;
}

/** Registers routes whose body is the bytes as they were sent, whatever type they are said to be: signatures are over them. */
export function registerSigned(api: Api, maxBodyBytes: number, routes: (inner: Api) => void): void {
	api.register(async (scoped) => {
		scoped.removeAllContentTypeParsers();
		scoped.addContentTypeParser("*", { parseAs: "buffer", bodyLimit: maxBodyBytes }, (_request, body, done) =>
			done(null, body),
		);
		// An address that a vendor calls may carry its own parameters, such as a hash of the body.
		scoped.setValidatorCompiler(vendorValidator as never);
		routes(scoped as unknown as Api);
	});
}

export function bytesOf(request: FastifyRequest): Buffer {
	return Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
}

export function jsonOf(body: Uint8Array): unknown {
	try {
		return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
	} catch {
		throw badRequest("body", "The body is not JSON in UTF-8.", "Send JSON.");
	}
}

/** By lower-case name. */
export function headersOf(request: FastifyRequest): Record<string, string | undefined> {
	return Object.fromEntries(
		Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(",") : value]),
	);
}

export function secretOf(request: FastifyRequest, sender: Sender, reference: string): string {
	try {
		return resolveSecret(reference);
	} catch (error) {
		throw uncheckable(request, sender, (error as Error).message);
	}
}

/** The sender is told to try again: what is wrong is on our side, and its message must not be lost. */
export function uncheckable(request: FastifyRequest, { kind, name }: Sender, reason: string): ApiProblem {
	request.log.error({ reqId: request.id, [kind]: name, reason }, `the secret of a ${kind} cannot be used`);
	return new ApiProblem(
		503,
		"unavailable",
		`The ${kind}'s messages cannot be checked now.`,
		"The operator's log says why; send the message again later.",
		{ headers: { "retry-after": "60" } },
	);
}

/** That there is no such sender and that its proof is wrong are answered alike; the log says which. */
export function refused(request: FastifyRequest, { kind, name }: Sender, reason: string, remedy?: string): ApiProblem {
	request.log.warn({ reqId: request.id, [kind]: name, reason }, `a message of a ${kind} was refused`);
	return new ApiProblem(
		401,
		"unauthenticated",
		`There is no such ${kind}, or the message does not prove that it comes from it.`,
		remedy ??
			`Check the ${kind}'s name, and that the sender signs with the secret that the catalogue refers to; the server's log says what was wrong.`,
	);
}
