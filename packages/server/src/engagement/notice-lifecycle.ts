import type { NoticeState } from "./types.ts";

export type NoticeEvent = "edit" | "approve" | "discard" | "start-sending" | "arrived" | "doubtful" | "refused";

/**
 * The life of a notice, as a pure function; undefined: not allowed in this state.
 *
 *     draft ─► approved ─► sending ─► sent | uncertain
 *       └───────┴─► discarded    └─► draft (certainly nothing arrived)
 *
 * Nothing leads from `uncertain` back to sending: whether to tell the customer again is a person's decision, with a
 * new notice.
 */
export function nextState(state: NoticeState, event: NoticeEvent): NoticeState | undefined {
	switch (event) {
		case "edit":
			return state === "draft" ? "draft" : undefined;
		case "approve":
			return state === "draft" ? "approved" : undefined;
		case "discard":
			return state === "draft" || state === "approved" ? "discarded" : undefined;
		case "start-sending":
			return state === "approved" || state === "sending" ? "sending" : undefined;
		case "arrived":
			return state === "approved" || state === "sending" ? "sent" : undefined;
		case "doubtful":
			return state === "approved" || state === "sending" ? "uncertain" : undefined;
		case "refused":
			return state === "approved" || state === "sending" ? "draft" : undefined;
	}
}

/**
 * What the messages of one approval amount to. Undefined: some are still under way. One doubtful message makes the
 * notice doubtful; one that arrived makes it sent, the others' failures stand in the timeline.
 */
export function settle(
	messages: readonly ("pending" | "sending" | "sent" | "failed" | "uncertain" | "cancelled")[],
): "arrived" | "doubtful" | "refused" | undefined {
	if (messages.some((state) => state === "pending" || state === "sending")) return undefined;
	if (messages.includes("uncertain")) return "doubtful";
	return messages.includes("sent") ? "arrived" : "refused";
}
