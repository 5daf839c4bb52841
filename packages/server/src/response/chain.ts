import type { EscalationPolicy, EscalationTarget, Person, Schedule } from "#catalogue";
import { onCallAt } from "./on-call.ts";

/** What a chain runs on from its start to its end: later edits of the catalogue do not change who is woken, and when. */
export interface ChainSnapshot {
	readonly policy: EscalationPolicy;
	readonly schedules: readonly Schedule[];
	readonly people: readonly Person[];
}

/** The chain's next act. `baseAt` is the start of the chain as timers see it: it moves along when the wall clock steps. */
export interface Move {
	readonly action: "escalate" | "repeat";
	/** Index of the step. */
	readonly step: number;
}

export type StepResult =
	| {
			readonly status: "page";
			readonly step: number;
			readonly person: Person;
			/** Steps that were to come first and reach nobody, with the reason. */
			readonly skipped: readonly { readonly step: number; readonly reason: string }[];
	  }
	| { readonly status: "exhausted"; readonly skipped: readonly { readonly step: number; readonly reason: string }[] };

/**
 * Whom a move pages. A step that reaches nobody gives way to the next at once; past the last one the nearest earlier
 * step that reaches somebody is taken again. Only when no step reaches anybody is the chain exhausted.
 */
export function resolveStep(snapshot: ChainSnapshot, move: Move, now: number): StepResult {
	const { steps } = snapshot.policy;
	const skipped: { step: number; reason: string }[] = [];
	const indexes = [...steps.keys()];
	const later = indexes.filter((step) => step >= move.step);
	const earlier = indexes.filter((step) => step < move.step).reverse();
	for (const step of [...later, ...earlier]) {
		const target = steps[step]?.notify;
		const found = target && personOf(snapshot, target, now);
		if (found && typeof found !== "string") return { status: "page", step, person: found, skipped };
		if (step >= move.step) skipped.push({ step, reason: found ?? "the step names nobody" });
	}
	return { status: "exhausted", skipped };
}

/** The person a target means at an instant, or why there is none who can be reached. */
export function personOf(snapshot: ChainSnapshot, target: EscalationTarget, at: number): Person | string {
	let name: string;
	if ("person" in target) name = target.person;
	else if (!("schedule" in target)) return "steps of this kind are not taken yet";
	else {
		const schedule = snapshot.schedules.find((each) => each.name === target.schedule);
		if (!schedule) return `schedule ${target.schedule} does not exist`;
		const onCall = onCallAt(schedule, at);
		if (!onCall) return `schedule ${target.schedule} has no people`;
		name = onCall.person;
	}
	const person = snapshot.people.find((each) => each.name === name);
	if (!person) return `person ${name} does not exist`;
	if (person.contacts.length === 0) return `${person.displayName} has no contacts`;
	return person;
}

/**
 * What comes after step `step` was paged at `now`: the next step when its time has come no later than the next repeat,
 * else the same step again. Overdue steps are due at once, one after the other; repeats that a stopped process missed
 * are not made up for, or a morning start would send a night's worth of pages.
 */
export function nextMove(
	policy: EscalationPolicy,
	baseAt: number,
	step: number,
	now: number,
): Move & { dueAt: number } {
	const repeatAt = now + policy.repeatEveryMs;
	const next = policy.steps[step + 1];
	const escalateAt = next ? baseAt + next.afterMs : Number.POSITIVE_INFINITY;
	if (escalateAt <= repeatAt) return { action: "escalate", step: step + 1, dueAt: Math.max(now, escalateAt) };
	return { action: "repeat", step, dueAt: repeatAt };
}
