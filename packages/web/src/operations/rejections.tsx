import type { Rejection } from "../api-types.ts";
import { formatCount } from "./words.ts";

/** Points that did not count: how many, why, and what to do. */
export function Rejections({ items }: { readonly items: readonly Rejection[] }) {
	return (
		<ul className="rejections">
			{items.map(({ reason, count, isFault, meaning, remedy }) => (
				<li key={reason} className={isFault ? "" : "soft"}>
					<b>{formatCount(count)}</b> {meaning} <span className="soft">{remedy}</span> <code>{reason}</code>
				</li>
			))}
		</ul>
	);
}
