import { describe, expect, test } from "vitest";
import { eventsFormat, eventsReply, keyFault } from "./events-reply.ts";
import { otlpReply } from "./otlp-reply.ts";

const partly = { status: "accepted", points: 3, rejected: 2, message: "why" } as const;

test.each([
	["DataPoints", { rejectedDataPoints: "2", errorMessage: "why" }],
	["Spans", { rejectedSpans: "2", errorMessage: "why" }],
	["LogRecords", { rejectedLogRecords: "2", errorMessage: "why" }],
] as const)("OTLP's partial success names %s", (items, partialSuccess) => {
	const { status, body } = otlpReply(partly, "application/json", items);
	expect([status, JSON.parse(body.toString())]).toEqual([200, { partialSuccess }]);
});

describe("answers of the Events API", () => {
	test.each([
		["malformed", 400, "invalid_request"],
		["key-conflict", 409, "conflict"],
		["too-large", 413, "too_large"],
		["unsupported", 415, "unsupported_media_type"],
	] as const)("%s is %i and says that nothing was counted", (status, code, name) => {
		const reply = eventsReply({ status, message: "it is wrong" });
		expect(reply.status).toBe(code);
		expect(JSON.parse(reply.body.toString()).error).toMatchObject({
			code: name,
			message: "Nothing was counted: it is wrong.",
		});
	});

	test("when there is no room, a sender is told when to come back", () => {
		const reply = eventsReply({ status: "unavailable", message: "full", retryAfterS: 59.5 });
		expect([reply.status, reply.headers["retry-after"]]).toEqual([503, "60"]);
	});

	test("media types say the form", () => {
		expect(eventsFormat("application/json; charset=utf-8")).toBe("json");
		expect(eventsFormat("Application/X-NDJSON")).toBe("ndjson");
		expect(eventsFormat("text/csv")).toBeUndefined();
		expect(eventsFormat(undefined)).toBeUndefined();
	});

	test("keys have 1 to 200 characters", () => {
		expect(keyFault(undefined)).toBeUndefined();
		expect(keyFault("k".repeat(200))).toBeUndefined();
		for (const [key, says] of [
			["k".repeat(201), "201 characters"],
			["", "0 characters"],
		] as const) {
			const reply = keyFault(key);
			const error = JSON.parse(reply?.body.toString() ?? "{}").error;
			expect([reply?.status, error.code]).toEqual([400, "invalid_request"]);
			expect(error.details).toEqual([
				{ place: "headers.idempotency-key", message: error.message, remedy: error.remedy },
			]);
			expect(error.message).toContain(says);
		}
	});

	test("a body that cannot be read is named as the place", () => {
		const reply = eventsReply({ status: "malformed", message: "it is wrong" });
		expect(JSON.parse(reply.body.toString()).error.details).toMatchObject([{ place: "body" }]);
	});
});
