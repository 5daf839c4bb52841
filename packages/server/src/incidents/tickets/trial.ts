import { SEVERITIES } from "@bellwether/model";
import type { Catalogue, Integration } from "#catalogue";
import { audit, type ControlStore, type Ids, type Principal } from "#platform";
import type { TicketContent, TicketFailure, TicketRef, TicketSystem } from "./types.ts";

export interface TrialOptions {
	readonly store: ControlStore;
	readonly ids: Ids;
	readonly now: () => number;
	readonly catalogue: Catalogue;
	readonly integration: Integration;
	readonly system: TicketSystem;
	readonly publicUrl: string;
	readonly principal: Principal;
	readonly requestId: string;
	/** `check`: a question that changes nothing; `ticket`: a marked ticket is made and closed. */
	readonly mode: "check" | "ticket";
}

export interface TrialOutcome {
	readonly status: "done" | "failed";
	/** Each step with what the system said. */
	readonly steps: readonly { readonly what: string; readonly ok: boolean; readonly detail: string }[];
	readonly ticket: TicketRef | undefined;
	readonly tookMs: number;
}

/** "Test now": the same adapter, sign-in and way out as for real tickets. What it leaves is marked as a test, and closed. */
export async function tryIntegration(options: TrialOptions): Promise<TrialOutcome> {
	const { store, now, integration, mode } = options;
	const startedAt = now();
	const seq = await store.transaction(async (tx) => {
		await audit(tx, {
			at: startedAt,
			actor: options.principal.name,
			action: "integration.test",
			tenant: "",
			subject: integration.name,
			requestId: options.requestId,
			detail: { mode },
		});
		const row = await tx
			.insertInto("ticket_attempts")
			.values({
				ticket_id: "",
				integration: integration.name,
				tenant: "",
				incident_id: null,
				what: "test",
				started_at: startedAt,
				ended_at: null,
				outcome: "sending",
				detail: "",
			})
			.returning("seq")
			.executeTakeFirstOrThrow();
		return row.seq;
	});
	const { steps, ticket, failure } = mode === "check" ? await check(options) : await makeAndClose(options);
	await store.transaction(async (tx) => {
		const detail = failure?.detail ?? steps.map((step) => `${step.what}: ${step.detail}`).join("; ");
		await tx
			.updateTable("ticket_attempts")
			.set({ ended_at: now(), outcome: failure?.status ?? "done", detail: detail.slice(0, 500) })
			.where("seq", "=", seq)
			.execute();
	});
	return { status: failure ? "failed" : "done", steps, ticket, tookMs: now() - startedAt };
}

interface Tried {
	readonly steps: TrialOutcome["steps"];
	readonly ticket: TicketRef | undefined;
	readonly failure: TicketFailure | undefined;
}

async function check({ system }: TrialOptions): Promise<Tried> {
	const result = await system.check();
	const ok = result.status === "done";
	const steps = [{ what: "sign in and read", ok, detail: ok ? result.proof : result.detail }];
	return { steps, ticket: undefined, failure: ok ? undefined : result };
}

async function makeAndClose(options: TrialOptions): Promise<Tried> {
	const { system } = options;
	const key = `bellwether-test-${options.ids.secret(6)}`;
	const content = testContent(options, key);
	const steps: { what: string; ok: boolean; detail: string }[] = [];
	const step = <T extends { readonly status: "done"; readonly proof: string } | TicketFailure>(
		what: string,
		result: T,
	): T => {
		steps.push({ what, ok: result.status === "done", detail: result.status === "done" ? result.proof : result.detail });
		return result;
	};
	const fail = (failure: TicketFailure, ticket?: TicketRef): Tried => ({ steps, ticket, failure });
	const found = step("look up", await system.find(key));
	if (found.status !== "done") return fail(found);
	const made = step("create", await system.create(key, content));
	if (made.status !== "done") return fail(made);
	const closed = { ...content, state: "resolved", resolution: "This was a test." } as const;
	const result = step("close", await system.update(made.ref, key, { state: "resolved" }, closed));
	return result.status === "done" ? { steps, ticket: made.ref, failure: undefined } : fail(result, made.ref);
}

function testContent({ catalogue, publicUrl, integration, now, principal }: TrialOptions, key: string): TicketContent {
	const title = "[Test] Bellwether can create tickets here";
	const link = `${publicUrl}/admin/integrations`;
	const text = `${principal.name} tests the integration ${integration.name}. Nothing is wrong, and this ticket is closed at once.\n\nKey: ${key}`;
	return {
		title,
		text,
		link,
		// The least of all, so that nobody is woken.
		severity: SEVERITIES["4"].key,
		state: "open",
		resolution: "",
		facts: {
			key,
			incident: "TEST",
			title,
			text,
			link,
			organisation: catalogue.settings.organisation,
			tenant: "",
			tenantName: "Test",
			workload: "test",
			workloadName: "Test",
			slo: "test",
			monitor: "test",
			severity: "4",
			state: "open",
			detectedAt: new Date(now()).toISOString(),
		},
	};
}
