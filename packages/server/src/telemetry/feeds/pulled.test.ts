import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Feed, FeedKind } from "#catalogue";
import { at, azureEvent, exampleFeed, m365Issue, statusSummaryBody } from "../../../testing/feed-messages.ts";
import { newsDigest, type PulledMessages, parsePulled } from "./index.ts";

const ASKED_AT = at(3);

function asked(feed: Partial<Feed>, bodies: readonly unknown[], more: Partial<PulledMessages> = {}) {
	const messages = bodies.map((body) => ({ headers: {}, body, receivedAt: ASKED_AT }));
	const urls = ["https://a.example/issues"];
	const pull = {
		urls,
		everyMs: 1,
		auth: { kind: "none" as const },
		timeoutMs: 1,
		maxResponseBytes: 1,
		subscriptions: [],
	};
	return parsePulled(exampleFeed({ pull, ...feed }), { messages, isWhole: true, askedAt: ASKED_AT, ...more });
}
const M365 = { kind: "m365-health" } as const;

function parsedOf(...given: Parameters<typeof asked>) {
	const parsed = asked(...given);
	if (parsed.status !== "parsed") throw new Error(parsed.message);
	return parsed;
}

describe("an answer", () => {
	test("of several pages is one message", () => {
		const pages = ["A", "B"].map((service) => ({ value: [{ service, status: "serviceOperational" }] }));
		expect(parsedOf(M365, pages).facts.map(({ externalId }) => externalId)).toEqual(["service:A", "service:B"]);
	});

	test.each<[string, Partial<Feed>, unknown, string | undefined]>([
		["a summary of a status page", {}, statusSummaryBody(), ""],
		["a list of components alone", {}, { components: [{ name: "a", status: "operational" }] }, "component:"],
		["alerts", { kind: "alertmanager" }, [], "alert:"],
		["events of Azure", { kind: "azure-service-health" }, { data: [azureEvent()] }, "event:"],
		["issues of Microsoft 365", M365, { value: [] }, "issue:"],
		["changes", { kind: "json", gives: "changes" }, [], undefined],
	])("that is whole names all that is open: %s", (_, feed, body, prefix) => {
		const parsed = parsedOf(feed, [body]);
		expect(parsed.gives === "platform-health" ? parsed.complete : undefined).toEqual(
			prefix === undefined ? undefined : { prefix, at: ASKED_AT },
		);
	});

	test("that is not whole, or has a part that cannot be read, ends nothing", () => {
		expect(parsedOf({ kind: "alertmanager" }, [[]], { isWhole: false })).toMatchObject({ complete: undefined });
		expect(parsedOf({ kind: "alertmanager" }, [[{}]])).toMatchObject({ complete: undefined, faults: [{ place: "0" }] });
	});

	test("with months of what has ended tells what is open and what ended lately", () => {
		const ended = Array.from({ length: 1_500 }, (_, k) =>
			m365Issue("serviceRestored", {
				id: `OLD${k}`,
				isResolved: true,
				startDateTime: "2026-08-31T00:00:00Z",
				endDateTime: "2026-09-01T00:00:00Z",
			}),
		);
		const open = m365Issue("investigating", { id: "NEW" });
		const service = { service: "Exchange", status: "serviceDegradation", issues: [...ended, open] };
		expect(parsedOf(M365, [{ value: [service] }]).facts.map(({ externalId }) => externalId)).toEqual([
			"service:Exchange",
			"issue:NEW",
		]);
	});

	test("of more than can be held at once is none", () => {
		const list = Array.from({ length: 600 }, (_, k) => ({ id: `${k}`, startedAt: ASKED_AT }));
		expect(asked({ kind: "json", gives: "changes" }, [list, list])).toMatchObject({
			status: "malformed",
			message: "The answer tells more than 1000 facts at once.",
		});
	});

	test.each<FeedKind>([
		"alertmanager",
		"status-json",
		"m365-health",
		"azure-service-health",
		"github",
		"azure-devops",
		"json",
	])("of any form is read without an exception: %s", (kind) => {
		const key = fc.constantFrom(
			...["value", "data", "components", "incidents", "issues", "labels", "properties", "id", "status", "startsAt"],
			...["releaseEnvironment", "release", "buildNumber", "fingerprint", "Impact", "workflow_run", "deployment"],
		);
		const { node } = fc.letrec<{ node: unknown }>((tie) => ({
			node: fc.oneof(
				{ maxDepth: 5 },
				fc.jsonValue({ maxDepth: 1 }),
				fc.array(tie("node"), { maxLength: 3 }),
				fc.dictionary(key, tie("node"), { maxKeys: 5 }),
			),
		}));
		fc.assert(
			fc.property(fc.array(node, { maxLength: 3 }), (bodies) => {
				const parsed = asked(
					{ kind, gives: /git|azure-d|json$/.test(kind) && kind !== "status-json" ? "changes" : "platform-health" },
					bodies,
				);
				if (parsed.status === "parsed") newsDigest(parsed);
			}),
			{ seed: 11, numRuns: 400 },
		);
	});
});

describe("what is news", () => {
	const overview = (status: string) => [{ value: [{ service: "Exchange", status }] }];
	const digest = (status: string, askedAt: number) => {
		const parsed = asked(M365, overview(status), { askedAt });
		return parsed.status === "parsed" ? newsDigest(parsed) : "";
	};
	test("is another state, not another time of asking", () => {
		expect(digest("serviceOperational", at(4))).toBe(digest("serviceOperational", at(3)));
		expect(digest("serviceInterruption", at(3))).not.toBe(digest("serviceOperational", at(3)));
	});
});
