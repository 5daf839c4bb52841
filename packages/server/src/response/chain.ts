import type { SeverityKey } from "@bellwether/model";
import type {
	ContactRuleName,
	EscalationAct,
	EscalationPolicy,
	EscalationStep,
	EscalationTarget,
	OnCallRoleName,
	Person,
	Schedule,
	Team,
} from "#catalogue";
import { asleepUntil, isWithin, timeWords } from "./local-time.ts";

/** What a chain runs on from its start to its end: later edits of the catalogue do not change who is woken, and when. */
export interface ChainSnapshot {
	readonly policy: EscalationPolicy;
	readonly schedules: readonly Schedule[];
	/** With their contacts and rules. */
	readonly people: readonly Person[];
	readonly teams?: readonly Team[] | undefined;
	/** Whom to page when neither the steps nor the lead reach anybody, in this order. */
	readonly lastResort?: readonly EscalationTarget[] | undefined;
}

/** Where a chain stands between two moves. `baseAt`: the start of its round, which moves along with steps of the wall clock. */
export interface ChainState {
	readonly baseAt: number;
	/** What the next move is: the step `next` is taken, or the page of step `reached` is sent again. */
	readonly action: "escalate" | "repeat";
	readonly next: number;
	/** Step whose page went out last; −1: none has. */
	readonly reached: number;
	/** How often the chain began anew. */
	readonly round: number;
}

/** What a move must know of the world besides the snapshot. */
export interface ChainWorld {
	readonly now: number;
	readonly severity: SeverityKey;
	/** Who has this role of a schedule now: names, empty for nobody. */
	readonly onCall: (schedule: string, role: OnCallRoleName) => readonly string[];
	/** A person of the snapshot, else of the catalogue that is active now. */
	readonly person: (name: string) => Person | undefined;
	/** How often the step was taken by any chain of the policy. */
	readonly turn: (step: number) => number;
	/** Incidents that this policy paged for within this time, this one counted. */
	readonly incidentsWithin: (withinMs: number) => number;
	readonly hasChannel: (name: string) => boolean;
}

/** Whom a target means at an instant: people, or a channel. */
export type Reached =
	| { readonly kind: "people"; readonly people: readonly Person[] }
	| { readonly kind: "channel"; readonly channel: string; readonly address: string };

export type ChainEffect =
	| {
			readonly type: "page";
			readonly step: number;
			readonly reached: Reached;
			readonly rule: ContactRuleName;
			readonly isRepeat: boolean;
			/** The step takes turns: the next chain's turn is another one's. */
			readonly takesTurn: boolean;
	  }
	| { readonly type: "declare"; readonly severity: SeverityKey }
	| { readonly type: "resolve"; readonly verdict: string }
	| { readonly type: "fact"; readonly name: string; readonly data: Readonly<Record<string, unknown>> };

/** `exhausted`: nobody can be reached. Else the chain waits for its next move, due at `dueAt`. */
export type ChainOutcome =
	| { readonly status: "exhausted"; readonly effects: readonly ChainEffect[] }
	| {
			readonly status: "waiting";
			readonly effects: readonly ChainEffect[];
			readonly state: ChainState;
			readonly dueAt: number;
	  };

export const START_OF_CHAIN = { action: "escalate", next: 0, reached: -1, round: 0 } as const;
/** The step of a page that went out because no step reached anybody. */
const BEYOND = -1;

/**
 * One move of a chain, as a pure function: pages, acts and facts in order, and what comes next.
 *
 * Every step that is due is taken, in order. A step that reaches nobody says why and gives way to the next at once; past
 * the last one the nearest earlier step that reaches somebody is taken again, then the lead is paged, then the last
 * resort. Only when nobody at all can be reached is the chain exhausted. A step whose condition does not hold is left
 * out; if nobody was paged before, the next one is taken at once. Who may sleep is paged in the morning. `isOwed`:
 * whatever the next step's time, somebody is to be paged by this move.
 */
