import { describeDuration } from "@bellwether/model";
import { type Incident, type RefusalReason, VERDICTS, type Verdict } from "./types.ts";

export type IncidentEvent =
	| { readonly type: "acknowledge"; readonly by: string }
	| { readonly type: "investigate"; readonly by: string }
	| { readonly type: "mitigate"; readonly by: string }
	| {
			readonly type: "resolve";
			readonly by: string;
			readonly verdict: string;
			readonly reason: string;
			/** Of which incident it is a duplicate; with that verdict alone. */
			readonly duplicateOf?: string | undefined;
	  }
	| { readonly type: "review"; readonly by: string; readonly finding: string }
	| { readonly type: "reopen"; readonly by: string; readonly reason: string; readonly coolDownMs: number }
	| { readonly type: "merge"; readonly by: string; readonly into: string }
	| { readonly type: "signal-cleared" }
	/** `coolDownMs` as for reopening; 0: only what is unresolved goes on. */
	| { readonly type: "signal-returned"; readonly coolDownMs: number };

export interface Fact {
	readonly type: string;
	readonly data: Readonly<Record<string, unknown>>;
}

/** Facts are published in order; the fields of `next` replace those of the incident. */
export type Transition =
	| { readonly status: "changed"; readonly next: Incident; readonly facts: readonly Fact[] }
	| { readonly status: "unchanged"; readonly by: string | undefined; readonly at: number | undefined }
	| { readonly status: "refused"; readonly reason: RefusalReason; readonly message: string; readonly remedy: string };

/**
 * The life of an incident, as a pure function.
 *
 *     detected ─► acknowledged ─► investigating ⇄ mitigated ─► resolved ─► reviewed
 *        ▲                              ▲                          │
 *        │ its signal returns           └── a person reopens ──────┤  within the cool-down
 *        └─────────────────────────────────────────────────────────┘
 *
 * A step may be left out: who investigates, mitigates or resolves has thereby acknowledged. When the signal of a
 * mitigated incident returns, the mitigation is undone. A resolved one goes on within the cool-down: whose signal returns
 * must page anew, as nobody is awake for it; who reopens it works on it. Reviewed and merged ones are over for good.
 */
export function transition(incident: Incident, event: IncidentEvent, now: number): Transition {
	switch (event.type) {
		case "signal-cleared":
			if (incident.signalClearedAt !== undefined) return { status: "unchanged", by: undefined, at: now };
			return changed({ ...incident, signalClearedAt: now }, { type: "incident.signal_cleared", data: {} });
		case "signal-returned":
			return signalReturned(incident, event.coolDownMs, now);
		case "review":
			return review(incident, event, now);
		case "reopen":
			return reopen(incident, event, now);
		case "merge":
			return merge(incident, event, now);
	}
	if (isResolved(incident)) {
		if (event.type === "acknowledge") {
			return { status: "unchanged", by: incident.acknowledgedBy, at: incident.acknowledgedAt };
		}
		return refused(
			"already-resolved",
			`${incident.id} is resolved; it cannot be changed to be ${PARTICIPLE[event.type]}.`,
			"Reopen it within its cool-down. Later, a new breach opens a new incident; to keep a thought, add a note.",
		);
	}
	switch (event.type) {
		case "acknowledge":
			if (incident.state !== "detected") {
				return { status: "unchanged", by: incident.acknowledgedBy, at: incident.acknowledgedAt };
			}
			return changed(...acknowledged(incident, event.by, now));
		case "investigate": {
			if (incident.state === "investigating") return { status: "unchanged", by: undefined, at: undefined };
			const [next, ...facts] = acknowledged(incident, event.by, now);
			return changed({ ...next, state: "investigating", mitigatedAt: undefined }, ...facts, {
				type: "incident.investigating",
				data: { mitigationUndone: incident.state === "mitigated" },
			});
		}
		case "mitigate": {
			if (incident.state === "mitigated") return { status: "unchanged", by: undefined, at: incident.mitigatedAt };
			const [next, ...facts] = acknowledged(incident, event.by, now);
			return changed({ ...next, state: "mitigated", mitigatedAt: now }, ...facts, {
				type: "incident.mitigated",
				data: {},
			});
		}
		case "resolve":
			return resolve(incident, event, now);
	}
}

const PARTICIPLE = {
	acknowledge: "acknowledged",
	investigate: "investigated",
	mitigate: "mitigated",
	resolve: "resolved again",
};

