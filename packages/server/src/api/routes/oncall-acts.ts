import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import type { Principal, Tx } from "#platform";
import {
	type ActOutcome,
	cancelAbsence,
	cancelOverride,
	changeSwap,
	listAbsences,
	MAX_NOTE_LENGTH,
	MAX_REASON_LENGTH,
	makeAbsence,
	makeOverride,
	type OnCallRequest,
	requestSwap,
	type SwapDeps,
	writeHandOverNote,
} from "#response";
import { depsOf, requestOf } from "../acts.ts";
import { type Api, type ApiContext, PROBLEMS } from "../context.ts";
import { expectedVersion } from "../expected-version.ts";
import { idempotencyKey } from "../idempotency-key.ts";
import { namer, wireAbsence, wireOverride, wireSwap } from "../oncall-view.ts";
import { READERS, RESPONDERS } from "../policy.ts";
import { ApiProblem, etagOf, notFound, versionConflict } from "../problem.ts";
import { AbsenceView, HandOverNote, OnCallRoleName, OverrideView, SwapView } from "../schemas-oncall.ts";
import { ScheduleParams } from "./oncall.ts";

const ACTS = { roles: RESPONDERS, tenant: "none", object: "none" } as const;
const Id = z.object({ id: z.string().min(1).max(100) });
const PersonName = z.string().min(1).max(63);
const Instant = z.number().int().min(0).max(8_640_000_000_000_000);
const Reason = z.string().max(MAX_REASON_LENGTH);
const Stretch = { from: Instant, to: Instant };
const REPEATS = "With an Idempotency-Key the same request again is the same act.";
const YEAR_MS = 366 * 86_400_000;

export function onCallActRoutes(api: Api, context: ApiContext): void {
	overrideRoutes(api, context);
	swapRoutes(api, context);
	absenceRoutes(api, context);
	api.post(
		"/api/v1/oncall/schedules/:name/notes",
		{
			config: { authz: ACTS },
			schema: {
				summary: "Write a note for the hand-over",
				description: REPEATS,
				tags: ["response"],
				params: ScheduleParams,
				body: z.object({ text: z.string().min(1).max(MAX_NOTE_LENGTH) }),
				response: { 200: HandOverNote, 201: HandOverNote, ...PROBLEMS },
			},
		},
		async (request, reply) => {
			const { name } = request.params;
			const asked = { schedule: name, text: request.body.text };
			const { seq, at, by, text } = await act(context, request, reply, 201, `schedule ${name}`, (tx, deps, who) =>
				writeHandOverNote(tx, deps, who, asked),
			);
			return { seq, at, by, text };
		},
	);
}

function overrideRoutes(api: Api, context: ApiContext): void {
	api.post(
		"/api/v1/oncall/schedules/:name/overrides",
		{
			config: { authz: ACTS },
			schema: {
				summary: "Put people on call for a stretch; it wins over all layers and over earlier overrides",
				description: REPEATS,
				tags: ["response"],
				params: ScheduleParams,
				body: z.object({
					role: OnCallRoleName.default("primary"),
					...Stretch,
					people: z.array(PersonName).min(1).max(20),
					replaces: PersonName.optional().describe("stand in for this person only, where they would be on call"),
					reason: Reason.default(""),
				}),
				response: { 200: OverrideView, 201: OverrideView, ...PROBLEMS },
			},
		},
		async (request, reply) => {
			const { name } = request.params;
			const asked = { ...request.body, schedule: name };
			const record = await act(context, request, reply, 201, `schedule ${name}`, (tx, deps, who) =>
				makeOverride(tx, deps, who, asked),
			);
			return wireOverride(record, namer(context.catalogue()));
		},
	);
	api.delete(
		"/api/v1/oncall/overrides/:id",
		{
			config: { authz: ACTS },
			schema: {
				summary: "End an override; what it did until now stays",
				tags: ["response"],
				params: Id,
				response: { 200: OverrideView, ...PROBLEMS },
			},
		},
		async (request, reply) => {
			const { id } = request.params;
			const record = await act(context, request, reply, 200, `override ${id}`, (tx, deps, who) =>
				cancelOverride(tx, deps, who, id),
			);
			return wireOverride(record, namer(context.catalogue()));
		},
	);
}

