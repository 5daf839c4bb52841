import { assembleAliases, placeOfValue } from "./assemble-aliases.ts";
import { attributes } from "./attributes.ts";
import { type Claim, checkClaims } from "./claims.ts";
import { claim, type Entry } from "./entries.ts";
import type { Input } from "./kinds.ts";
import { readOverrides } from "./monitor-terms.ts";
import { type Context, displayName, record, sortedSet } from "./references.ts";
import { WEEKDAYS } from "./schedule-types.ts";
import { writtenSlos } from "./slo-names.ts";
import type { SourceDocument } from "./source.ts";
import type { KeyTenant, Place, Tier, Workload } from "./types.ts";
import { count, oneOf, type Path, pathText, show } from "./wording.ts";

export const DEFAULT_TIER = "default";

type TenantFields = Omit<Input<"KeyTenant">["spec"], "match" | "aliases">;
type TenantMatch = NonNullable<Input<"KeyTenant">["spec"]["match"]>;
type TenantAliases = NonNullable<Input<"KeyTenant">["spec"]["aliases"]>;

/** A tenant as it is written, from a document of its own or from a list. `path` leads to its fields. */
interface WrittenTenant {
	readonly name: string;
	readonly displayName: string;
	readonly document: SourceDocument;
	readonly path: Path;
	readonly match: TenantMatch;
	readonly aliases: TenantAliases;
	readonly own: TenantFields;
	readonly defaults: TenantFields;
	readonly defaultsPath: Path;
}

export function assembleTiers(context: Context): Tier[] {
	const tiers = context.entries.of("Tier").map((entry) => ({
		name: entry.name,
		displayName: displayName(entry),
		rank: entry.input.spec.rank,
		objectives: objectives(
			context,
			entry.document,
			["spec", "objectives"],
			entry.input.spec.objectives,
			`Tier/${entry.name}`,
		),
		...readOverrides(context, entry.document, ["spec", "monitors"], entry.input.spec.monitors, `Tier/${entry.name}`),
	}));
	if (tiers.some((tier) => tier.name === DEFAULT_TIER)) return tiers;
	return [...tiers, plainTier(DEFAULT_TIER, "Default")];
}

/** Tiers that tenants name although the catalogue declares none at all: labels, in the order of their names. */
export function labelTiers(tiers: readonly Tier[], tenants: readonly KeyTenant[]): Tier[] {
	const known = new Set(tiers.map((tier) => tier.name));
	const names = new Set(tenants.map((tenant) => tenant.tier).filter((name) => !known.has(name)));
	return [...names].map((name) => plainTier(name, name));
}

function plainTier(name: string, displayName: string): Tier {
	return { name, displayName, rank: 1_000, objectives: record([]) };
}

export function assembleTenants(context: Context, workloads: readonly Workload[]): KeyTenant[] {
	const written = [
		...context.entries.of("KeyTenant").map(fromDocument),
		...context.entries.of("KeyTenantList").flatMap(fromList),
	];
	const names = new Map<string, Place>();
	const claims: Claim[] = [];
	const tenants = written.flatMap((tenant) => {
		const namePath = tenant.path[1] === "tenants" ? [...tenant.path, "name"] : ["metadata", "name"];
		const place = tenant.document.place(namePath);
		if (!claim(names, tenant.name, place, "KeyTenant", tenant.name, context.findings)) return [];
		const match = attributes(context, tenant.document, [...tenant.path, "match"], tenant.match);
		const timeZone = tenant.own.timeZone ?? tenant.defaults.timeZone ?? "UTC";
		const read = assembleAliases(context, tenant, [...tenant.path, "aliases"], tenant.aliases, timeZone);
		if (tenant.aliases.length === 0) requireMatch(context, tenant, match);
		claims.push(...claimsOfMatch(tenant, match), ...read.claims);
		const assembled = assembleTenant(context, tenant, match, workloads);
		return [read.aliases.length > 0 ? { ...assembled, aliases: read.aliases } : assembled];
	});
	checkClaims(context, claims);
	return tenants;
}

function fromDocument(entry: Entry<"KeyTenant">): WrittenTenant {
	const { match = {}, aliases = [], ...own } = entry.input.spec;
	const path: Path = ["spec"];
	return {
		name: entry.name,
		displayName: displayName(entry),
		document: entry.document,
		path,
		match,
		aliases,
		own,
		defaults: {},
		defaultsPath: path,
	};
}