export function isResolved(incident: Pick<Incident, "state">): boolean {
	return incident.state === "resolved" || incident.state === "reviewed";
}

/** Nothing leads out of here: not its signal, and no person. */
export function isOver(incident: Pick<Incident, "state" | "mergedInto">): boolean {
	return incident.state === "reviewed" || incident.mergedInto !== undefined;
}

/**
 * Whether a claim made at `at` continues the incident. One that nobody has taken yet always goes on; another until the
 * cool-down has passed since it came to rest: since its resolution, or, unresolved, since its signal cleared.
 */
export function goesOn(
	incident: Pick<Incident, "state" | "mergedInto" | "duplicateOf" | "signalClearedAt" | "resolvedAt" | "evidence">,
	at: number,
	coolDownMs: number,
): boolean {
	// What is real never belongs to a test: it must page.
	if (isOver(incident) || incident.evidence.drill !== undefined) return false;
	if (incident.state === "detected") return true;
	// Without a cool-down nothing is taken up again, also not by a claim that was made before the resolution and told after.
	if (incident.state === "resolved" && (incident.duplicateOf !== undefined || coolDownMs <= 0)) return false;
	const restsSince = incident.state === "resolved" ? incident.resolvedAt : incident.signalClearedAt;
	return restsSince === undefined || at - restsSince <= coolDownMs;
}

export function isVerdict(text: string): text is Verdict {
	return (VERDICTS as readonly string[]).includes(text);
}

function changed(next: Incident, ...facts: Fact[]): Transition {
	return { status: "changed", next, facts };
}

function refused(reason: RefusalReason, message: string, remedy: string): Transition {
	return { status: "refused", reason, message, remedy };
}

/** The incident as someone took it, with the fact if that is news. */
function acknowledged(incident: Incident, by: string, now: number): [Incident, ...Fact[]] {
	if (incident.state !== "detected") return [{ ...incident, version: incident.version + 1 }];
	const next: Incident = {
		...incident,
		state: "acknowledged",
		acknowledgedAt: now,
		acknowledgedBy: by,
		version: incident.version + 1,
	};
	return [next, { type: "incident.acknowledged", data: { by } }];
}

function signalReturned(incident: Incident, coolDownMs: number, now: number): Transition {
	if (incident.state === "resolved") {
		if (!goesOn(incident, now, coolDownMs)) return UNCHANGED;
		// Whoever took it sleeps again: its page and its clock start anew, and the first ones stay what is measured.
		const { pagedAt = null, acknowledgedAt = null } = incident;
		return changed(
			{
				...unresolved(incident, now),
				state: "detected",
				pagedAt: undefined,
				acknowledgedAt: undefined,
				acknowledgedBy: undefined,
				signalClearedAt: undefined,
				firstResponse: incident.firstResponse ?? { pagedAt, acknowledgedAt },
			},
			{ type: "incident.reopened", data: { by: "signal", before: incident.verdict ?? null } },
		);
	}
	if (incident.signalClearedAt === undefined || isOver(incident)) return UNCHANGED;
	const fact: Fact = { type: "incident.signal_returned", data: { mitigationUndone: incident.state === "mitigated" } };
	if (incident.state !== "mitigated") return changed({ ...incident, signalClearedAt: undefined }, fact);
	return changed(
		{
			...incident,
			state: "investigating",
			signalClearedAt: undefined,
			mitigatedAt: undefined,
			version: incident.version + 1,
		},
		fact,
	);
}

const UNCHANGED: Transition = { status: "unchanged", by: undefined, at: undefined };

function unresolved(incident: Incident, now: number): Incident {
	return {
		...incident,
		mitigatedAt: undefined,
		resolvedAt: undefined,
		verdict: undefined,
		verdictReason: undefined,
		verdictBy: undefined,
		verdictAt: undefined,
		duplicateOf: undefined,
		reopenedAt: now,
		version: incident.version + 1,
	};
}

function reopen(incident: Incident, event: IncidentEvent & { type: "reopen" }, now: number): Transition {
	if (incident.mergedInto !== undefined) return refusedMerged(incident, incident.mergedInto);
	if (incident.state === "reviewed") {
		return refused("reviewed", `${incident.id} is reviewed; it stays closed.`, "A new breach opens a new incident.");
	}
	if (incident.state !== "resolved") return { status: "unchanged", by: undefined, at: incident.reopenedAt };
	const restMs = now - (incident.resolvedAt ?? now);
	if (restMs > event.coolDownMs) {
		return refused(
			"cool-down-over",
			`${incident.id} was resolved ${describeDuration(restMs)} ago, longer than its cool-down of ${describeDuration(event.coolDownMs)}.`,
			"Declare a new incident and link it to this one.",
		);
	}
	const reason = event.reason.trim();
	return changed(
		{ ...unresolved(incident, now), state: "investigating" },
		{ type: "incident.reopened", data: { by: "person", before: incident.verdict ?? null, reason } },
	);
}

