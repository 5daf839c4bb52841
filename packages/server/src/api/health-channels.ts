import { describeDuration } from "@bellwether/model";
import type { ChannelState } from "#response";
import type { PartState } from "./schemas-operations.ts";

export type ChannelFacts = Pick<ChannelState, "name" | "state" | "failingSince" | "undelivered">;

interface Verdict {
	readonly state: PartState;
	readonly says: string;
	readonly remedy: string;
}

const SEE = "See the page Channels for what each receiver answered, and test it there.";

/** How the ways out fare, in a sentence. One that was never used is unknown, not well. */
export function judgeChannels(channels: readonly ChannelFacts[] | undefined, now: number): Verdict {
	if (!channels)
		return { state: "unknown", says: "How the channels fare is not known.", remedy: "Look again in a moment." };
	if (channels.length === 0)
		return {
			state: "unknown",
			says: "Nobody is reached by any channel.",
			remedy: "Add contacts to the people on call.",
		};
	const inState = (state: ChannelState["state"]) => channels.filter((channel) => channel.state === state);
	const since = ({ name, failingSince }: ChannelFacts) =>
		failingSince === undefined ? name : `${name}, for ${describeDuration(now - failingSince)}`;
	const [failing, shaky, unused] = [inState("failing"), inState("shaky"), inState("unknown")];
	if (failing.length > 0)
		return { state: "failing", says: `Channels that fail: ${failing.map(since).join("; ")}.`, remedy: SEE };
	if (shaky.length > 0)
		return { state: "attention", says: `The last attempt failed by: ${shaky.map(since).join("; ")}.`, remedy: SEE };
	const lost = channels.filter(({ undelivered }) => undelivered > 0);
	if (lost.length > 0) {
		const counts = lost.map(({ name, undelivered }) => `${undelivered} by ${name}`).join(", ");
		return { state: "attention", says: `Providers could not deliver in the last 24 h: ${counts}.`, remedy: SEE };
	}
	if (unused.length > 0)
		return {
			state: "unknown",
			says: `Nothing was ever sent by: ${unused.map(({ name }) => name).join(", ")}.`,
			remedy: "Test them on the page Channels, or with bellwether page test.",
		};
	const count = channels.length === 1 ? "The one channel in use" : `All ${channels.length} channels in use`;
	return { state: "well", says: `${count} delivered what was sent last.`, remedy: "" };
}
