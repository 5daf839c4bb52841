import type { MonitorLine } from "../api-types.ts";
import { useText } from "../text.ts";

type Mode = MonitorLine["mode"];

/** A monitor's mode by sign, edge and word: no colour of a state, because it is none. */
export function ModeBadge({ mode }: { readonly mode: Mode }) {
	const t = useText();
	return (
		<span className={`badge mode mode-${mode}`}>
			<svg className="icon" width={14} height={14} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
				{SIGNS[mode]}
			</svg>{" "}
			{t(`mode.${mode}`)}
		</span>
	);
}

const line = { fill: "none", stroke: "currentColor", strokeWidth: 1.6, strokeLinecap: "round" } as const;

const SIGNS = {
	live: <path d="M5 3.2v9.6L13 8Z" fill="currentColor" />,
	paused: <path d="M5.5 3.5v9M10.5 3.5v9" {...line} strokeWidth={2.4} />,
	shadow: (
		<>
			<circle cx="8" cy="8" r="5.5" {...line} />
			<path d="M8 2.5a5.5 5.5 0 0 1 0 11Z" fill="currentColor" />
		</>
	),
	draft: <path d="M3 13l.8-3.2L11 2.6 13.4 5 6.2 12.2ZM9.4 4.2l2.4 2.4" {...line} strokeLinejoin="round" />,
} as const satisfies Record<Mode, unknown>;
