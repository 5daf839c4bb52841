import type { CellState } from "./api-types.ts";

/** The state's shape. Colour never works alone: each state has its own, so that they differ without it. */
export function StateIcon({ state, size = 16 }: { readonly state: CellState; readonly size?: number }) {
	return (
		<svg className="icon" width={size} height={size} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
			{SHAPES[state]}
		</svg>
	);
}

const line = { fill: "none", stroke: "currentColor", strokeWidth: 1.4, strokeLinecap: "round" } as const;

const SHAPES = {
	breach: (
		<>
			<circle cx="8" cy="8" r="7" fill="currentColor" />
			<path className="icon-cut" d="M5.4 5.4l5.2 5.2M10.6 5.4l-5.2 5.2" {...line} strokeWidth={1.8} />
		</>
	),
	"at-risk": (
		<>
			<path d="M8 1.2 15.4 14a.8.8 0 0 1-.7 1.2H1.3A.8.8 0 0 1 .6 14Z" fill="currentColor" />
			<path className="icon-cut" d="M8 6v4M8 12.4v.1" {...line} strokeWidth={1.8} />
		</>
	),
	"no-data": (
		<>
			<circle cx="8" cy="8" r="6.5" {...line} strokeDasharray="2.6 1.6" />
			<path d="M6 6.4a2 2 0 1 1 2.9 1.8c-.6.3-.9.7-.9 1.3M8 11.6v.1" {...line} />
		</>
	),
	muted: (
		<>
			<circle cx="8" cy="8" r="6.5" {...line} />
			<path d="M6.4 5.6v4.8M9.6 5.6v4.8" {...line} />
		</>
	),
	healthy: (
		<>
			<circle cx="8" cy="8" r="6.5" {...line} />
			<path d="M5.2 8.3 7.2 10.3 10.9 6" {...line} />
		</>
	),
	"not-in-use": <path d="M4 8h8" {...line} />,
};