function fromList(entry: Entry<"KeyTenantList">): WrittenTenant[] {
	const defaults = entry.input.spec.defaults ?? {};
	return entry.input.spec.tenants.map(({ name, displayName: shown, match = {}, aliases = [], ...own }, k) => ({
		name,
		displayName: shown ?? name,
		document: entry.document,
		path: ["spec", "tenants", k],
		match,
		aliases,
		own,
		defaults,
		defaultsPath: ["spec", "defaults"],
	}));
}

function assembleTenant(
	context: Context,
	tenant: WrittenTenant,
	match: KeyTenant["match"],
	workloads: readonly Workload[],
): KeyTenant {
	const { document, own, defaults } = tenant;
	const pathOf = (field: keyof TenantFields): Path => [
		...(own[field] === undefined ? tenant.defaultsPath : tenant.path),
		field,
	];
	const fields: TenantFields = { ...defaults, ...own };
	if (fields.tier !== undefined && fields.tier !== DEFAULT_TIER)
		checkTier(context, document, pathOf("tier"), fields.tier);
	if (fields.channel !== undefined) {
		const message = `${pathText(pathOf("channel"))} ${show(fields.channel)} has no effect yet: notices to the customer go by mail.`;
		context.warn({ document }, pathOf("channel"), message, "Write the customer's addresses under contacts.customer.");
	}
	fields.workloads?.forEach((name, k) => {
		context.refer(["Workload", "Service"], name, document, [...pathOf("workloads"), k]);
	});
	fields.holidays?.during.forEach((name, k) => {
		context.refer(["TimeInterval"], name, document, [...pathOf("holidays"), "during", k]);
	});
	const used = sortedSet(fields.workloads ?? workloads.map((workload) => workload.name));
	const owner = `KeyTenant/${tenant.name}`;
	const held = objectives(context, document, pathOf("objectives"), fields.objectives, owner);
	warnUnused(context, document, pathOf("objectives"), Object.keys(held), used);
	const contacts = fields.contacts ?? {};
	return {
		name: tenant.name,
		displayName: tenant.displayName,
		tier: fields.tier ?? DEFAULT_TIER,
		match,
		...(fields.labels === undefined ? {} : { labels: record(Object.entries(fields.labels)) }),
		workloads: used,
		timeZone: fields.timeZone ?? "UTC",
		...(fields.holidays && {
			holidays: {
				during: sortedSet(fields.holidays.during),
				likeWeekday: (WEEKDAYS.indexOf(fields.holidays.like ?? "sun") + 1) % 7,
			},
		}),
		language: fields.language ?? "en",
		objectives: held,
		...readOverrides(context, document, pathOf("monitors"), fields.monitors, owner),
		...(fields.limits === undefined ? {} : { limits: { ...fields.limits } }),
		...(fields.users === undefined ? {} : { users: fields.users }),
		contacts: {
			...(contacts.csam === undefined ? {} : { csam: contacts.csam }),
			...(contacts.support === undefined ? {} : { support: contacts.support }),
			customer: sortedSet(contacts.customer ?? []),
		},
	};
}

/** Where no tier is declared a tier is a label; where some are, another name is a slip. */
function checkTier(context: Context, document: SourceDocument, path: Path, tier: string): void {
	if (context.entries.of("Tier").length > 0 || !context.complete("Tier")) {
		context.refer(["Tier"], tier, document, path);
		return;
	}
	const message = `${pathText(path)} ${show(tier)} is declared nowhere; it is taken as a label.`;
	context.warn(
		{ document },
		path,
		message,
		"Write a document of kind Tier with this name for its order and objectives.",
	);
}

/** An objective for a workload that the tenant does not use. Told only where every name is known, else it is no fact. */
function warnUnused(
	context: Context,
	document: SourceDocument,
	path: Path,
	slos: readonly string[],
	used: readonly string[],
): void {
	const known = new Set([...context.names("Workload"), ...context.names("Service")]);
	if (used.some((name) => !known.has(name))) return;
	for (const slo of slos) {
		const service = writtenSlos(context.entries).find((each) => each.name === slo)?.entry.input.spec.service;
		if (service === undefined || used.includes(service) || !known.has(service)) continue;
		const message = `${pathText(path)} sets ${show(slo)}, but the tenant does not use ${service}.`;
		context.warn({ document }, [...path, slo], message, `Add ${service} to workloads, or remove the objective.`, "key");
	}
}

function requireMatch(context: Context, tenant: WrittenTenant, match: KeyTenant["match"]): void {
	if (Object.keys(match).length > 0) return;
	const path = [...tenant.path, "match"];
	const message = `${pathText(path)} is empty, so no telemetry belongs to ${tenant.name}.`;
	context.error(tenant, path, message, "Write an attribute and its values, such as tenant.id: [3f2a9c1e].");
}