function review(incident: Incident, event: IncidentEvent & { type: "review" }, now: number): Transition {
	if (incident.state === "reviewed") {
		return { status: "unchanged", by: incident.reviewedBy, at: incident.reviewedAt };
	}
	if (incident.state !== "resolved" || incident.verdict === undefined) {
		return refused(
			"not-resolved",
			`${incident.id} is ${incident.state}; only a resolved incident with a verdict is reviewed.`,
			"Resolve it with a verdict first.",
		);
	}
	const { by } = event;
	return changed(
		{ ...incident, state: "reviewed", reviewedAt: now, reviewedBy: by, version: incident.version + 1 },
		{ type: "incident.reviewed", data: { verdict: incident.verdict, finding: event.finding.trim() } },
	);
}

/** Its breaches and its signal are the other's from now on, so nothing of its own holds the resolution up. */
function merge(incident: Incident, event: IncidentEvent & { type: "merge" }, now: number): Transition {
	if (incident.mergedInto === event.into)
		return { status: "unchanged", by: incident.verdictBy, at: incident.verdictAt };
	if (incident.mergedInto !== undefined) return refusedMerged(incident, incident.mergedInto);
	if (incident.state === "reviewed") {
		return refused("reviewed", `${incident.id} is reviewed; it stays as it is.`, "Link the two incidents instead.");
	}
	const reason = `Merged into ${event.into}.`;
	const next: Incident = {
		...incident,
		state: "resolved",
		mergedInto: event.into,
		parentId: undefined,
		signalClearedAt: incident.signalClearedAt ?? now,
		resolvedAt: incident.resolvedAt ?? now,
		verdict: "duplicate",
		verdictReason: reason,
		verdictBy: event.by,
		verdictAt: now,
		version: incident.version + 1,
	};
	const facts: Fact[] =
		incident.state === "resolved"
			? [{ type: "incident.merged", data: { into: event.into, before: incident.verdict ?? null } }]
			: [{ type: "incident.resolved", data: { verdict: "duplicate", reason, mergedInto: event.into } }];
	return changed(next, ...facts);
}

function refusedMerged(incident: Incident, into: string): Transition {
	return refused("merged", `${incident.id} was merged into ${into}.`, `Work on ${into}.`);
}

function resolve(incident: Incident, event: IncidentEvent & { type: "resolve" }, now: number): Transition {
	const { verdict, by } = event;
	const reason = event.reason.trim();
	if (!isVerdict(verdict)) {
		return refused("verdict-unknown", `"${verdict}" is no verdict.`, `Use one of ${VERDICTS.join(", ")}.`);
	}
	if (reason === "" && (verdict === "noise" || verdict === "expected-change")) {
		return refused(
			"reason-missing",
			`The verdict ${verdict} of ${incident.id} has no reason.`,
			"Say in one line why; calibration learns from it.",
		);
	}
	// A detector claims a breach once. Resolving a real one that still burns would leave nobody looking at it.
	const isReal = verdict === "real-impact" || verdict === "real-no-impact";
	if (isReal && incident.state !== "mitigated" && incident.signalClearedAt === undefined) {
		return refused(
			"signal-open",
			`The signal of ${incident.id} has not cleared and nobody marked it mitigated.`,
			"Mark it mitigated first, or give the verdict noise, expected-change or duplicate.",
		);
	}
	const [next, ...facts] = acknowledged(incident, by, now);
	// Recovered without a hand: the SLI itself says when the impact ended.
	const mitigatedAt = incident.mitigatedAt ?? (isReal ? incident.signalClearedAt : undefined);
	return changed(
		{
			...next,
			state: "resolved",
			mitigatedAt,
			resolvedAt: now,
			verdict,
			verdictReason: reason === "" ? undefined : reason,
			verdictBy: by,
			verdictAt: now,
			duplicateOf: event.duplicateOf,
		},
		...facts,
		{
			type: "incident.resolved",
			data: { verdict, reason, ...(event.duplicateOf && { duplicateOf: event.duplicateOf }) },
		},
	);
}
