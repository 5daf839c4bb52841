import type { SeverityKey } from "@bellwether/model";
import { Liquid } from "liquidjs";
import { bounded } from "./assemble-oncall.ts";
import type { Entry } from "./entries.ts";
import { SECRET_EXAMPLE } from "./fields.ts";
import {
	INTEGRATION_FACTS,
	type InboundAuth,
	type Integration,
	type IntegrationAuth,
	type IntegrationKind,
} from "./integration-types.ts";
import { type Context, record, sortedSet } from "./references.ts";
import { escapeControls, oneOf, show, suggest } from "./wording.ts";

const NAMES: Readonly<Record<IntegrationKind, string>> = {
	pagerduty: "PagerDuty",
	servicenow: "ServiceNow",
	jira: "Jira",
	"azure-devops": "Azure DevOps",
	icm: "ICM",
};

const TYPES: Readonly<Partial<Record<IntegrationKind, string>>> = {
	servicenow: "incident",
	jira: "Task",
	"azure-devops": "Issue",
};

const INBOUND: Readonly<Partial<Record<IntegrationKind, InboundAuth>>> = {
	pagerduty: "pagerduty",
	jira: "hub-signature",
	"azure-devops": "basic",
};

const DEFAULT_TIMEOUT_MS = 10_000;
const liquid = new Liquid({ strictFilters: true, ownPropertyOnly: true, parseLimit: 4_096, templates: {} });

export function assembleIntegrations(context: Context): Integration[] {
	const secrets = new Map<string, string>();
	return context.entries.of("Integration").map((entry) => {
		const { spec, metadata } = entry.input;
		const inbound = inboundOf(context, entry, secrets);
		checkFields(context, entry);
		for (const list of ["workloads", "tenants"] as const) {
			for (const [k, name] of (spec.when?.[list] ?? []).entries()) {
				const kinds = list === "workloads" ? (["Workload", "Service"] as const) : (["KeyTenant"] as const);
				context.refer(kinds, name, entry.document, ["spec", "when", list, k]);
			}
		}
		return {
			name: entry.name,
			displayName: metadata.displayName ?? NAMES[spec.kind],
			kind: spec.kind,
			url: urlOf(context, entry).replace(/\/+$/, ""),
			auth: authOf(context, entry),
			project: projectOf(context, entry),
			type: typeOf(context, entry),
			when: {
				severity: String(spec.when?.severity ?? "2.5") as SeverityKey,
				workloads: sortedSet(spec.when?.workloads ?? []),
				tenants: sortedSet(spec.when?.tenants ?? []),
			},
			severities: texts(spec.severities ?? {}),
			states: texts(spec.states ?? {}),
			fields: record(Object.entries(spec.fields ?? {})),
			answer: texts(spec.answer ?? {}),
			...(inbound === undefined ? {} : { inbound }),
			timeoutMs: bounded(context, entry, ["spec", "timeout"], spec.timeout, DEFAULT_TIMEOUT_MS, 1_000, 60_000),
		};
	});
}

function texts(written: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string>> {
	return record(
		Object.entries(written).flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const])),
	);
}

function urlOf(context: Context, entry: Entry<"Integration">): string {
	const { url, kind } = entry.input.spec;
	if (url !== undefined) {
		const { pathname, search } = new URL(url);
		if (search !== "" || (kind !== "icm" && kind !== "jira" && kind !== "azure-devops" && pathname !== "/")) {
			const message = `spec.url has a ${search !== "" ? "query" : "path"}, which is not used.`;
			context.error(entry, ["spec", "url"], message, "Write scheme and host alone, such as https://host.");
		}
		return url;
	}
	if (kind === "pagerduty") return "https://events.pagerduty.com";
	if (kind === "azure-devops") return "https://dev.azure.com";
	context.error(
		entry,
		["spec"],
		`Integration ${show(entry.name)} has no url.`,
		"Write the address of the system.",
		"key",
	);
	return "";
}

