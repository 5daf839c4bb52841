import { type Incident, type RefusalReason, VERDICTS, type Verdict } from "./types.ts";

export type IncidentEvent =
	| { readonly type: "acknowledge"; readonly by: string }
	| { readonly type: "investigate"; readonly by: string }
	| { readonly type: "mitigate"; readonly by: string }
	| { readonly type: "resolve"; readonly by: string; readonly verdict: string; readonly reason: string }
	| { readonly type: "signal-cleared" }
	| { readonly type: "signal-returned" };

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
 *
 * A step may be left out: who investigates, mitigates or resolves has thereby acknowledged. Nothing leaves `resolved`
 * backwards; a new breach opens a new incident. When the signal of a mitigated incident returns, the mitigation is undone.
 */
export function transition(incident: Incident, event: IncidentEvent, now: number): Transition {
	switch (event.type) {
		case "signal-cleared":
			if (incident.signalClearedAt !== undefined) return { status: "unchanged", by: undefined, at: now };
			return changed({ ...incident, signalClearedAt: now }, { type: "incident.signal_cleared", data: {} });
		case "signal-returned":
			return signalReturned(incident);
	}
	if (isResolved(incident)) {
		if (event.type === "acknowledge") {
			return { status: "unchanged", by: incident.acknowledgedBy, at: incident.acknowledgedAt };
		}
		return refused(
			"already-resolved",
			`${incident.id} is resolved; it cannot be changed to be ${PARTICIPLE[event.type]}.`,
			"A new breach opens a new incident. To keep a thought, add a note.",
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

function signalReturned(incident: Incident): Transition {
	if (incident.signalClearedAt === undefined || isResolved(incident)) {
		return { status: "unchanged", by: undefined, at: undefined };
	}
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
		},
		...facts,
		{ type: "incident.resolved", data: { verdict, reason } },
	);
}
