import { Liquid } from "liquidjs";

/** Throws when the template is wrong, names what is not there, or does too much. */
export interface StrictLiquid {
	render(template: string, facts: Readonly<Record<string, string>>): string;
}

/**
 * For templates that come from the catalogue and run here, beside the timers: they see only the facts given (no prototypes,
 * no files, no other templates), a name that does not exist is an error. The memory limit counts every range and string,
 * and so stops loops within milliseconds; the render limit is a wall-clock back-stop (ms), wide enough for a stalled process.
 */
export function strictLiquid(): StrictLiquid {
	const engine = new Liquid({
		ownPropertyOnly: true,
		strictVariables: true,
		strictFilters: true,
		parseLimit: 65_536,
		renderLimit: 2_000,
		memoryLimit: 200_000,
		// An empty map in place of the file system: include, render and layout find nothing.
		templates: {},
	});
	return { render: (template, facts) => String(engine.parseAndRenderSync(template, facts)) };
}
