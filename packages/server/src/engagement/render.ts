import { Liquid } from "liquidjs";

/** What a template may name: flat text, formatted before. */
export type NoticeFacts = Readonly<Record<string, string>>;

export type Rendered =
	| { readonly status: "rendered"; readonly subject: string; readonly body: string }
	| { readonly status: "failed"; readonly reason: string };

/**
 * Templates come from the catalogue and run here, beside the timers: they see only the facts given (no prototypes, no
 * files, no other templates), a name that does not exist is an error. The memory limit counts every range and string,
 * and so stops loops within milliseconds; the render limit is a wall-clock back-stop (ms), wide enough for a stalled process.
 */
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

export function renderNotice(
	template: { readonly subject: string; readonly body: string },
	facts: NoticeFacts,
): Rendered {
	try {
		const subject = String(engine.parseAndRenderSync(template.subject, facts)).replace(/\s+/g, " ").trim();
		const body = String(engine.parseAndRenderSync(template.body, facts)).trim();
		if (subject === "") return { status: "failed", reason: "the subject is empty" };
		if (body === "") return { status: "failed", reason: "the body is empty" };
		return { status: "rendered", subject, body };
	} catch (error) {
		const message = error instanceof Error ? error.message : String(error);
		return { status: "failed", reason: message.split("\n")[0] ?? message };
	}
}
