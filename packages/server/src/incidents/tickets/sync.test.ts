import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as sync from "./sync.ts";
import type { Ticket, TicketContent } from "./types.ts";

const NOW = 1_000_000_000;
const STATES = ["open", "acknowledged", "mitigated", "resolved"] as const;
type State = (typeof STATES)[number];

const ticket: Ticket = {
	id: "tkt_1",
	incidentId: "INC-1001",
	tenant: "woodgrove",
	integration: "jira",
	key: "bellwether-inc-1001-0badcafe",
	ref: { id: "10001", name: "CRE-1" },
	phase: "linked",
	sync: "pending",
	agreed: { title: "t", severity: "2.5", state: "open" },
	theirs: "open",
	noteSeq: 0,
	told: [],
	createdAt: NOW,
	createSentAt: undefined,
	syncedAt: undefined,
	failures: 0,
	failingSince: undefined,
	nextAt: NOW,
	lastError: undefined,
	version: 1,
};
const content = (state: State, severity: "1" | "2.5" = "2.5"): TicketContent => ({
	title: "t",
	text: "",
	link: "",
	severity,
	state,
	resolution: "",
	facts: {},
});
const step = (of: Ticket, state: State) => sync.nextStep(of, content(state), [], 15_000, NOW);
const change = (of: Ticket, state: State) => {
	const next = step(of, state);
	return next.do === "update" ? next.change : next.do;
};

describe("what is told next", () => {
	test.each<[string, Partial<Ticket>, State, unknown]>([
		["a state that is new", {}, "acknowledged", { state: "acknowledged" }],
		["nothing, when both agree", {}, "open", "nothing"],
		["nothing, when they were first", { theirs: "acknowledged" }, "acknowledged", "nothing"],
		["nothing, when they are ahead and we come after", { theirs: "resolved" }, "acknowledged", "nothing"],
		[
			"that it goes on, when it was mitigated here and resolved there",
			{ theirs: "resolved", agreed: { title: "t", severity: "2.5", state: "mitigated" } },
			"acknowledged",
			{ state: "acknowledged" },
		],
		["a new ticket", { phase: "absent", ref: undefined }, "open", "create"],
		["no new ticket for what is over", { phase: "absent", ref: undefined }, "resolved", "nothing"],
		["nothing to one that was deleted there", { phase: "gone" }, "resolved", "nothing"],
		["nothing yet, while a create is in doubt", { phase: "creating", createSentAt: NOW - 14_999 }, "open", "wait"],
		["a look-up, when the doubt can be settled", { phase: "creating", createSentAt: NOW - 15_000 }, "open", "create"],
	])("%s", (_name, more, state, expected) => {
		expect(change({ ...ticket, ...more }, state)).toEqual(expected);
	});

	test("a note before the change that closes", () => {
		const note = { seq: 7, text: "n.patel: done", marker: "", mayBeThere: false };
		expect(sync.nextStep(ticket, content("resolved"), [note], 0, NOW)).toEqual({ do: "note", note });
		expect(sync.nextStep({ ...ticket, noteSeq: 7 }, content("resolved"), [note], 0, NOW)).toMatchObject({
			do: "update",
		});
	});
});

