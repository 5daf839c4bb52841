import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { getIncident, type Incident } from "#incidents";
import { SYSTEM, scopeOf } from "#platform";
import { acknowledgeByAction, checkAction, confirmByToken, knownActionKey, subjectIncidents } from "#response";
import { depsOf } from "../acts.ts";
import { type Api, type ApiContext, PROBLEMS } from "../context.ts";
import { escapeHtml, htmlPage } from "../html-page.ts";
import { PUBLIC } from "../policy.ts";

const Params = z.object({ token: z.string().min(1).max(2_000) });
const BY_TOKEN = { ...PUBLIC, object: "the incidents, or the test page, that the signed token was made for" };
const ALL = scopeOf(SYSTEM);
/** More than that are counted. */
const LISTED = 20;

/**
 * Where a page's link leads that needs no sign-in. Programs open links by themselves, so opening changes nothing: it asks,
 * and the form's POST answers. What proves the right to answer is the token alone.
 */
export function answerRoutes(api: Api, context: ApiContext): void {
	const asIs = () => (data: unknown) => data as string;
	api.get(
		"/a/:token",
		{
			config: { authz: BY_TOKEN },
			schema: {
				summary: "Asks whether to acknowledge what a page named; changes nothing",
				tags: ["pages"],
				params: Params,
				response: { 200: z.string(), 404: z.string(), 410: z.string() },
			},
			serializerCompiler: asIs,
		},
		async (request, reply) => ask(context, request, reply, request.params.token),
	);
	api.post(
		"/a/:token",
		{
			config: { authz: BY_TOKEN },
			schema: {
				summary: "Acknowledges what a page named, as the person it was sent to",
				tags: ["pages"],
				params: Params,
				response: { 303: z.string(), 404: z.string(), 410: z.string() },
			},
			serializerCompiler: asIs,
		},
		async (request, reply) => {
			const { token } = request.params;
			const now = context.clock.now();
			const read = await readToken(context, token, now);
			if (read.status === "refused") return refuse(request, reply, read.reason);
			await context.store.transaction(async (tx) => {
				if (read.purpose === "acknowledge") await acknowledgeByAction(tx, depsOf(context), token, now, request.id);
				else await confirmByToken(tx, token, now, request.id);
			});
			return reply.redirect(`/a/${token}?done`, 303);
		},
	);
	api.post(
		"/api/v1/actions/acknowledge",
		{
			config: { authz: BY_TOKEN },
			schema: {
				summary: "Acknowledge by the signed token that a card or a chat message brought",
				tags: ["incidents"],
				body: z.object({ token: z.string().min(1).max(2_000) }),
				response: {
					200: z.object({
						status: z.enum(["acknowledged", "already", "refused"]),
						incidents: z.array(z.string()),
						by: z.string().nullable(),
						at: z.number().nullable(),
						message: z.string(),
					}),
					...PROBLEMS,
				},
			},
		},
		async (request) => {
			const outcome = await context.store.transaction((tx) =>
				acknowledgeByAction(tx, depsOf(context), request.body.token, context.clock.now(), request.id),
			);
			if (outcome.status === "refused")
				return { status: outcome.status, incidents: [], by: null, at: null, message: outcome.message };
			const { status, by, at } = outcome;
			const message = status === "acknowledged" ? "Acknowledged. Paging stopped." : `Acknowledged before, by ${by}.`;
			return { status, incidents: [...outcome.incidents], by, at, message };
		},
	);
}

type Read =
	| { readonly status: "refused"; readonly reason: "not-ours" | "expired" }
	| {
			readonly status: "valid";
			readonly purpose: "acknowledge" | "confirm-contact";
			readonly subject: string;
			readonly person: string;
	  };

async function readToken(context: ApiContext, token: string, now: number): Promise<Read> {
	const key = await knownActionKey(context.store.db);
	let reason: "not-ours" | "expired" = "not-ours";
	for (const purpose of ["acknowledge", "confirm-contact"] as const) {
		const check = key === undefined ? undefined : checkAction(key, token, purpose, now);
		if (check?.status === "valid") return { status: "valid", ...check.claims };
		if (check?.reason === "expired") reason = "expired";
	}
	return { status: "refused", reason };
}

