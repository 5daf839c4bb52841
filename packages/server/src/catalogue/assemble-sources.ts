import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "@bellwether/model";
import { bounded } from "./assemble-oncall.ts";
import { attributes } from "./attributes.ts";
import type { Entry } from "./entries.ts";
import type { Input } from "./kinds.ts";
import { PULL_KINDS } from "./kinds-sources.ts";
import { type Context, displayName } from "./references.ts";
import type { PullKind, PullQuery, PullSettings, Slo, Source, SourceAuth } from "./types.ts";
import { type Path, pathText, show } from "./wording.ts";

type SpecInput = Input<"Source">["spec"];
type QueryInput = NonNullable<SpecInput["queries"]>[number];

const STEP_MS = 10_000;
const SENDER_FIELDS: readonly string[] = ["limits", "expectEvery"];
const DEFAULT_RESPONSE_BYTES = 20 * 1_048_576;

/** Declared sources. What only one sort of source knows is checked here, because the shape is the same for all. */
export function assembleSources(context: Context, slos: readonly Slo[]): Source[] {
	return context.entries.of("Source").map((entry): Source => {
		const { kind } = entry.input.spec;
		const base = { name: entry.name, displayName: displayName(entry), kind };
		if (!isPull(kind)) {
			refusePullFields(context, entry);
			return { ...base, ...senderFields(context, entry) };
		}
		refuseSenderFields(context, entry);
		return { ...base, pull: pullSettings(context, entry, kind, slos) };
	});
}

function isPull(kind: string): kind is PullKind {
	return (PULL_KINDS as readonly string[]).includes(kind);
}

function refusePullFields(context: Context, entry: Entry<"Source">): void {
	const { kind, ...others } = entry.input.spec;
	for (const field of Object.keys(others).filter((each) => !SENDER_FIELDS.includes(each)))
		context.error(
			entry,
			["spec", field],
			`spec.${field} is not used by a source of kind ${kind}, which sends by itself.`,
			"Remove it.",
			"key",
		);
}

function refuseSenderFields(context: Context, entry: Entry<"Source">): void {
	const { kind, ...others } = entry.input.spec;
	for (const field of SENDER_FIELDS.filter((each) => each in others)) {
		const message = `spec.${field} is not used by a source of kind ${kind}, which is asked.`;
		context.error(entry, ["spec", field], message, "Remove it; interval and maxQueriesPerMinute bound it.", "key");
	}
}

function senderFields(context: Context, entry: Entry<"Source">): Pick<Source, "limits" | "expectEveryMs"> {
	const { limits, expectEvery } = entry.input.spec;
	return {
		...(limits === undefined ? {} : { limits: { ...limits } }),
		...(expectEvery === undefined
			? {}
			: { expectEveryMs: bounded(context, entry, ["spec", "expectEvery"], expectEvery, 0, SECOND_MS, 7 * DAY_MS) }),
	};
}

