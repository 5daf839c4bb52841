import { memo } from "react";
import type { CellState } from "../api-types.ts";
import { useText } from "../text.ts";

const WORST_FIRST: readonly CellState[] = ["breach", "at-risk", "no-data", "muted", "healthy", "not-in-use"];

/** The worst state of each of the last 24 hours, oldest first. */
export const Strip = memo(
	function Strip({ states }: { readonly states: readonly CellState[] }) {
		const t = useText();
		const hours = WORST_FIRST.flatMap((state) => {
			const count = states.filter((s) => s === state).length;
			return count === 0 ? [] : [t("fleet.stripHours", { state: t(`state.${state}`), count })];
		});
		return (
			<span className="strip" role="img" aria-label={t("fleet.stripLabel", { hours: hours.join(", ") })}>
				{states.map((state, i) => (
					// biome-ignore lint/suspicious/noArrayIndexKey: an hour is its place
					<i key={i} className={`hour-${state}`} />
				))}
			</span>
		);
	},
	(before, after) => before.states.join() === after.states.join(),
);
