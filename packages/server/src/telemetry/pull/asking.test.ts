import { describe, expect, test } from "vitest";
import { ask, type PullFailure, type PullHttp, withoutSecrets } from "../index.ts";

const TOKEN = "tok-0123456789";

async function refusalOf(body: string, read: (body: string) => string | undefined): Promise<string> {
	const http: PullHttp = async () => ({
		status: "answered",
		statusCode: 400,
		headers: {},
		retryAfterMs: undefined,
		body: Buffer.from(body),
	});
	const request = {
		url: "https://engine.example/query",
		method: "POST",
		headers: {},
		maxBytes: 1,
		timeoutMs: 1,
		signal: new AbortController().signal,
	} as const;
	try {
		await ask(http, async () => ({ authorization: `Bearer ${TOKEN}` }), request, read);
	} catch (error) {
		return (error as PullFailure).message;
	}
	throw new Error("it answered");
}

describe("an engine's own words about a refused query", () => {
	test.each<[string, string, (body: string) => string | undefined]>([
		["as they are", `you sent Bearer ${TOKEN}`, (body) => body],
		["cut where the token stands", `${"x".repeat(290)}${TOKEN}`, (body) => body.slice(0, 298)],
		["hidden by JSON", `{"message":"\\u0074ok-0123456789 is wrong"}`, (body) => JSON.parse(body).message],
	])("never hold what it was sent as proof: %s", async (_, body, read) => {
		const message = await refusalOf(body, read);
		expect(message).toMatch(/^engine\.example answered 400: /);
		expect(message).not.toContain(TOKEN.slice(0, 6));
	});

	test("keep everything else", () => {
		const words = "the column 2026-11-23 of limit=100 is not known";
		expect(withoutSecrets(words, "https://e.example/?limit=100&day=2026-11-23", {})).toBe(words);
	});
});
