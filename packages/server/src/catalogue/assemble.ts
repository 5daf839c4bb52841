import { assembleAgentPolicies } from "./assemble-agents.ts";
import { assembleChannels } from "./assemble-channels.ts";
import { assembleCohorts } from "./assemble-cohorts.ts";
import { assembleEscalations } from "./assemble-escalations.ts";
import { assembleFeeds } from "./assemble-feeds.ts";
import { assembleIntegrations } from "./assemble-integrations.ts";
import { assembleMonitors, checkLatencies, checkReach } from "./assemble-monitors.ts";
import { assemblePeople, assembleTeams } from "./assemble-people.ts";
import { assembleRouting } from "./assemble-routing.ts";
import { assembleRunbooks } from "./assemble-runbooks.ts";
import { assembleSchedules } from "./assemble-schedules.ts";
import { assembleSettings } from "./assemble-settings.ts";
import { assembleSlos } from "./assemble-slos.ts";
import { assembleSources } from "./assemble-sources.ts";
import { assembleTenants, assembleTiers, assembleWorkloads, labelTiers } from "./assemble-tenants.ts";
import { checkCombined } from "./combined-thresholds.ts";
import { contentHash } from "./content-hash.ts";
import { order } from "./finding.ts";
import { type Context, record } from "./references.ts";
import type { Catalogue, NoticeTemplate } from "./types.ts";

/** Gives right documents their meaning: references, defaults, and what only the whole can tell. Lists come sorted by name. */
export function assemble(context: Context, templates: readonly NoticeTemplate[]): Catalogue {
	const settings = assembleSettings(context);
	const slos = byName(assembleSlos(context));
	const workloads = byName(assembleWorkloads(context));
	const tenants = byName(assembleTenants(context, workloads));
	const declared = assembleTiers(context);
	const tiers = [...declared, ...labelTiers(declared, tenants)].toSorted(
		(a, b) => a.rank - b.rank || order(a.name, b.name),
	);
	const channels = byName(assembleChannels(context));
	const people = byName(assemblePeople(context, channels));
	const schedules = byName(assembleSchedules(context));
	const escalations = byName(assembleEscalations(context, schedules, people, channels));
	const monitors = byName(assembleMonitors(context));
	checkLatencies(context, { monitors, slos });
	checkReach(context, { monitors, slos, tiers, tenants });
	const routing = assembleRouting(context, { tenants, workloads, slos, monitors, channels });
	const agentPolicies = assembleAgentPolicies(context);
	const content = {
		settings,
		tiers: tiers.filter((tier) => tier.name !== "default" || isUsed(context, tenants)),
		tenants,
		cohorts: byName(assembleCohorts(context)),
		workloads,
		slos,
		monitors,
		people,
		teams: byName(assembleTeams(context)),
		schedules,
		escalations,
		channels,
		sources: byName(assembleSources(context, slos)),
		templates: templates.toSorted((a, b) => order(templateKey(a), templateKey(b))),
		feeds: byName(assembleFeeds(context)),
		runbooks: byName(assembleRunbooks(context)),
		...(agentPolicies && { agentPolicies }),
		...(routing && { routing }),
		integrations: byName(assembleIntegrations(context)),
	};
	if (context.findings.errors === 0) checkCombined(context, content);
	warnMissing(context, content);
	return { hash: contentHash(content), ...content, places: record(context.places) };
}

function byName<T extends { readonly name: string }>(list: readonly T[]): T[] {
	return list.toSorted((a, b) => order(a.name, b.name));
}

function templateKey(template: NoticeTemplate): string {
	return `${template.name}.${template.audience}.${template.language}`;
}

/** The built-in default tier is there only for tenants that need it; a declared one always is. */
function isUsed(context: Context, tenants: Catalogue["tenants"]): boolean {
	return context.names("Tier").includes("default") || tenants.some((tenant) => tenant.tier === "default");
}

/** What a catalogue can do without but should not be without unknowingly. Told when nothing is wrong: else it may be there. */
function warnMissing(context: Context, content: Omit<Catalogue, "hash">): void {
	const start = { file: "bellwether.yaml", line: 1, column: 1 };
	const { findings } = context;
	if (findings.errors > 0) return;
	if (content.slos.length === 0) {
		findings.warn(
			start,
			"The catalogue has no SLO, so nothing is measured.",
			"Write one in slos/; bellwether init shows how.",
		);
	}
	for (const entry of context.entries.of("Workload")) {
		if (content.slos.some((slo) => slo.workload === entry.name)) continue;
		const remedy = "Write an SLO with spec.service of this name.";
		context.warn(entry, ["metadata", "name"], `Workload "${entry.name}" has no SLO.`, remedy);
	}
	if (content.tenants.length === 0) {
		findings.warn(start, "The catalogue has no key tenant, so only the platform is watched.", "Write one in tenants/.");
	}
	if (content.settings.smtp) return;
	const [settings] = context.entries.of("Settings");
	const place = settings ? settings.document.place(["spec"], "key") : start;
	const byMail = new Set(content.channels.filter((channel) => channel.kind === "mail").map((channel) => channel.name));
	const person = content.people.find((each) => each.contacts.some((contact) => byMail.has(contact.channel)));
	const tenant = content.tenants.find(({ contacts }) => contacts.csam ?? contacts.support ?? contacts.customer[0]);
	if (!person && !tenant) return;
	const who = person ? `pages to ${person.name}` : `notices about ${tenant?.name}`;
	findings.warn(
		place,
		`No mail server is set, so mail (${who}) cannot leave.`,
		"Write spec.smtp in bellwether.yaml with host and from.",
	);
}
