import { z } from "zod";
import type { Agent, ProposedAct } from "#engagement";
import type { ApiContext } from "../context.ts";
import type { FleetView } from "../schemas.ts";

/** What a tool knows of its call. */
export interface ToolCall {
	readonly context: ApiContext;
	readonly agent: Agent;
	readonly requestId: string;
	/**
	 * Asks this API, with the caller's own token: so a tool can read exactly what the token can. What the API refuses is
	 * thrown as ToolRefused.
	 */
	readonly ask: <T = unknown>(path: string) => Promise<T>;
	/** As the route does it, in the token's scope: kept ready for all readers, where asking would write and read megabytes. */
	readonly fleet: () => Promise<FleetView>;
	readonly propose: (act: ProposedAct, reason: string) => Promise<Record<string, unknown>>;
	/** Where people see what an answer is about. */
	readonly link: (path: string) => string;
}

/** A refusal in words for the agent. */
export class ToolRefused extends Error {
	override readonly name = "ToolRefused";
}

/** Where an answer comes from: an agent that says something cites these. */
export const Citation = z.object({ id: z.string(), url: z.string() });
export type Citation = z.infer<typeof Citation>;

const ANSWER = {
	citations: z.array(Citation).describe("what the answer rests on: cite them"),
	truncated: z.boolean().describe("lists were shortened: ask for less"),
};

export interface Tool {
	readonly name: string;
	readonly title: string;
	readonly description: string;
	readonly input: z.ZodObject;
	readonly output: z.ZodObject;
	readonly isReading: boolean;
	readonly run: (call: ToolCall, input: never) => Promise<Record<string, unknown>>;
}

/** A tool whose answer carries citations and says whether it was shortened. */
export function tool<In extends z.ZodRawShape, Out extends z.ZodRawShape>(definition: {
	readonly name: string;
	readonly title: string;
	readonly description: string;
	readonly input: In;
	readonly output: Out;
	readonly isReading?: boolean;
	readonly run: (
		call: ToolCall,
		input: z.output<z.ZodObject<In>>,
	) => Promise<z.input<z.ZodObject<Out>> & { readonly citations: Citation[]; readonly truncated?: boolean }>;
}): Tool {
	const { input, output, run, isReading = true } = definition;
	return {
		...definition,
		isReading,
		input: z.strictObject(input),
		output: z.object({ ...output, ...ANSWER }),
		run: async (call, given) => ({ truncated: false, ...(await run(call, given as never)) }),
	};
}

export const Name = (about: string) => z.string().min(1).max(200).describe(about);
export const IncidentId = z
	.string()
	.regex(/^[A-Za-z0-9_-]{1,40}$/, "is no id of an incident")
	.describe("id such as INC-1001");
/** RFC 3339, as models read and write it. */
export const at = (ms: number | null | undefined): string | null => (ms == null ? null : new Date(ms).toISOString());
export const Time = z.string().nullable().describe("RFC 3339, UTC; null: has not happened, or is not known");

/** An address of the API with values that an agent gave: each stays one part of it, whatever it says. */
export function path(strings: TemplateStringsArray, ...values: readonly string[]): string {
	// Dots alone would lead to another address, encoded or not.
	const odd = values.find((value) => /^\.{1,2}$/.test(value));
	if (odd !== undefined) throw new ToolRefused(`"${odd}" is no name.`);
	return strings.map((text, k) => text + (k < values.length ? encodeURIComponent(values[k] as string) : "")).join("");
}
