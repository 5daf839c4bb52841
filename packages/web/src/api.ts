import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import type {
	AttributesView,
	BudgetView,
	Change,
	ChannelsView,
	FleetView,
	HealthDetails,
	IncidentDetail,
	IncidentSummary,
	LatenciesView,
	MadeTenant,
	MatchView,
	MonitorDetail,
	MonitorLine,
	Notice,
	OnCallView,
	PageTest,
	PageTestAsked,
	PhoneMessage,
	Problem,
	ProgramReport,
	RegisterView,
	Session,
	SloDetail,
	SloSummary,
	SourcesView,
	SourceTrial,
	SpreadView,
	Verdict,
	WindowsView,
} from "./api-types.ts";

/** A refusal with what went wrong, what to do, and the request's id; `status` 0 means that the server was not reached. */
export class ApiError extends Error {
	readonly status: number;
	readonly code: string;
	readonly remedy: string;
	readonly requestId: string;
	/** Places, when there are several. */
	readonly details: NonNullable<Problem["error"]["details"]>;
	constructor(status: number, problem: Problem["error"]) {
		super(problem.message);
		this.status = status;
		this.code = problem.code;
		this.remedy = problem.remedy;
		this.requestId = problem.requestId;
		this.details = problem.details ?? [];
	}
}

/** For people: what happened and what to do. */
export function why(error: Error): string {
	return error instanceof ApiError ? `${error.message} ${error.remedy}` : error.message;
}

const UNREACHABLE: Problem["error"] = {
	code: "unreachable",
	message: "The server was not reached.",
	remedy: "Check the network, or whether the server runs. The console goes on trying.",
	requestId: "",
};

interface Send {
	readonly method?: string;
	readonly body?: unknown;
	readonly csrfToken?: string;
	/** Version that the person saw; the server refuses with 412 when it is no longer the current one. */
	readonly version?: number;
	/** The same act again carries the same one. */
	readonly idempotencyKey?: string;
}

/** Sentences that the server words tell times of here. */
const TIME_ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** One request of the API. Throws ApiError for whatever is no success. */
export async function call<T>(path: string, send: Send = {}, signal?: AbortSignal): Promise<T> {
	const headers: Record<string, string> = { accept: "application/json", "x-time-zone": TIME_ZONE };
	if (send.body !== undefined) headers["content-type"] = "application/json";
	if (send.csrfToken !== undefined) headers["x-csrf-token"] = send.csrfToken;
	if (send.idempotencyKey !== undefined) headers["idempotency-key"] = send.idempotencyKey;
	if (send.version !== undefined) headers["if-match"] = `"${send.version}"`;
	let response: Response;
	try {
		response = await fetch(`/api/v1${path}`, {
			method: send.method ?? "GET",
			headers,
			body: send.body === undefined ? null : JSON.stringify(send.body),
			signal: signal ?? null,
		});
	} catch (error) {
		if (signal?.aborted) throw error;
		throw new ApiError(0, UNREACHABLE);
	}
	const text = await response.text();
	const body = parse(text);
	if (response.ok) return body as T;
	throw new ApiError(response.status, problemOf(body, response.status, response.headers.get("x-request-id") ?? ""));
}

function parse(text: string): unknown {
	try {
		return text === "" ? undefined : JSON.parse(text);
	} catch {
		return undefined;
	}
}

function problemOf(body: unknown, status: number, requestId: string): Problem["error"] {
	const problem = (body as Partial<Problem> | undefined)?.error;
	if (problem !== undefined && typeof problem.message === "string") return problem;
	return {
		code: `http-${status}`,
		message: `The server answered ${status} without an explanation.`,
		remedy: "Try again; if it stays, look for the request id in the server's log.",
		requestId,
	};
}

/** Lists come as `{ items, next }`. */
function list<T>(path: string, signal: AbortSignal): Promise<readonly T[]> {
	return call<{ items: readonly T[] }>(path, {}, signal).then((page) => page.items);
}