function claimsOfMatch({ name, document, path, match: written }: WrittenTenant, match: KeyTenant["match"]): Claim[] {
	return Object.entries(match).flatMap(([attribute, values]) => {
		const at = [...path, "match", attribute];
		return values.map((value) => ({
			tenant: name,
			attribute,
			value,
			isPattern: false,
			path: at,
			place: () => placeOfValue(document, at, written[attribute], value),
		}));
	});
}

function objectives(
	context: Context,
	document: SourceDocument,
	path: Path,
	input: Readonly<Record<string, number>> | undefined,
	owner: string,
): Readonly<Record<string, number>> {
	const names = Object.keys(input ?? {}).toSorted();
	for (const name of names) {
		context.refer(["SLO"], name, document, [...path, name], "key");
		context.note(`${owner}/objectives/${name}`, document, [...path, name]);
	}
	return record(names.map((name) => [name, input?.[name] as number] as const));
}

/** Workloads, and services of OpenSLO that have no Workload of their name. */
export function assembleWorkloads(context: Context): Workload[] {
	const workloads = context.entries.of("Workload").map((entry) => assembleWorkload(context, entry));
	const named = new Set([...workloads.map((workload) => workload.name), ...context.entries.broken("Workload")]);
	const services = context.entries.of("Service").filter((entry) => !named.has(entry.name));
	for (const entry of services) {
		const message = `Service ${show(entry.name)} has no Workload, so nobody owns it.`;
		context.warn(
			entry,
			["metadata", "name"],
			message,
			"Write a bellwether/v1 Workload of the same name with its owner.",
		);
	}
	return [
		...workloads,
		...services.map((entry) => ({
			name: entry.name,
			displayName: displayName(entry),
			owner: "unassigned",
			runbook: [],
		})),
	];
}

function assembleWorkload(context: Context, entry: Entry<"Workload">): Workload {
	const { spec } = entry.input;
	const slos = context.entries.of("SLO").filter((slo) => slo.input.spec.service === entry.name);
	if (spec.leadSlo !== undefined && context.refer(["SLO"], spec.leadSlo, entry.document, ["spec", "leadSlo"])) {
		const lead = writtenSlos(context.entries).find((slo) => slo.name === spec.leadSlo)?.entry;
		const service = lead?.input.spec.service;
		if (service !== undefined && service !== entry.name && context.names("Workload").includes(service)) {
			const message = `spec.leadSlo ${show(spec.leadSlo)} belongs to ${service}.`;
			const own = slos.map((slo) => slo.name).toSorted();
			context.error(entry, ["spec", "leadSlo"], message, own.length > 0 ? `Write ${oneOf(own)}.` : "Remove it.");
		}
	}
	if (spec.escalation !== undefined && spec.escalation !== "default") {
		context.refer(["EscalationPolicy"], spec.escalation, entry.document, ["spec", "escalation"]);
	}
	const raci = spec.raci && checkRaci(context, entry, spec.raci);
	return {
		name: entry.name,
		displayName: displayName(entry),
		owner: spec.owner,
		...(spec.leadSlo === undefined ? {} : { leadSlo: spec.leadSlo }),
		...(spec.escalation === undefined ? {} : { escalation: spec.escalation }),
		...readOverrides(context, entry.document, ["spec", "monitors"], spec.monitors, `Workload/${entry.name}`),
		runbook: spec.runbook ?? [],
		...(spec.criticality === undefined ? {} : { criticality: spec.criticality }),
		...(raci === undefined ? {} : { raci }),
	};
}

/** Each step has exactly one accountable party: with none nobody decides, with two nobody does either. */
function checkRaci(
	context: Context,
	entry: Entry<"Workload">,
	raci: Readonly<Record<string, Readonly<Record<string, string>>>>,
): NonNullable<Workload["raci"]> {
	for (const [step, parties] of Object.entries(raci)) {
		const accountable = Object.keys(parties).filter((party) => parties[party]?.includes("A"));
		if (accountable.length === 1) continue;
		const path = ["spec", "raci", step];
		const who =
			accountable.length === 0
				? "no accountable party"
				: `${count(accountable.length, "accountable party", "accountable parties")} (${accountable.toSorted().join(", ")})`;
		context.error(entry, path, `${pathText(path)} has ${who}.`, "Give exactly one party an A (or RA).", "key");
	}
	return record(
		Object.keys(raci)
			.toSorted()
			.map((step) => {
				const parties = raci[step] ?? {};
				return [
					step,
					record(
						Object.keys(parties)
							.toSorted()
							.map((party) => [party, parties[party] === "AR" ? "RA" : (parties[party] as string)] as const),
					),
				] as const;
			}),
	);
}
