import type { z } from "zod";
import { StoreUnavailable } from "#platform";
import type { Problem } from "./schemas.ts";

export type ProblemCode =
	| "invalid_request"
	| "unauthenticated"
	| "forbidden"
	| "cross_site"
	| "unknown_host"
	| "not_found"
	| "method_not_allowed"
	| "conflict"
	| "version_conflict"
	| "too_large"
	| "unsupported_media_type"
	| "invalid_catalogue"
	| "rate_limited"
	| "unavailable"
	| "internal";

export interface ProblemDetail {
	readonly place: string;
	readonly message: string;
	readonly remedy: string;
}

/** An expected refusal of a request: what, where and why in `message`, what to do in `remedy`. */
export class ApiProblem extends Error {
	readonly status: number;
	readonly code: ProblemCode;
	readonly remedy: string;
	readonly details: readonly ProblemDetail[] | undefined;
	readonly headers: Readonly<Record<string, string>>;
	constructor(
		status: number,
		code: ProblemCode,
		message: string,
		remedy: string,
		more: { details?: readonly ProblemDetail[]; headers?: Readonly<Record<string, string>> } = {},
	) {
		super(message);
		this.status = status;
		this.code = code;
		this.remedy = remedy;
		this.details = more.details;
		this.headers = more.headers ?? {};
	}
}

/** A request that cannot be taken as it is. `place`: the part of the request and the field, such as `query.from`. */
export function badRequest(place: string, message: string, remedy: string): ApiProblem {
	return new ApiProblem(400, "invalid_request", message, remedy, { details: [{ place, message, remedy }] });
}

/** Foreign and nonexistent ids answer alike, so that nobody learns which ids exist. */
export function notFound(kind: string, id: string): ApiProblem {
	return new ApiProblem(
		404,
		"not_found",
		`There is no ${kind} "${printable(id)}" that you may see.`,
		"Check the id, or ask an administrator for access.",
	);
}

export function versionConflict(kind: string, id: string, sent: number, current: number): ApiProblem {
	return new ApiProblem(
		412,
		"version_conflict",
		`${kind} ${id} changed meanwhile: you sent version ${sent}, it is now at version ${current}.`,
		"Read it again and decide on what it says now.",
		{ headers: { etag: etagOf(current) } },
	);
}

export function etagOf(version: number): string {
	return `"${version}"`;
}

export function problemBody(problem: ApiProblem, requestId: string): z.infer<typeof Problem> {
	return {
		error: {
			code: problem.code,
			message: problem.message,
			remedy: problem.remedy,
			requestId,
			...(problem.details ? { details: [...problem.details] } : {}),
		},
	};
}

const STORE_RETRY_AFTER_S = 5;

interface FrameworkError {
	readonly statusCode?: number;
	readonly code?: string;
	readonly message?: string;
}

/** Whatever a route threw, as a problem. What we do not know stays inside: the answer names only the request id. */
export function toProblem(thrown: unknown): ApiProblem {
	if (thrown instanceof ApiProblem) return thrown;
	if (thrown instanceof StoreUnavailable)
		return new ApiProblem(
			503,
			"unavailable",
			`Nothing was changed, because it could not be stored: ${printable(thrown.message)}.`,
			"Send it again in a moment; if it stays, look at the disk of the data folder.",
			{ headers: { "retry-after": String(STORE_RETRY_AFTER_S) } },
		);
	const error = (thrown ?? {}) as FrameworkError;
	switch (error.code) {
		case "FST_ERR_BAD_URL":
			return badRequest("path", "The address is not readable.", "Encode it as UTF-8 percent escapes.");
		case "FST_ERR_MAX_PARAM_LENGTH":
			return new ApiProblem(
				414,
				"invalid_request",
				"A part of the address is too long.",
				"Check the id; none is that long.",
			);
		case "FST_ERR_CTP_BODY_TOO_LARGE":
			return new ApiProblem(
				413,
				"too_large",
				"The request's body is larger than this route takes.",
				"Send it in smaller parts.",
			);
		case "FST_ERR_CTP_INVALID_MEDIA_TYPE":
			return new ApiProblem(
				415,
				"unsupported_media_type",
				"The request's content type is not understood here.",
				"Send application/json.",
			);
		case "FST_ERR_CTP_EMPTY_JSON_BODY":
			return new ApiProblem(
				400,
				"invalid_request",
				"The content type says JSON, but the body is empty.",
				"Send a JSON object, or leave the content type out.",
				{ details: [{ place: "body", message: "is empty", remedy: "Send a JSON object." }] },
			);
		case "FST_ERR_CTP_INVALID_JSON_BODY":
			return new ApiProblem(
				400,
				"invalid_request",
				"The body is not JSON, though its content type says so.",
				"Send a JSON object: names and texts in double quotes, no comma after the last field.",
				{ details: [{ place: "body", message: "is not JSON", remedy: "Send a JSON object." }] },
			);
	}
	if (error.statusCode === 400)
		return new ApiProblem(
			400,
			"invalid_request",
			printable(error.message ?? "The request is malformed."),
			"Correct the request; see /openapi.json.",
		);
	return new ApiProblem(
		500,
		"internal",
		"The server failed to answer this request.",
		"Try again; if it stays, give the request id to the operator: its log names the cause.",
	);
}

/** Of bytes that are no HTTP request, by the code of Node's parser. */
export function unreadableProblem(code: string | undefined): ApiProblem {
	switch (code) {
		case "HPE_HEADER_OVERFLOW":
			return new ApiProblem(431, "too_large", "The request's headers are too large.", "Send fewer or shorter headers.");
		case "ERR_HTTP_REQUEST_TIMEOUT":
			return new ApiProblem(408, "invalid_request", "The request came too slowly.", "Send it again in one go.");
		default:
			return new ApiProblem(
				400,
				"invalid_request",
				"What was sent is not a readable HTTP/1.1 request.",
				"Check the client: its headers, and that content-length is the body's length.",
			);
	}
}

/** Short and without control characters: what came from outside must not forge lines of logs or answers. */
export function printable(text: string): string {
	// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed
	return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, "\ufffd").slice(0, 300);
}