async function ask(
	context: ApiContext,
	request: FastifyRequest,
	reply: FastifyReply,
	token: string,
): Promise<FastifyReply> {
	const now = context.clock.now();
	const read = await readToken(context, token, now);
	if (read.status === "refused") return refuse(request, reply, read.reason);
	const person = context.catalogue().people.find((each) => each.name === read.person);
	const name = person?.displayName ?? read.person;
	if (read.purpose === "confirm-contact") {
		const isDone = await isConfirmed(context, read.subject);
		const body = isDone
			? `<h1>Test page confirmed</h1><p role="status">This way of reaching ${escapeHtml(name)} works.</p>`
			: `<h1>Did the test page reach you?</h1><p>It was sent to ${escapeHtml(name)}. Nothing is wrong; saying so proves that this way works.</p>${form(request, token, "Yes, it arrived")}`;
		return send(reply, 200, isDone ? "Test page confirmed" : "Test page", body);
	}
	const ids = await subjectIncidents(context.store.db, read.subject);
	const found = await Promise.all(ids.map((id) => getIncident(context.store.db, ALL, id)));
	const incidents = found.filter((incident) => incident !== undefined);
	if (incidents.length === 0) return refuse(request, reply, "not-ours");
	const open = incidents.filter((incident) => incident.state === "detected");
	return send(
		reply,
		200,
		titleOf(incidents),
		`${list(incidents, context)}${open.length > 0 ? question(request, token, open, name) : settled(incidents, name)}`,
	);
}

async function isConfirmed(context: ApiContext, subject: string): Promise<boolean> {
	const row = await context.store.db
		.selectFrom("contact_tests")
		.select("confirmed_at")
		.where("subject", "=", subject)
		.executeTakeFirst();
	return row !== undefined && row.confirmed_at !== null;
}

function titleOf(incidents: readonly Incident[]): string {
	return incidents.length === 1 ? String(incidents[0]?.id) : `${incidents.length} incidents`;
}

function list(incidents: readonly Incident[], context: ApiContext): string {
	const people = context.catalogue().people;
	const lines = incidents.slice(0, LISTED).map(({ id, title, severity, acknowledgedBy }) => {
		const by = people.find((each) => each.name === acknowledgedBy)?.displayName ?? acknowledgedBy;
		const taken = by === undefined ? "" : ` <span class="soft">Acknowledged by ${escapeHtml(by)}.</span>`;
		return `<p><strong>Sev ${escapeHtml(severity.key)}</strong> · <a href="/p/${encodeURIComponent(id)}">${escapeHtml(id)}</a>: ${escapeHtml(title)}${taken}</p>`;
	});
	const more = incidents.length - LISTED;
	return `<h1>${escapeHtml(titleOf(incidents))}</h1>${lines.join("")}${more > 0 ? `<p>… and ${more} more.</p>` : ""}`;
}

function question(request: FastifyRequest, token: string, open: readonly Incident[], name: string): string {
	const what = open.length === 1 ? String(open[0]?.id) : `all ${open.length}`;
	return `<p>You act as ${escapeHtml(name)}, to whom this page was sent.</p>${form(request, token, `Acknowledge ${what}`)}`;
}

function settled(incidents: readonly Incident[], name: string): string {
	const words = incidents.length === 1 ? "It is acknowledged" : "All are acknowledged";
	return `<p class="problem" role="status">${words}. Paging stopped.</p><p class="soft">${escapeHtml(name)}, sign in to work on it.</p>`;
}

/** Who is signed in here as well must prove that the form is ours; the token alone says whose act it is. */
function form(request: FastifyRequest, token: string, label: string): string {
	const csrf = request.caller?.via === "session" ? request.caller.csrfToken : "";
	return `<form method="post" action="/a/${escapeHtml(token)}"><input type="hidden" name="csrf" value="${escapeHtml(csrf)}"><button>${escapeHtml(label)}</button></form>`;
}

const REFUSED = {
	expired: [410, "This link has expired", "Open the newest page's link, or sign in to the console."],
	"not-ours": [404, "This link leads nowhere", "It was not made here, or it is not whole. Sign in to the console."],
} as const;

function refuse(_request: FastifyRequest, reply: FastifyReply, reason: keyof typeof REFUSED): FastifyReply {
	const [status, title, says] = REFUSED[reason];
	return send(reply, status, title, `<h1>${title}</h1><p>${says}</p><p><a href="/">Bellwether</a></p>`);
}

/** The address is the key to the answer: it goes into no cache and to no other site. `no-referrer` would take the form its origin. */
function send(reply: FastifyReply, status: number, title: string, body: string): FastifyReply {
	const html = htmlPage({ title, body: `<div class="card">${body}</div>`, nonce: reply.cspNonce.style });
	return reply
		.status(status)
		.header("cache-control", "no-store")
		.header("referrer-policy", "same-origin")
		.type("text/html; charset=utf-8")
		.send(html);
}
