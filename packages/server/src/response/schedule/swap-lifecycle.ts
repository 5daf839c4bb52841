import { DAY_MS, HOUR_MS } from "@bellwether/model";

export type SwapState = "open" | "taken" | "past-due" | "cancelled";

/** Somebody asks to be relieved for a stretch of their duty. */
export interface Swap {
	readonly state: SwapState;
	/** Who asks to be relieved. */
	readonly person: string;
	readonly from: number;
	readonly to: number;
	readonly takenBy: string | undefined;
}

export type SwapEvent =
	| { readonly type: "take"; readonly by: string }
	| { readonly type: "cancel" }
	| { readonly type: "tick" };

/** What follows: `cover`: somebody else is on call; `remind`: people are asked again; `wake`: look again then. */
export type SwapEffect =
	| { readonly type: "cover"; readonly person: string }
	| { readonly type: "uncover" }
	| { readonly type: "remind" }
	| { readonly type: "wake"; readonly at: number };

export type SwapStep =
	| { readonly status: "changed" | "unchanged"; readonly next: Swap; readonly effects: readonly SwapEffect[] }
	| { readonly status: "refused"; readonly message: string; readonly remedy: string };

/** Before the stretch begins, people are asked again at these distances. */
export const REMIND_BEFORE_MS: readonly number[] = [28, 21, 14, 7, 3, 2, 1]
	.map((days) => days * DAY_MS)
	.concat(12 * HOUR_MS);

/** One step of a swap: pure; whoever calls it carries the effects out in the same transaction. */
export function stepSwap(swap: Swap, event: SwapEvent, now: number): SwapStep {
	switch (event.type) {
		case "take":
			return take(swap, event.by, now);
		case "cancel":
			if (swap.state === "cancelled") return { status: "unchanged", next: swap, effects: [] };
			if (now >= swap.to) return refused("The swap is over.", "There is nothing left to cancel.");
			return {
				status: "changed",
				next: { ...swap, state: "cancelled" },
				effects: swap.state === "taken" ? [{ type: "uncover" }] : [],
			};
		case "tick":
			if (swap.state !== "open") return { status: "unchanged", next: swap, effects: [] };
			if (now >= swap.from) return { status: "changed", next: { ...swap, state: "past-due" }, effects: [] };
			return {
				status: "unchanged",
				next: swap,
				effects: isReminderDue(swap, now) ? [{ type: "remind" }, wakeFor(swap, now)] : [wakeFor(swap, now)],
			};
	}
}

/** When to look at an open swap next: at its next reminder, else at its beginning. */
export function wakeFor(swap: Swap, now: number): { readonly type: "wake"; readonly at: number } {
	const reminders = REMIND_BEFORE_MS.map((before) => swap.from - before).filter((at) => at > now);
	return { type: "wake", at: Math.min(swap.from, ...reminders) };
}

/** A timer that comes early, because the wall clock was set back, reminds nobody. */
function isReminderDue(swap: Swap, now: number): boolean {
	return REMIND_BEFORE_MS.some((before) => {
		const at = swap.from - before;
		return at <= now && now < at + HOUR_MS;
	});
}

function take(swap: Swap, by: string, now: number): SwapStep {
	if (swap.state === "taken" && swap.takenBy === by) return { status: "unchanged", next: swap, effects: [] };
	if (swap.state === "taken") return refused(`${swap.takenBy} has taken it.`, "Ask them, or make an override.");
	if (swap.state === "cancelled") return refused("The swap was cancelled.", "Ask for a new one.");
	if (by === swap.person) return refused("Nobody can relieve themselves.", "Cancel the swap instead.");
	if (now >= swap.to) return refused("The swap is over.", "Ask for a new one.");
	// Also after its beginning: late help is help.
	return {
		status: "changed",
		next: { ...swap, state: "taken", takenBy: by },
		effects: [{ type: "cover", person: by }],
	};
}

function refused(message: string, remedy: string): SwapStep {
	return { status: "refused", message, remedy };
}