export const sessionQuery = queryOptions({
	queryKey: ["session"],
	queryFn: ({ signal }) => call<Session>("/session", {}, signal),
	staleTime: Number.POSITIVE_INFINITY,
});

export const fleetQuery = queryOptions({
	queryKey: ["fleet"],
	queryFn: ({ signal }) => call<FleetView>("/fleet", {}, signal),
});

export const onCallQuery = queryOptions({
	queryKey: ["oncall"],
	queryFn: ({ signal }) => call<OnCallView>("/oncall", {}, signal),
	staleTime: 60_000,
	refetchInterval: 300_000,
});

export interface IncidentPage {
	readonly items: readonly IncidentSummary[];
	/** Cursor of the older ones; null at the end. */
	readonly next: string | null;
}

/** Newest first, a hundred at a time. */
export const incidentsQuery = (show: "open" | "held" | "all") =>
	infiniteQueryOptions({
		queryKey: ["incidents", show],
		queryFn: ({ pageParam, signal }) => {
			const query = new URLSearchParams({ limit: "100" });
			if (show === "open") query.set("state", "open");
			if (show === "held") query.set("held", "true");
			if (pageParam !== "") query.set("after", pageParam);
			return call<IncidentPage>(`/incidents?${query}`, {}, signal);
		},
		initialPageParam: "",
		getNextPageParam: (page) => page.next ?? undefined,
	});

/** Every list of incidents, whichever it shows. */
export const ALL_INCIDENT_LISTS = ["incidents"] as const;

export const incidentQuery = (id: string) =>
	queryOptions({
		queryKey: ["incident", id],
		queryFn: ({ signal }) => call<IncidentDetail>(`/incidents/${encodeURIComponent(id)}`, {}, signal),
	});

export const programQuery = queryOptions({
	queryKey: ["program"],
	queryFn: ({ signal }) => call<ProgramReport>("/reports/program", {}, signal),
});

/** In an address the fleet's own aggregate has this name. */
const FLEET_IN_PATH = "~fleet";

/** Counted events per window; windows without events are not in it. An empty tenant is the fleet. */
export const windowsQuery = (tenant: string, slo: string, spanMs: number, resolutionMs: number) =>
	queryOptions({
		queryKey: ["windows", tenant, slo, spanMs, resolutionMs],
		queryFn: ({ signal }) => {
			const to = (Math.floor(Date.now() / resolutionMs) + 1) * resolutionMs;
			const path = `/tenants/${encodeURIComponent(tenant || FLEET_IN_PATH)}/slis/${encodeURIComponent(slo)}/windows`;
			return call<WindowsView>(`${path}?from=${to - spanMs}&to=${to}&resolutionMs=${resolutionMs}`, {}, signal);
		},
		refetchInterval: 30_000,
	});

/** Percentiles of latency per window; for SLOs that have latencies. An empty tenant is the fleet. */
export const latenciesQuery = (tenant: string, slo: string, spanMs: number, resolutionMs: number) =>
	queryOptions({
		queryKey: ["latencies", tenant, slo, spanMs, resolutionMs],
		queryFn: ({ signal }) => {
			const to = (Math.floor(Date.now() / resolutionMs) + 1) * resolutionMs;
			const path = `/tenants/${encodeURIComponent(tenant || FLEET_IN_PATH)}/slis/${encodeURIComponent(slo)}/latencies`;
			return call<LatenciesView>(`${path}?from=${to - spanMs}&to=${to}&resolutionMs=${resolutionMs}`, {}, signal);
		},
		refetchInterval: 30_000,
	});

