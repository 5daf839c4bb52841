import { useLive, useNow } from "../live.ts";
import { times, useText } from "../text.ts";

/** Whether what is shown is the present. Not announced: only breaches and recoveries are. */
export function LiveChip() {
	const t = useText();
	const now = useNow();
	const { liveness, heardAt } = useLive(now);
	const text =
		liveness === "live"
			? t("live.live", { time: times.withSeconds(now) })
			: liveness === "connecting"
				? t("live.connecting")
				: heardAt === null
					? t("live.never")
					: t("live.stale", { time: times.withSeconds(heardAt) });
	return <p className={`live live-${liveness}`}>{text}</p>;
}