export function moveChain(snapshot: ChainSnapshot, state: ChainState, world: ChainWorld, isOwed = false): ChainOutcome {
	const move = new Move(snapshot, state, world);
	return state.action === "repeat" ? move.repeat() : move.escalate(state.next, isOwed);
}

class Move {
	readonly #snapshot: ChainSnapshot;
	readonly #world: ChainWorld;
	readonly #effects: ChainEffect[] = [];
	#state: ChainState;

	constructor(snapshot: ChainSnapshot, state: ChainState, world: ChainWorld) {
		this.#snapshot = snapshot;
		this.#state = state;
		this.#world = world;
	}

	get #steps(): readonly EscalationStep[] {
		return this.#snapshot.policy.steps;
	}

	repeat(): ChainOutcome {
		const { reached } = this.#state;
		const wakesAt = this.#page(reached, true);
		if (typeof wakesAt === "number") return this.#sleep(reached, wakesAt);
		if (wakesAt === "paged") return this.#wait();
		return this.escalate(this.#state.next, true);
	}

	/** `isOwed`: somebody should have been paged and was not, so the next step is not waited for. */
	escalate(from: number, isOwed = false): ChainOutcome {
		let owed = isOwed;
		let next = from;
		let hasBegunAnew = false;
		for (let first = !isOwed; next < this.#steps.length; first = false) {
			const step = this.#steps[next] as EscalationStep;
			if (!first && !owed && this.#state.baseAt + step.afterMs > this.#world.now) break;
			const left = leftOut(step, this.#world);
			if (left !== undefined) {
				this.#fact("escalation.step_left_out", { step: next + 1, reason: left });
				owed ||= this.#state.reached < 0;
			} else if (step.act?.kind === "repeat") {
				if (this.#state.round < step.act.max && !hasBegunAnew) {
					hasBegunAnew = true;
					const round = this.#state.round + 1;
					this.#state = { ...this.#state, round, baseAt: this.#world.now };
					this.#fact("escalation.began_anew", { round, max: step.act.max });
					next = 0;
					continue;
				}
			} else if (step.act) this.#act(step.act);
			else {
				const wakesAt = this.#page(next, false);
				if (typeof wakesAt === "number") return this.#sleep(next, wakesAt);
				owed = wakesAt !== "paged";
			}
			next++;
		}
		this.#state = { ...this.#state, next };
		// A step that reached nobody beside one that did owes nothing.
		const isSettled = !owed || this.#effects.some((effect) => effect.type === "page");
		return isSettled || this.#pageAnybody(from) ? this.#wait() : this.#exhausted();
	}

	#act(act: Exclude<EscalationAct, { kind: "repeat" }>): void {
		if (act.kind === "declare") this.#effects.push({ type: "declare", severity: act.severity });
		else this.#effects.push({ type: "resolve", verdict: act.verdict });
	}

	/** Past the last step: the nearest earlier one, the lead, the last resort. */
	#pageAnybody(before: number): boolean {
		for (let step = Math.min(before, this.#steps.length) - 1; step >= 0; step--) {
			const { notify } = this.#steps[step] as EscalationStep;
			if (!notify || leftOut(this.#steps[step] as EscalationStep, this.#world) !== undefined) continue;
			if (this.#page(step, this.#state.reached >= 0, true) === "paged") return true;
		}
		const { lead } = this.#snapshot.policy;
		for (const target of [...(lead ? [lead] : []), ...(this.#snapshot.lastResort ?? [])]) {
			const found = reach(this.#snapshot, target, this.#world, BEYOND);
			if (typeof found === "string") continue;
			this.#fact("escalation.fell_through", { to: nameOf(found) });
			this.#effects.push({
				type: "page",
				step: BEYOND,
				reached: found,
				rule: "important",
				isRepeat: this.#state.reached >= 0,
				takesTurn: false,
			});
			// What repeats is the last step: should it reach somebody again, that one is paged.
			this.#state = { ...this.#state, reached: Math.max(this.#state.reached, this.#steps.length - 1, 0) };
			return true;
		}
		return false;
	}

	/** Pages a step. A number: all of its people may sleep until then. `nobody`: it reaches none. */
	#page(index: number, isRepeat: boolean, isQuiet = false): "paged" | "nobody" | number {
		const step = this.#steps[index];
		const found = step?.notify ? reach(this.#snapshot, step.notify, this.#world, index) : "the step names nobody";
		if (typeof found === "string") {
			if (!isQuiet) this.#fact("escalation.step_unreachable", { step: index + 1, reason: found });
			return "nobody";
		}
		const awake = this.#awake(found);
		if (typeof awake === "number") return awake;
		if (!isRepeat) this.#fact("escalation.step_reached", { step: index + 1, ...reachedData(awake) });
		const rule = step?.rule ?? "default";
		const takesTurn = step?.notify !== undefined && "inTurn" in step.notify;
		this.#effects.push({ type: "page", step: index, reached: awake, rule, isRepeat, takesTurn });
		this.#state = { ...this.#state, reached: Math.max(index, this.#state.reached) };
		return "paged";
	}

	#awake(found: Reached): Reached | number {
		const { localNight } = this.#snapshot.policy;
		const { severity, now } = this.#world;
		if (!localNight?.severities.includes(severity) || found.kind === "channel") return found;
		const mornings = found.people.map((person) => asleepUntil(localNight, person.timeZone, now));
		const people = found.people.filter((_, k) => mornings[k] === undefined);
		if (people.length > 0) return { kind: "people", people };
		return Math.min(...mornings.map((at) => at ?? now));
	}

	/** The chain stands still until the first of its people has morning; then the same step is taken. */
	#sleep(index: number, wakesAt: number): ChainOutcome {
		this.#fact("escalation.waits_for_morning", { step: index + 1, untilAt: wakesAt });
		const baseAt = wakesAt - (this.#steps[index]?.afterMs ?? 0);
		const state: ChainState = { ...this.#state, action: "escalate", next: index, baseAt };
		return { status: "waiting", effects: this.#effects, state, dueAt: wakesAt };
	}

	#wait(): ChainOutcome {
		const { now } = this.#world;
		const { next, baseAt, reached } = this.#state;
		const following = this.#steps[next];
		const escalateAt = following ? baseAt + following.afterMs : Number.POSITIVE_INFINITY;
		const repeatAt = reached >= 0 ? now + this.#snapshot.policy.repeatEveryMs : Number.POSITIVE_INFINITY;
		const dueAt = Math.min(escalateAt, repeatAt);
		if (dueAt === Number.POSITIVE_INFINITY) return this.#exhausted();
		const action = escalateAt <= repeatAt ? "escalate" : "repeat";
		// Overdue steps come at once; repeats that a stopped process missed are not made up for.
		const state: ChainState = { ...this.#state, action };
		return { status: "waiting", effects: this.#effects, state, dueAt: Math.max(now, dueAt) };
	}

	#exhausted(): ChainOutcome {
		this.#fact("escalation.exhausted", {});
		return { status: "exhausted", effects: this.#effects };
	}

	#fact(name: string, data: Readonly<Record<string, unknown>>): void {
		this.#effects.push({ type: "fact", name, data });
	}
}

/**
 * Whom to page before the deadline passes: the people of the next step that has not been taken, and the lead (without
 * one, the people of the last step). Nobody twice.
 */
export function peopleToWarn(snapshot: ChainSnapshot, state: ChainState, world: ChainWorld): Person[] {
	const { steps, lead } = snapshot.policy;
	const targets = steps.map((step, index) => ({ target: step.notify, index }));
	const following = targets.slice(Math.max(0, state.next)).find(({ target }) => target !== undefined);
	const last = targets.findLast(({ target }) => target !== undefined);
	const asked = [following, lead ? { target: lead, index: BEYOND } : last];
	const people = asked.flatMap((each) => {
		const found = each?.target && reach(snapshot, each.target, world, each.index);
		return found && typeof found !== "string" && found.kind === "people" ? found.people : [];
	});
	return [...new Map(people.map((person) => [person.name, person])).values()];
}

/** Whom a target means now, or why nobody can be reached. */
export function reach(
	snapshot: ChainSnapshot,
	target: EscalationTarget,
	world: ChainWorld,
	step: number,
): Reached | string {
	if ("channel" in target) {
		if (!world.hasChannel(target.channel)) return `channel ${target.channel} does not exist`;
		return { kind: "channel", channel: target.channel, address: target.address };
	}
	if ("inTurn" in target) return inTurn(target.inTurn, world, step);
	const names = namesOf(snapshot, target, world);
	if (typeof names === "string") return names;
	const found = names.map((name) => reachable(name, world));
	const people = found.filter((each) => typeof each !== "string");
	if (people.length > 0) return { kind: "people", people };
	return found.join(", ") || "it names nobody";
}

function namesOf(
	snapshot: ChainSnapshot,
	target: Exclude<EscalationTarget, { channel: string } | { inTurn: readonly string[] }>,
	world: ChainWorld,
): readonly string[] | string {
	if ("person" in target) return [target.person];
	if ("persons" in target) return target.persons;
	if ("schedule" in target) return onCallNames(snapshot, target.schedule, target.role, world);
	const team = snapshot.teams?.find((each) => each.name === target.team);
	if (!team) return `team ${target.team} does not exist`;
	const onCall = team.schedule === undefined ? [] : onCallNames(snapshot, team.schedule, undefined, world);
	return typeof onCall !== "string" && onCall.length > 0 ? onCall : team.people;
}

/** Who has the role; where nobody has it, whoever is on call otherwise, but nobody who only learns. */
function onCallNames(
	snapshot: ChainSnapshot,
	name: string,
	role: OnCallRoleName | undefined,
	world: ChainWorld,
): readonly string[] | string {
	const schedule = snapshot.schedules.find((each) => each.name === name);
	if (!schedule) return `schedule ${name} does not exist`;
	const roles = [...new Set<OnCallRoleName>([role ?? "primary", "primary", "secondary"])];
	const names = roles.map((each) => world.onCall(name, each)).find((each) => each.length > 0);
	return names ?? (schedule.people.length === 0 ? `schedule ${name} has no people` : `nobody is on call in ${name}`);
}

/** Whose turn it is; who cannot be reached loses it to the next. */
function inTurn(names: readonly string[], world: ChainWorld, step: number): Reached | string {
	const from = world.turn(step);
	const reasons: string[] = [];
	for (let k = 0; k < names.length; k++) {
		const found = reachable(names[(from + k) % names.length] as string, world);
		if (typeof found !== "string") return { kind: "people", people: [found] };
		reasons.push(found);
	}
	return reasons.join(", ") || "it names nobody";
}

function reachable(name: string, world: ChainWorld): Person | string {
	const person = world.person(name);
	if (!person) return `person ${name} does not exist`;
	if (person.contacts.length === 0) return `${person.displayName} has no contacts`;
	return person;
}

/** Why a step's condition does not hold; undefined: it does. */
function leftOut(step: EscalationStep, world: ChainWorld): string | undefined {
	const { time, count } = step.when ?? {};
	if (time && !isWithin(time, world.now)) return `it is ${timeWords(time.timeZone, world.now)}`;
	if (count) {
		const seen = world.incidentsWithin(count.withinMs);
		if (seen < count.atLeast) return `${seen} of ${count.atLeast} incidents were opened`;
	}
	return undefined;
}

/** People or a channel in words: "M. Ito and K. Abara". */
export function nameOf(reached: Reached): string {
	if (reached.kind === "channel") return `channel ${reached.channel}`;
	const names = reached.people.map((person) => person.displayName);
	const last = names.pop();
	return names.length > 0 ? `${names.join(", ")} and ${last}` : String(last);
}

function reachedData(reached: Reached) {
	const name = reached.kind === "channel" ? reached.channel : (reached.people[0]?.name ?? "");
	return { person: name, personDisplayName: nameOf(reached) };
}