function pullSettings(context: Context, entry: Entry<"Source">, kind: PullKind, slos: readonly Slo[]): PullSettings {
	const { spec } = entry.input;
	const at = (field: string): Path => ["spec", field];
	const time = (field: keyof SpecInput & string, defaultMs: number, minMs: number, maxMs: number) =>
		bounded(context, entry, at(field), spec[field] as string | undefined, defaultMs, minMs, maxMs);
	checkUrl(context, entry, kind);
	const stepMs = time("step", MINUTE_MS, STEP_MS, HOUR_MS);
	if (stepMs % STEP_MS !== 0) {
		const message = `spec.step ${show(spec.step)} is not a multiple of 10s.`;
		context.error(entry, at("step"), message, "Write 10s, 30s, 1m, 5m …");
	}
	if ((kind === "kusto" || kind === "log-analytics") && spec.database === undefined) {
		const what = kind === "kusto" ? "the database" : "the workspace id";
		context.error(entry, ["spec"], "spec.database is missing.", `Write ${what} that is queried.`, "key");
	}
	if (spec.tls !== undefined && kind !== "postgresql") {
		const remedy = "Remove it; the url says http or https.";
		context.error(entry, at("tls"), `spec.tls is not used by a source of kind ${kind}.`, remedy, "key");
	}
	const queries = spec.queries ?? [];
	if (queries.length === 0) {
		const message = `Source ${show(entry.name)} has no queries, so nothing is asked.`;
		context.error(entry, ["spec"], message, "Write queries with one entry per SLO.", "key");
	}
	const seen = new Set<string>();
	return {
		url: (spec.url ?? "").replace(/\/+$/, ""),
		...(spec.database === undefined ? {} : { database: spec.database }),
		auth: authOf(context, entry, kind),
		tls: spec.tls ?? true,
		intervalMs: time("interval", MINUTE_MS, SECOND_MS, DAY_MS),
		stepMs,
		overlapMs: time("overlap", 5 * MINUTE_MS, 0, DAY_MS),
		delayMs: time("delay", MINUTE_MS, 0, DAY_MS),
		catchUpMs: time("catchUp", 3 * HOUR_MS, MINUTE_MS, 3 * DAY_MS),
		maxRangeMs: time("maxRange", HOUR_MS, STEP_MS, DAY_MS),
		maxQueriesPerMinute: spec.maxQueriesPerMinute ?? 30,
		timeoutMs: time("timeout", 30 * SECOND_MS, 100, 10 * MINUTE_MS),
		maxResponseBytes: spec.maxResponseBytes ?? DEFAULT_RESPONSE_BYTES,
		queries: queries.flatMap((query, k) => {
			const path = ["spec", "queries", k];
			context.refer(["SLO"], query.slo, entry.document, [...path, "slo"]);
			if (seen.has(query.slo)) {
				const message = `${pathText([...path, "slo"])} ${show(query.slo)} has a query already.`;
				context.error(entry, [...path, "slo"], message, "Keep one query per SLO; it counts all tenants.");
			}
			seen.add(query.slo);
			const slo = slos.find((each) => each.name === query.slo);
			return slo ? [queryOf(context, entry, kind, path, query, slo)] : [];
		}),
	};
}

function checkUrl(context: Context, entry: Entry<"Source">, kind: PullKind): void {
	const { url } = entry.input.spec;
	const example = kind === "postgresql" ? "postgresql://db.example:5432/events" : "https://host/path";
	if (url === undefined) {
		if (kind !== "graph" && kind !== "log-analytics")
			context.error(entry, ["spec"], "spec.url is missing.", `Write url: ${example}.`, "key");
		return;
	}
	const isPostgres = url.startsWith("postgres");
	if (isPostgres === (kind === "postgresql")) return;
	context.error(entry, ["spec", "url"], `spec.url does not suit kind ${kind}.`, `Write ${example}.`);
}

function authOf(context: Context, entry: Entry<"Source">, kind: PullKind): SourceAuth {
	const { auth = {} } = entry.input.spec;
	const at: Path = ["spec", "auth"];
	const given = Object.keys(auth);
	const isAzure = kind === "kusto" || kind === "log-analytics" || kind === "graph";
	if (isAzure && given.length === 0) {
		const remedy = "Write clientCredentials, managedIdentity or bearer.";
		context.error(entry, ["spec"], `spec.auth is missing, and ${kind} answers nobody unknown.`, remedy, "key");
	}
	if (kind === "postgresql" && given.length > 0 && auth.basic === undefined) {
		context.error(entry, at, "spec.auth of a postgresql source takes user and password.", "Write basic.", "key");
	}
	return signInOf(context, entry, at, auth, defaultScope(entry, kind));
}

/** The one way to sign in that is written at `at`. */
export function signInOf(
	context: Context,
	entry: Entry<"Source"> | Entry<"Feed">,
	at: Path,
	auth: NonNullable<SpecInput["auth"]>,
	scope: string,
): SourceAuth {
	const given = Object.keys(auth);
	if (given.length > 1) {
		context.error(entry, at, `${pathText(at)} has ${given.join(" and ")}.`, "Keep one of them.", "key");
	}
	if (auth.bearer !== undefined) return { kind: "bearer", tokenRef: auth.bearer };
	if (auth.basic) return { kind: "basic", user: auth.basic.user, passwordRef: auth.basic.password };
	if (auth.managedIdentity)
		return {
			kind: "managed-identity",
			clientId: auth.managedIdentity.clientId,
			scope: auth.managedIdentity.scope ?? scope,
		};
	const client = auth.clientCredentials;
	if (!client) return { kind: "none" };
	if ((client.directory === undefined) === (client.tokenUrl === undefined)) {
		const says = client.directory === undefined ? "has neither directory nor tokenUrl" : "has directory and tokenUrl";
		const path = [...at, "clientCredentials"];
		context.error(entry, path, `${pathText(path)} ${says}.`, "Write one of the two.", "key");
	}
	return {
		kind: "client-credentials",
		tokenUrl:
			client.tokenUrl ??
			`https://login.microsoftonline.com/${encodeURIComponent(client.directory ?? "")}/oauth2/v2.0/token`,
		clientId: client.clientId,
		secretRef: client.clientSecret,
		scope: client.scope ?? scope,
	};
}