/** Events by each attribute that the SLO keeps, the most bad ones first. An empty tenant is the fleet. */
export const attributesQuery = (tenant: string, slo: string, from: number, to: number) =>
	queryOptions({
		queryKey: ["attributes", tenant, slo, from, to],
		queryFn: ({ signal }) => {
			const path = `/tenants/${encodeURIComponent(tenant || FLEET_IN_PATH)}/slis/${encodeURIComponent(slo)}/attributes`;
			return call<AttributesView>(`${path}?from=${from}&to=${to}&limit=1000`, {}, signal);
		},
		refetchInterval: 30_000,
		placeholderData: keepPreviousData,
	});

/** Where the key tenants' ratios lie over time; only for who sees all of them. */
export const spreadQuery = (slo: string, spanMs: number, resolutionMs: number) =>
	queryOptions({
		queryKey: ["spread", slo, spanMs, resolutionMs],
		queryFn: ({ signal }) => {
			const to = (Math.floor(Date.now() / resolutionMs) + 1) * resolutionMs;
			const path = `/slis/${encodeURIComponent(slo)}/spread?from=${to - spanMs}&to=${to}&resolutionMs=${resolutionMs}`;
			return call<SpreadView>(path, {}, signal);
		},
		refetchInterval: 60_000,
	});

export const slosQuery = queryOptions({
	queryKey: ["slos"],
	queryFn: ({ signal }) => list<SloSummary>("/slos", signal),
	refetchInterval: 15_000,
});

export const sloQuery = (name: string) =>
	queryOptions({
		queryKey: ["slo", name],
		queryFn: ({ signal }) => call<SloDetail>(`/slos/${encodeURIComponent(name)}`, {}, signal),
		refetchInterval: 15_000,
	});

/** How the budget of the period was spent. An empty tenant is the fleet. */
export const budgetQuery = (tenant: string, slo: string) =>
	queryOptions({
		queryKey: ["budget", tenant, slo],
		queryFn: ({ signal }) => {
			const path = `/tenants/${encodeURIComponent(tenant || FLEET_IN_PATH)}/slis/${encodeURIComponent(slo)}/budget`;
			return call<BudgetView>(path, {}, signal);
		},
		refetchInterval: 60_000,
	});

export const monitorsQuery = queryOptions({
	queryKey: ["monitors"],
	queryFn: ({ signal }) => list<MonitorLine>("/monitors", signal),
	refetchInterval: 30_000,
});

export const monitorQuery = (name: string) =>
	queryOptions({
		queryKey: ["monitor", name],
		queryFn: ({ signal }) => call<MonitorDetail>(`/monitors/${encodeURIComponent(name)}`, {}, signal),
		refetchInterval: 30_000,
	});

export const sourcesQuery = queryOptions({
	queryKey: ["sources"],
	queryFn: ({ signal }) => call<SourcesView>("/sources", {}, signal),
	refetchInterval: 10_000,
});

export const channelsQuery = queryOptions({
	queryKey: ["channels"],
	queryFn: ({ signal }) => call<ChannelsView>("/channels", {}, signal),
	refetchInterval: 10_000,
});

/** Test pages until each has an outcome. */
export const pageTestsQuery = (ids: readonly string[]) =>
	queryOptions({
		queryKey: ["page-tests", ...ids],
		queryFn: ({ signal }) => list<PageTest>(`/page-tests?ids=${ids.join(",")}`, signal),
		refetchInterval: ({ state }) => (state.data?.every(({ status }) => status !== "waiting") ? false : 1_000),
	});

export const healthQuery = queryOptions({
	queryKey: ["health"],
	queryFn: ({ signal }) => call<HealthDetails>("/health/details", {}, signal),
	refetchInterval: 10_000,
});

export type MatchState = "all" | "matched" | "unmatched";
/** Every list of ids, whatever it was asked for. */
export const ALL_MATCH_LISTS = ["match"] as const;