function swapRoutes(api: Api, context: ApiContext): void {
	api.post(
		"/api/v1/oncall/schedules/:name/swaps",
		{
			config: { authz: ACTS },
			schema: {
				summary: "Ask for somebody who takes a person's duty for a stretch; reminders follow until it is taken",
				description: REPEATS,
				tags: ["response"],
				params: ScheduleParams,
				body: z.object({
					role: OnCallRoleName.default("primary"),
					person: PersonName,
					...Stretch,
					reason: Reason.default(""),
				}),
				response: { 200: SwapView, 201: SwapView, ...PROBLEMS },
			},
		},
		async (request, reply) => {
			const { name } = request.params;
			const asked = { ...request.body, schedule: name };
			const swap = await act(context, request, reply, 201, `schedule ${name}`, (tx, deps, who) =>
				requestSwap(tx, deps, who, asked),
			);
			reply.header("etag", etagOf(swap.version));
			return wireSwap(swap, namer(context.catalogue()), context.clock.now());
		},
	);
	const change = async (
		request: FastifyRequest,
		reply: FastifyReply,
		id: string,
		event: Parameters<typeof changeSwap>[4],
	) => {
		const version = expectedVersion(request);
		const swap = await act(context, request, reply, 200, `swap ${id}`, (tx, deps, who) =>
			changeSwap(tx, deps, { ...who, expectedVersion: version }, id, event).then((outcome) => {
				if (outcome.status !== "conflict") return outcome;
				throw versionConflict("Swap", id, version ?? 0, outcome.record.version);
			}),
		);
		reply.header("etag", etagOf(swap.version));
		return wireSwap(swap, namer(context.catalogue()), context.clock.now());
	};
	api.post(
		"/api/v1/oncall/swaps/:id/take",
		{
			config: { authz: ACTS },
			schema: {
				summary: "Take the duty: the person is on call for the stretch from this moment on",
				description: "Whoever comes second is refused (409), with If-Match also when it changed otherwise (412).",
				tags: ["response"],
				params: Id,
				body: z.object({ person: PersonName }),
				response: { 200: SwapView, ...PROBLEMS },
			},
		},
		(request, reply) => change(request, reply, request.params.id, { type: "take", by: request.body.person }),
	);
	api.post(
		"/api/v1/oncall/swaps/:id/cancel",
		{
			config: { authz: ACTS },
			schema: {
				summary: "Cancel a swap; one that was taken is undone",
				tags: ["response"],
				params: Id,
				body: z.object({}).nullish(),
				response: { 200: SwapView, ...PROBLEMS },
			},
		},
		(request, reply) => change(request, reply, request.params.id, { type: "cancel" }),
	);
}

function absenceRoutes(api: Api, context: ApiContext): void {
	api.get(
		"/api/v1/oncall/absences",
		{
			config: { authz: { roles: READERS, tenant: "none", object: "none" } },
			schema: {
				summary: "Who is away now and in the next year",
				tags: ["response"],
				response: { 200: z.object({ items: z.array(AbsenceView) }), ...PROBLEMS },
			},
		},
		async () => {
			const now = context.clock.now();
			const named = namer(context.catalogue());
			const absences = await listAbsences(context.store.db, now, now + YEAR_MS);
			return { items: absences.map((each) => wireAbsence(each, named)) };
		},
	);
	api.post(
		"/api/v1/oncall/absences",
		{
			config: { authz: ACTS },
			schema: {
				summary: "Say that somebody is away: rotations pass them over meanwhile",
				description: REPEATS,
				tags: ["response"],
				body: z.object({ person: PersonName, ...Stretch, reason: Reason.default("") }),
				response: { 200: AbsenceView, 201: AbsenceView, ...PROBLEMS },
			},
		},
		async (request, reply) => {
			const record = await act(context, request, reply, 201, "absence", (tx, deps, who) =>
				makeAbsence(tx, deps, who, request.body),
			);
			return wireAbsence(record, namer(context.catalogue()));
		},
	);
	api.delete(
		"/api/v1/oncall/absences/:id",
		{
			config: { authz: ACTS },
			schema: {
				summary: "Say that somebody is there after all",
				tags: ["response"],
				params: Id,
				response: { 200: AbsenceView, ...PROBLEMS },
			},
		},
		async (request, reply) => {
			const { id } = request.params;
			const record = await act(context, request, reply, 200, `absence ${id}`, (tx, deps, who) =>
				cancelAbsence(tx, deps, who, id),
			);
			return wireAbsence(record, namer(context.catalogue()));
		},
	);
}

/** Carries out one act in a transaction; what did not happen is thrown as a problem. */
async function act<T>(
	context: ApiContext,
	request: FastifyRequest,
	reply: FastifyReply,
	code: 200 | 201,
	what: string,
	run: (tx: Tx, deps: SwapDeps, who: OnCallRequest) => Promise<ActOutcome<T>>,
): Promise<T> {
	const asked = requestOf(context, request);
	requireAllTenants(asked.principal);
	const who: OnCallRequest = { ...asked, key: idempotencyKey(request) };
	const outcome = await context.store.transaction((tx) => run(tx, depsOf(context), who));
	if (outcome.status === "refused") {
		const { place = what, message, remedy } = outcome;
		throw new ApiProblem(409, "conflict", message, remedy, { details: [{ place, message, remedy }] });
	}
	if (outcome.status === "not-found") {
		const [kind = "object", id = ""] = what.split(" ");
		throw notFound(kind, id);
	}
	reply.code(outcome.status === "changed" ? code : 200);
	return outcome.record;
}

/** On-call is everybody's: who may see some tenants only does not decide who is woken for the others. */
export function requireAllTenants(principal: Principal): void {
	if (principal.tenants === undefined) return;
	throw new ApiProblem(
		403,
		"forbidden",
		"Schedules serve all tenants; you may see some of them only.",
		"Ask somebody who may see all tenants.",
	);
}