function defaultScope(entry: Entry<"Source">, kind: PullKind): string {
	const { url } = entry.input.spec;
	if (kind === "graph" && url === undefined) return "https://graph.microsoft.com/.default";
	if (kind === "log-analytics" && url === undefined) return "https://api.loganalytics.io/.default";
	return url !== undefined && URL.canParse(url) ? `${new URL(url).origin}/.default` : "";
}

function queryOf(
	context: Context,
	entry: Entry<"Source">,
	kind: PullKind,
	path: Path,
	query: QueryInput,
	slo: Slo,
): PullQuery {
	const { text, promql, columns = {}, goodWhen } = query;
	const complain = (field: string, message: string, remedy: string) =>
		context.error(entry, [...path, ...(field === "" ? [] : [field])], message, remedy, "key");
	const isThreshold = slo.indicator.kind === "threshold";
	if (kind === "prometheus") {
		for (const field of ["text", "goodWhen"] as const)
			if (query[field] !== undefined)
				complain(field, `${pathText([...path, field])} is not for prometheus.`, "Write promql, or nothing.");
		if (promql) checkPromql(context, entry, path, promql, isThreshold);
	} else {
		if (promql) complain("promql", `${pathText([...path, "promql"])} is for prometheus alone.`, "Write text.");
		if (text === undefined) complain("", `${pathText([...path, "text"])} is missing.`, "Write the query.");
		else if (!/\{\{from\}\}/.test(text) && /\{\{to\}\}/.test(text) !== /\{\{from\}\}/.test(text))
			complain("text", `${pathText([...path, "text"])} has {{to}} without {{from}}.`, "Bound it by both.");
		else if (kind !== "graph" && !(text.includes("{{from}}") && text.includes("{{to}}")))
			complain(
				"text",
				`${pathText([...path, "text"])} is not bounded by {{from}} and {{to}}, so it would count everything each time.`,
				"Write both as the bounds of the time column.",
			);
	}
	const unknown = /\{\{(?!(?:from|to|step)\}\})[^}]*\}\}/.exec(text ?? "");
	if (unknown)
		complain(
			"text",
			`${show(unknown[0])} is unknown.`,
			"Write {{from}}, {{to}} or {{step}} and nothing else in braces.",
		);
	if (goodWhen && isThreshold)
		complain("goodWhen", "goodWhen counts events, but the SLO judges a value.", "Write columns.value.");
	if (columns.good !== undefined && columns.bad !== undefined)
		complain("columns", `${pathText([...path, "columns"])} has both good and bad.`, "Keep one of the two.");
	const where = goodWhen && attributes(context, entry.document, [...path, "goodWhen"], goodWhen);
	return {
		slo: query.slo,
		...(text === undefined ? {} : { text }),
		...(promql === undefined ? {} : { promql }),
		columns: {
			tenant: columns.tenant ?? "tenant",
			time: columns.time ?? "time",
			...(isThreshold ? { value: columns.value ?? "value" } : {}),
			...(isThreshold || where ? {} : { total: columns.total ?? "total" }),
			...(isThreshold || where
				? {}
				: columns.bad === undefined
					? { good: columns.good ?? "good" }
					: { bad: columns.bad }),
		},
		...(where ? { goodWhen: where } : {}),
		tenantAttribute: query.tenantAttribute ?? columns.tenant ?? "tenant",
	};
}

function checkPromql(
	context: Context,
	entry: Entry<"Source">,
	path: Path,
	promql: NonNullable<QueryInput["promql"]>,
	isThreshold: boolean,
): void {
	const at = [...path, "promql"];
	const { good, bad, total, value } = promql;
	const isRight = isThreshold
		? value !== undefined && good === undefined && bad === undefined && total === undefined
		: value === undefined && total !== undefined && (good === undefined) !== (bad === undefined);
	if (isRight) return;
	const remedy = isThreshold ? "Write value alone." : "Write total and one of good and bad.";
	context.error(entry, at, `${pathText(at)} does not give what the SLO counts.`, remedy, "key");
}