function authOf(context: Context, entry: Entry<"Integration">): IntegrationAuth {
	const { kind, auth = {} } = entry.input.spec;
	const used = kind === "pagerduty" ? ["routingKey", "apiToken", "from", "apiUrl"] : ["bearer", "basic"];
	for (const field of Object.keys(auth)) {
		if (used.includes(field) || auth[field as keyof typeof auth] === undefined) continue;
		const remedy = `Write ${oneOf(used)}.`;
		context.error(entry, ["spec", "auth", field], `spec.auth.${field} is not used by ${kind}.`, remedy, "key");
	}
	if (kind === "pagerduty") {
		if (auth.routingKey === undefined) {
			const message = "PagerDuty needs the integration key of a service, and spec.auth.routingKey is missing.";
			context.error(entry, ["spec"], message, `Write auth: { routingKey: ${SECRET_EXAMPLE} }.`, "key");
		}
		if ((auth.apiToken === undefined) !== (auth.from === undefined)) {
			const message = "spec.auth.apiToken and spec.auth.from go together: the REST API acts as a user.";
			context.error(entry, ["spec", "auth"], message, "Write both, or neither.", "key");
		}
		return {
			kind: "pagerduty",
			routingKeyRef: auth.routingKey ?? "",
			...(auth.apiToken === undefined ? {} : { tokenRef: auth.apiToken }),
			...(auth.from === undefined ? {} : { from: auth.from }),
			apiUrl: (auth.apiUrl ?? "https://api.pagerduty.com").replace(/\/+$/, ""),
		};
	}
	if (auth.bearer !== undefined && auth.basic !== undefined) {
		context.error(entry, ["spec", "auth"], "spec.auth has two ways to sign in.", "Keep one of them.", "key");
	}
	if (auth.bearer !== undefined) return { kind: "bearer", tokenRef: auth.bearer };
	if (auth.basic) return { kind: "basic", user: auth.basic.user, passwordRef: auth.basic.password };
	if (kind !== "icm") {
		const message = `Integration ${show(entry.name)} has no way to sign in: spec.auth is missing.`;
		context.error(entry, ["spec"], message, `Write auth: { bearer: ${SECRET_EXAMPLE} } or basic.`, "key");
	}
	return { kind: "none" };
}

const PROJECTS: Readonly<Partial<Record<IntegrationKind, { pattern: RegExp; example: string }>>> = {
	jira: { pattern: /^[A-Z][A-Z0-9_]{1,254}$/, example: "CRE" },
	"azure-devops": { pattern: /^[^/\\"'?#%\s][^/\\"'?#%]*\/[^/\\"'?#%]+$/, example: "contoso/Reliability" },
};

function projectOf(context: Context, entry: Entry<"Integration">): string {
	const { kind, project } = entry.input.spec;
	const wanted = PROJECTS[kind];
	if (!wanted) {
		if (project === undefined) return "";
		context.error(entry, ["spec", "project"], `spec.project is not used by ${kind}.`, "Remove it.", "key");
		return "";
	}
	if (project !== undefined && wanted.pattern.test(project)) return project;
	const remedy = `Write one such as ${wanted.example}.`;
	if (project === undefined) context.error(entry, ["spec"], `${kind} needs spec.project.`, remedy, "key");
	else context.error(entry, ["spec", "project"], `spec.project ${show(project)} is no project of ${kind}.`, remedy);
	return project ?? "";
}

function typeOf(context: Context, entry: Entry<"Integration">): string {
	const { kind, type } = entry.input.spec;
	const fallback = TYPES[kind];
	if (type !== undefined && fallback === undefined) {
		context.error(entry, ["spec", "type"], `spec.type is not used by ${kind}.`, "Remove it.", "key");
	}
	if (kind === "servicenow" && type !== undefined && !/^[a-z][a-z0-9_]{0,79}$/.test(type)) {
		context.error(entry, ["spec", "type"], `spec.type ${show(type)} is no table.`, "Write one such as incident.");
	}
	return type ?? fallback ?? "";
}

function inboundOf(
	context: Context,
	entry: Entry<"Integration">,
	secrets: Map<string, string>,
): Integration["inbound"] {
	const { kind, inbound } = entry.input.spec;
	if (!inbound) return undefined;
	const other = secrets.get(inbound.secret);
	if (other !== undefined) {
		const message = `spec.inbound.secret is also that of Integration ${show(other)}: a message to one would be good for both.`;
		const remedy = `Give each integration its own, such as ${SECRET_EXAMPLE}.`;
		context.error(entry, ["spec", "inbound", "secret"], message, remedy);
	}
	secrets.set(inbound.secret, entry.name);
	return { auth: inbound.auth ?? INBOUND[kind] ?? "standard-webhooks", secretRef: inbound.secret };
}

/** A template that names a fact that does not exist would fail at night, with the first incident. */
function checkFields(context: Context, entry: Entry<"Integration">): void {
	const { kind, fields = {}, answer } = entry.input.spec;
	if (answer && kind !== "icm") {
		context.error(entry, ["spec", "answer"], `spec.answer is not used by ${kind}.`, "Remove it.", "key");
	}
	for (const [field, text] of Object.entries(fields)) {
		const at = ["spec", "fields", field];
		try {
			for (const fact of Object.keys(liquid.analyzeSync(liquid.parse(text), { partials: false }).globals)) {
				if ((INTEGRATION_FACTS as readonly string[]).includes(fact)) continue;
				const message = `spec.fields.${field} names the unknown fact ${show(fact)}.`;
				context.error(
					entry,
					at,
					message,
					suggest(fact, INTEGRATION_FACTS, `Write one of ${oneOf(INTEGRATION_FACTS)}.`),
				);
			}
		} catch (error) {
			const reason = escapeControls((error as Error).message.split("\n")[0]?.replace(/, (?:file|line):.*$/, "") ?? "");
			context.error(entry, at, `Liquid: ${reason}.`, "Correct the tag; {{ title }} prints a fact.");
		}
	}
}