test("whatever happens in whatever order, both sides come to agree, and a create in doubt is never sent before its time", () => {
	const act = fc.oneof(
		fc.record({ ours: fc.constantFrom(...STATES) }),
		fc.record({ answer: fc.constantFrom("done", "retry", "uncertain", "refused" as const) }),
		fc.record({ kill: fc.constant(true) }),
		fc.record({ passMs: fc.integer({ min: 0, max: 100_000 }) }),
	);
	fc.assert(
		fc.property(fc.array(act, { maxLength: 40 }), (acts) => {
			let now = NOW;
			let state: State = "open";
			let of: Ticket = { ...ticket, phase: "absent", ref: undefined, agreed: {}, theirs: undefined };
			/** What the system holds, and when it took a create whose outcome we do not know. */
			let there: State | undefined;
			/** A kill falls between the exchange and its record. */
			let dies = false;
			let inDoubtSince: number | undefined;
			const carry = (answer: "done" | "retry" | "uncertain" | "refused") => {
				const next = sync.nextStep(of, content(state), [], 15_000, now);
				if (next.do === "wait") of = { ...of, nextAt: next.until };
				else if (next.do === "nothing") of = sync.settled(of, next.drop, state);
				else if (next.do === "create") {
					if (inDoubtSince !== undefined) expect(now - inDoubtSince).toBeGreaterThanOrEqual(15_000);
					if (there !== undefined) {
						const ref = { id: "1", name: "1", state: there };
						of = sync.adopted(of, content(state), { status: "done", proof: "", refs: [ref] }, now);
						inDoubtSince = undefined;
						return;
					}
					of = sync.createSent(of, now);
					if (answer === "done" || answer === "uncertain") there = "open";
					inDoubtSince = answer === "uncertain" ? now : undefined;
					const result =
						answer === "done"
							? ({ status: "done", proof: "", ref: { id: "1", name: "1" } } as const)
							: ({ status: answer, detail: "no" } as const);
					of = sync.created(of, content(state), result, now, sync.SYNC_POLICY);
				} else if (next.do === "update") {
					if (answer === "done" || answer === "uncertain") there = next.change.state ?? there;
					if (dies) {
						dies = false;
						of = sync.recovered(of, next.change.state !== undefined, now);
						return;
					}
					const result =
						answer === "done" ? ({ status: "done", proof: "" } as const) : ({ status: answer, detail: "no" } as const);
					of = sync.updated(of, next.change, result, now, sync.SYNC_POLICY);
				}
			};
			for (const each of acts) {
				if ("ours" in each) {
					state = each.ours;
					of = sync.stirred(of, now);
				} else if ("answer" in each) {
					if (of.sync === "pending" && of.nextAt <= now) carry(each.answer);
				} else if ("kill" in each) dies = true;
				else now += each.passMs;
			}
			dies = false;
			of = sync.retried(of, now);
			for (let k = 0; k < 10 && of.sync === "pending"; k++) {
				now = Math.max(now, of.nextAt);
				carry("done");
			}
			expect(of.sync).toBe("synced");
			if (of.phase === "linked") expect(there).toBe(state);
			else expect([of.phase, state, there]).toEqual(["dropped", "resolved", undefined]);
		}),
		{ numRuns: 5_000, seed: 1 },
	);
});

test("waits grow, Retry-After counts up to its cap, and a day without success ends it", () => {
	const policy = sync.SYNC_POLICY;
	let of = ticket;
	const waits: number[] = [];
	for (let k = 0; k < 6; k++) {
		of = sync.failed(of, { status: "retry", detail: "HTTP 503" }, NOW, policy);
		waits.push(of.nextAt - NOW);
	}
	expect(waits).toEqual([2_000, 10_000, 30_000, 60_000, 300_000, 300_000]);
	const asked = sync.failed(ticket, { status: "retry", detail: "HTTP 429", retryAfterMs: 86_400_000 }, NOW, policy);
	expect(asked.nextAt - NOW).toBe(300_000);
	const late = sync.failed({ ...of, failingSince: NOW - 86_400_000 }, { status: "retry", detail: "x" }, NOW, policy);
	expect(late).toMatchObject({ sync: "failed", lastError: "given up after 7 attempts: x" });
});

test("an echo is used up, and is none after ten minutes", () => {
	const told = { ...ticket, told: [{ state: "resolved" as const, at: NOW }] };
	const first = sync.echoOf(told, "resolved", NOW + 1_000);
	expect(first.isEcho).toBe(true);
	expect(sync.echoOf(first.ticket, "resolved", NOW + 1_000).isEcho).toBe(false);
	expect(sync.echoOf(told, "resolved", NOW + sync.ECHO_WITHIN_MS + 1).isEcho).toBe(false);
	expect(sync.echoOf(told, "acknowledged", NOW).isEcho).toBe(false);
});