/** Ids in the telemetry, unmatched first, fifty at a time. */
export const matchQuery = (state: MatchState, search: string | undefined) =>
	infiniteQueryOptions({
		queryKey: ["match", state, search ?? ""],
		queryFn: ({ pageParam, signal }) => {
			const query = new URLSearchParams({ limit: "50", state });
			if (search !== undefined) query.set("search", search);
			if (pageParam !== "") query.set("cursor", pageParam);
			return call<MatchView>(`/match?${query}`, {}, signal);
		},
		initialPageParam: "",
		getNextPageParam: (page) => page.nextCursor ?? undefined,
	});

export const registerQuery = (tenant: string) =>
	queryOptions({
		queryKey: ["register", tenant],
		queryFn: ({ signal }) => call<RegisterView>(`/tenants/${encodeURIComponent(tenant)}/register`, {}, signal),
		refetchInterval: 30_000,
	});

/** Changes that may touch a tenant's workload and began in the last `spanMs`, the newest first. */
export const changesQuery = (tenant: string, workload: string, spanMs: number) =>
	queryOptions({
		queryKey: ["changes", tenant, workload, spanMs],
		queryFn: ({ signal }) => {
			const query = new URLSearchParams({ tenant, workload, from: String(Date.now() - spanMs), limit: "20" });
			return list<Change>(`/changes?${query}`, signal);
		},
		refetchInterval: 60_000,
	});

export const phoneQuery = queryOptions({
	queryKey: ["phone"],
	queryFn: ({ signal }) => list<PhoneMessage>("/phone", signal),
});

/** What a person may do. Each is a POST with the session's proof and the version that the person saw. */
export interface Actions {
	acknowledge(id: string, version?: number): Promise<unknown>;
	mitigate(id: string, version: number): Promise<unknown>;
	resolve(
		id: string,
		version: number,
		body: { verdict: Verdict; reason: string; duplicateOf?: string },
	): Promise<unknown>;
	note(id: string, text: string): Promise<unknown>;
	editNotice(notice: Notice, text: { subject: string; body: string }): Promise<Notice>;
	approveNotice(notice: Notice): Promise<unknown>;
	discardNotice(notice: Notice): Promise<unknown>;
	testSource(name: string): Promise<SourceTrial>;
	/** Without a person: to the channel's own address. */
	testPage(channel: string, person: string | undefined): Promise<PageTestAsked>;
	makeKeyTenant(tenant: NewTenant): Promise<MadeTenant>;
}

export interface NewTenant {
	readonly attribute: string;
	readonly value: string;
	readonly name: string;
	readonly displayName: string;
	readonly tier?: string | undefined;
	readonly workloads: readonly string[];
}

export function actionsOf(csrfToken: string): Actions {
	const incident = (id: string, verb: string) => `/incidents/${encodeURIComponent(id)}/${verb}`;
	const notice = (n: Notice) => `/notices/${encodeURIComponent(n.id)}`;
	const post = <T = unknown>(path: string, body: unknown, version?: number) =>
		call<T>(path, { method: "POST", body, csrfToken, ...(version === undefined ? {} : { version }) });
	return {
		acknowledge: (id, version) => post(incident(id, "acknowledge"), {}, version),
		mitigate: (id, version) => post(incident(id, "mitigate"), {}, version),
		resolve: (id, version, body) => post(incident(id, "resolve"), body, version),
		note: (id, text) => post(incident(id, "notes"), { text }),
		editNotice: (n, text) => call(notice(n), { method: "PUT", body: text, csrfToken, version: n.version }),
		approveNotice: (n) => post(`${notice(n)}/approve`, {}, n.version),
		discardNotice: (n) => post(`${notice(n)}/discard`, {}, n.version),
		testPage: (channel, person) =>
			post<PageTestAsked>("/page-tests", { channel, ...(person === undefined ? {} : { person }) }),
		testSource: (name) => post<SourceTrial>(`/sources/${encodeURIComponent(name)}:test`, {}),
		makeKeyTenant: (tenant) => post<MadeTenant>("/match/key-tenants", tenant),
	};
}
