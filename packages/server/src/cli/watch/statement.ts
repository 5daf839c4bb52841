import { Webhook } from "standardwebhooks";
import { z } from "zod";
import type { Statement } from "./judgement.ts";

const Body = z.object({
	type: z.literal("watchdog.heartbeat"),
	timestamp: z.iso.datetime(),
	data: z.object({ everyMs: z.number().optional(), audit: z.object({ seq: z.number(), hash: z.string() }).optional() }),
});

export type Reading = Statement | { readonly fault: string };

/**
 * What a heartbeat says. With a key its signature must be right; how old it may be is judged elsewhere, by the clock of
 * the statement itself.
 */
export function readStatement(
	text: string,
	headers: Readonly<Record<string, string | undefined>>,
	key: string | undefined,
): Reading {
	let parsed: unknown;
	try {
		parsed = JSON.parse(text);
	} catch {
		return { fault: "what came is no JSON" };
	}
	const body = Body.safeParse(parsed);
	if (!body.success) return { fault: "what came is no heartbeat of a Bellwether server" };
	const at = Date.parse(body.data.timestamp);
	if (key !== undefined && !isSigned(text, headers, key, at)) return { fault: "its signature is missing or wrong" };
	return { at, ...body.data.data };
}

/** The library refuses statements that are older than five minutes; here a clock that is wrong is a reason of its own. */
function isSigned(
	text: string,
	headers: Readonly<Record<string, string | undefined>>,
	key: string,
	at: number,
): boolean {
	const id = headers["webhook-id"];
	const sent = headers["webhook-signature"]?.split(" ") ?? [];
	if (id === undefined) return false;
	const keys = key.trim().split(/\s+/);
	return keys.some((each) => sent.includes(new Webhook(each).sign(id, new Date(at), text)));
}
