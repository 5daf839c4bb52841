import type { EgressResult } from "./egress.ts";
import type { SendResult } from "./types.ts";

/** Statuses with which a receiver asks for the same again: time-out, too early, too many. */
const TRY_AGAIN: ReadonlySet<number> = new Set([408, 425, 429]);

/**
 * What an exchange over HTTP means for a message. `judgeBody` looks at the text of a 2xx answer, for receivers that say
 * in it whether they took the message; undefined from it: as the status says. No text of an answer gets into a detail.
 */
export function sendResultOf(
	result: EgressResult,
	judgeBody?: (body: string, statusCode: number) => SendResult | undefined,
): SendResult {
	switch (result.status) {
		case "blocked":
			return { status: "refused", detail: result.reason };
		case "unreached":
			return { status: "retry", detail: result.reason };
		case "unanswered":
			return { status: "uncertain", detail: result.reason };
		case "answered":
			return judgeStatus(result, judgeBody);
	}
}

function judgeStatus(
	{ statusCode, retryAfterMs, body }: EgressResult & { readonly status: "answered" },
	judgeBody: ((body: string, statusCode: number) => SendResult | undefined) | undefined,
): SendResult {
	const detail = `HTTP ${statusCode}`;
	if (statusCode >= 200 && statusCode < 300) return judgeBody?.(body, statusCode) ?? { status: "sent", detail };
	if (statusCode >= 500 || TRY_AGAIN.has(statusCode)) return { status: "retry", detail, retryAfterMs };
	if (statusCode >= 300 && statusCode < 400) {
		return { status: "refused", detail: `${detail}: redirects are not followed, give the final address` };
	}
	return { status: "refused", detail };
}
