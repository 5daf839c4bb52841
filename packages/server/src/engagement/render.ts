import { strictLiquid } from "#platform";

/** What a template may name: flat text, formatted before. */
export type NoticeFacts = Readonly<Record<string, string>>;

export type Rendered =
	| { readonly status: "rendered"; readonly subject: string; readonly body: string }
	| { readonly status: "failed"; readonly reason: string };

const engine = strictLiquid();

export function renderNotice(
	template: { readonly subject: string; readonly body: string },
	facts: NoticeFacts,
): Rendered {
	try {
		const subject = engine.render(template.subject, facts).replace(/\s+/g, " ").trim();
		const body = engine.render(template.body, facts).trim();
		if (subject === "") return { status: "failed", reason: "the subject is empty" };
		if (body === "") return { status: "failed", reason: "the body is empty" };
		return { status: "rendered", subject, body };
	} catch (error) {
		const message = error instanceof Error ? error.message : String(error);
		return { status: "failed", reason: message.split("\n")[0] ?? message };
	}
}
