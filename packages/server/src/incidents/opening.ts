import { HOUR_MS, MINUTE_MS, SEVERITIES } from "@bellwether/model";
import { type Catalogue, effectiveObjective, heldMonitor } from "#catalogue";
import type { BreachClosed, BreachOpened, Evidence } from "#detection";
import { type Principal, SYSTEM, scopeOf, type Tx } from "#platform";
import { applyEvent, auditIncident, publish } from "./change.ts";
import { continuedIncident, coolDownOf } from "./continuing.ts";
import { followParent, leaveParent, linkToParent, wasTakenFrom } from "./family/parents.ts";
import { isResolved } from "./lifecycle.ts";
import { getIncident, incidentOf, rowOf, UNRESOLVED } from "./rows.ts";
import { factsAtOpening, judgeSeverity, risen } from "./severity/derive.ts";
import { type CloseOutcome, type Incident, type IncidentDeps, type OpenOutcome, PLATFORM } from "./types.ts";
import { absenceTitle, incidentTitle } from "./words.ts";

/** Tenant incidents that opened this shortly before the platform's of the same SLO were its first signs. */
const FIRST_SIGNS_MS = 10 * MINUTE_MS;
/** A new incident names the one before it when that is unresolved, or was resolved this recently. */
const RELATED_MS = 2 * HOUR_MS;
const FIRST_NUMBER = 1001;

const ALL = scopeOf(SYSTEM);

/**
 * Takes a detector's claim. One incident per episode of (tenant, SLO): a further claim within the cool-down after the
 * incident came to rest attaches to it and lets its signal return; a resolved one is thereby reopened and pages again.
 * Later a new one opens, pages, and names the one before.
 *
 * A claim of scope `platform` belongs under the platform's incident of that SLO, which the first such claim opens,
 * whoever makes it; the tenants' incidents become its children and do not page. Tenant incidents that opened at most
 * ten minutes before the platform's are linked to it.
 */
export async function openForBreach(
	tx: Tx,
	deps: IncidentDeps,
	breach: BreachOpened,
	catalogue: Catalogue,
): Promise<OpenOutcome> {
	if (breach.evidence.drill) {
		const { id } = await openIncident(tx, deps, breach, catalogue, undefined);
		return { status: "opened", breachId: "", incidentId: id };
	}
	const known = await openBreachRow(tx, breach);
	if (known) return { status: "already-open", breachId: known.id, incidentId: known.incident_id ?? undefined };

	const breachId = deps.ids.next("brc");
	const monitor = heldMonitor(catalogue, breach.monitor, breach.slo, breach.tenant);
	if (monitor && monitor.mode !== "live") {
		await insertBreach(tx, breachId, breach, undefined);
		return { status: "shadow", breachId };
	}
	const isPlatform = breach.tenant === PLATFORM;
	const parent =
		isPlatform || breach.scope === "platform" ? await platformIncident(tx, deps, breach, catalogue) : undefined;

	if (isPlatform && parent) {
		await insertBreach(tx, breachId, breach, parent.incident.id);
		if (parent.isNew) return { status: "opened", breachId, incidentId: parent.incident.id };
		await attach(tx, deps, parent.incident, breach, catalogue);
		return { status: "attached", breachId, incidentId: parent.incident.id };
	}

	const claim = { tenant: breach.tenant, slo: breach.slo, at: breach.detectedAt };
	const current = await continuedIncident(tx, claim, coolDownOf(catalogue));
	if (current) {
		await insertBreach(tx, breachId, breach, current.id);
		const isUnder = parent !== undefined && current.parentId === parent.incident.id;
		const alone = isUnder ? current : await onItsOwn(tx, deps, current, breach.detectedAt);
		await attach(tx, deps, alone, breach, catalogue);
		if (parent) await comeUnder(tx, deps, alone, parent.incident, breach.detectedAt);
		return { status: "attached", breachId, incidentId: current.id };
	}
	const incident = await openIncident(tx, deps, breach, catalogue, parent?.incident);
	await insertBreach(tx, breachId, breach, incident.id);
	return { status: parent ? "child" : "opened", breachId, incidentId: incident.id };
}

/**
 * Closes the claim. When it was the incident's last open one, its signal has cleared; the incident itself stays open
 * until a person resolves it. A platform incident clears when neither the fleet nor any child still burns.
 */
export async function closeBreach(tx: Tx, deps: IncidentDeps, breach: BreachClosed): Promise<CloseOutcome> {
	const row = await openBreachRow(tx, breach);
	if (!row) return { status: "not-open" };
	await tx
		.updateTable("breaches")
		.set({ state: "closed", closed_at: breach.closedAt })
		.where("id", "=", row.id)
		.execute();
	if (row.incident_id !== null) {
		const parentId = await clearIfQuiet(tx, deps, row.incident_id, breach.closedAt);
		if (parentId) await clearIfQuiet(tx, deps, parentId, breach.closedAt);
	}
	return { status: "closed", breachId: row.id, incidentId: row.incident_id ?? undefined };
}

async function openBreachRow(tx: Tx, breach: Pick<BreachOpened, "tenant" | "slo" | "detector">) {
	return tx
		.selectFrom("breaches")
		.selectAll()
		.where("tenant", "=", breach.tenant)
		.where("slo", "=", breach.slo)
		.where("detector", "=", breach.detector)
		.where("state", "=", "open")
		.executeTakeFirst();
}

async function insertBreach(tx: Tx, id: string, breach: BreachOpened, incidentId: string | undefined): Promise<void> {
	await tx
		.insertInto("breaches")
		.values({
			id,
			tenant: breach.tenant,
			slo: breach.slo,
			detector: breach.detector,
			monitor: breach.monitor,
			scope: breach.scope,
			state: "open",
			opened_at: breach.detectedAt,
			closed_at: null,
			evidence: JSON.stringify(breach.evidence),
			incident_id: incidentId ?? null,
		})
		.execute();
}

async function platformIncident(
	tx: Tx,
	deps: IncidentDeps,
	breach: BreachOpened,
	catalogue: Catalogue,
): Promise<{ incident: Incident; isNew: boolean }> {
	const coolDownMs = coolDownOf(catalogue);
	const current = await continuedIncident(tx, { tenant: PLATFORM, slo: breach.slo, at: breach.detectedAt }, coolDownMs);
	if (current) {
		// A further tenant under a platform incident that had gone quiet is the platform's signal, returned.
		const event = { type: "signal-returned", coolDownMs } as const;
		const returned = await applyEvent(tx, deps, current, event, SYSTEM, breach.detectedAt);
		return { incident: returned.incident, isNew: false };
	}
	const evidence = breach.tenant === PLATFORM ? breach.evidence : fleetEvidence(breach, catalogue);
	const claim: BreachOpened = { ...breach, tenant: PLATFORM, scope: "platform", evidence };
	const incident = await openIncident(tx, deps, claim, catalogue, undefined);
	const firstSigns = await tx
		.selectFrom("incidents")
		.selectAll()
		.where("slo", "=", breach.slo)
		.where("kind", "=", "tenant")
		.where("parent_id", "is", null)
		.where("state", "in", UNRESOLVED)
		.where("detected_at", ">=", breach.detectedAt - FIRST_SIGNS_MS)
		.orderBy("number")
		.execute();
	for (const row of firstSigns) {
		const sign = incidentOf(row, ALL);
		if (!sign.evidence.drill) await comeUnder(tx, deps, sign, incident, breach.detectedAt);
	}
	return { incident, isNew: true };
}

/** A tenant's evidence, told of the fleet: its windows and its objective take the tenant's place; the share is the whole. */
function fleetEvidence({ evidence, slo }: BreachOpened, catalogue: Catalogue): Evidence {
	const known = catalogue.slos.find((each) => each.name === slo);
	const objective = known ? effectiveObjective(catalogue, known, undefined).objective : evidence.objective;
	return { ...evidence, ...evidence.fleet, objective, share: 1 };
}

/** Writes the incident of a claim and tells of it; `parent` undefined: it stands by itself and pages. */
export async function openIncident(
	tx: Tx,
	deps: IncidentDeps,
	breach: BreachOpened,
	catalogue: Catalogue,
	parent: Incident | undefined,
): Promise<Incident> {
	const number = await nextNumber(tx);
	const monitor = heldMonitor(catalogue, breach.monitor, breach.slo, breach.tenant);
	const { reported } = breach.evidence;
	const ground = SEVERITIES[reported?.severity ?? monitor?.severity ?? "2.5"];
	const actor: Principal = reported ? { name: reported.who, role: "responder" } : SYSTEM;
	const opened: Incident = {
		id: `INC-${number}`,
		number,
		tenant: breach.tenant,
		slo: breach.slo,
		workload: catalogue.slos.find((each) => each.name === breach.slo)?.workload ?? "",
		kind: breach.tenant === PLATFORM ? "platform" : "tenant",
		parentId: parent?.id,
		severity: ground,
		groundSeverity: ground,
		derivedSeverity: ground,
		severityReasons: [],
		severityOverride: undefined,
		state: "detected",
		title: breach.evidence.drill
			? `TEST: ${incidentTitle(catalogue, breach.tenant, breach.slo)}`
			: breach.evidence.absence
				? absenceTitle(catalogue, breach.tenant, breach.slo, breach.evidence.absence.answer)
				: (reported?.title ?? incidentTitle(catalogue, breach.tenant, breach.slo)),
		monitor: breach.monitor,
		detectedBy: reported ? "customer" : "monitor",
		onsetAt: onsetOf(breach),
		detectedAt: breach.detectedAt,
		pagedAt: undefined,
		acknowledgedAt: undefined,
		acknowledgedBy: undefined,
		firstNoticeAt: undefined,
		// A test has no signal that could still burn.
		signalClearedAt: breach.evidence.drill ? breach.detectedAt : undefined,
		mitigatedAt: undefined,
		resolvedAt: undefined,
		verdict: undefined,
		verdictReason: undefined,
		verdictBy: undefined,
		verdictAt: undefined,
		reviewedAt: undefined,
		reviewedBy: undefined,
		reopenedAt: undefined,
		firstResponse: undefined,
		mergedInto: undefined,
		duplicateOf: undefined,
		readers: undefined,
		evidence: breach.evidence,
		version: 1,
	};
	const incident = withSeverity(opened, catalogue);
	await tx.insertInto("incidents").values(rowOf(incident)).execute();
	await publish(tx, deps, incident, actor, breach.detectedAt, {
		type: "incident.opened",
		data: {
			kind: incident.kind,
			parentId: incident.parentId ?? null,
			slo: incident.slo,
			workload: incident.workload,
			severity: incident.severity.key,
			monitor: incident.monitor,
			title: incident.title,
			...(reported && { reportedBy: reported.by }),
		},
	});
	await auditIncident(tx, {
		at: breach.detectedAt,
		actor,
		action: "incident.open",
		incident,
		detail: { slo: incident.slo, monitor: incident.monitor, severity: incident.severity.key },
	});
	if (incident.evidence.drill) return incident;
	await nameRelated(tx, deps, incident);
	return parent ? await followParent(tx, deps, incident, parent, breach.detectedAt) : incident;
}

/** Never milder than its ground: what little is known at first only makes it worse. */
function withSeverity(incident: Incident, catalogue: Catalogue): Incident {
	if (incident.evidence.drill) return incident;
	const judged = judgeSeverity(incident, catalogue, factsAtOpening(incident));
	const severity = risen(incident.groundSeverity, judged)?.severity ?? incident.groundSeverity;
	return { ...incident, severity, derivedSeverity: severity, severityReasons: judged.reasons };
}

/** The detector's first bad bucket; one that lies after the detection cannot be the onset, so it is unknown. */
function onsetOf(breach: BreachOpened): number | undefined {
	const { since } = breach.evidence;
	return Number.isFinite(since) && since > 0 && since <= breach.detectedAt ? since : undefined;
}

/** An incident whose signal returns without its parent's is nobody's child: the parent, which is over, mitigated or quiet, pages nobody for it. */
async function onItsOwn(tx: Tx, deps: IncidentDeps, incident: Incident, now: number): Promise<Incident> {
	const { parentId } = incident;
	if (parentId === undefined || incident.signalClearedAt === undefined) return incident;
	const parent = await getIncident(tx, ALL, parentId);
	const speaks = parent && !isResolved(parent) && parent.state !== "mitigated" && parent.signalClearedAt === undefined;
	return speaks ? incident : leaveParent(tx, deps, incident, now);
}

async function comeUnder(tx: Tx, deps: IncidentDeps, incident: Incident, parent: Incident, now: number): Promise<void> {
	if (incident.parentId !== undefined || (await wasTakenFrom(tx, incident, parent))) return;
	await linkToParent(tx, deps, incident, parent, SYSTEM, now);
}

async function attach(
	tx: Tx,
	deps: IncidentDeps,
	incident: Incident,
	breach: BreachOpened,
	catalogue: Catalogue,
): Promise<void> {
	await publish(tx, deps, incident, SYSTEM, breach.detectedAt, {
		type: "incident.breach_attached",
		data: { monitor: breach.monitor },
	});
	const event = { type: "signal-returned", coolDownMs: coolDownOf(catalogue) } as const;
	await applyEvent(tx, deps, incident, event, SYSTEM, breach.detectedAt);
}

async function nameRelated(tx: Tx, deps: IncidentDeps, incident: Incident): Promise<void> {
	const previous = await tx
		.selectFrom("incidents")
		.select(["id", "resolved_at", "signal_cleared_at"])
		.where("tenant", "=", incident.tenant)
		.where("slo", "=", incident.slo)
		.where("id", "!=", incident.id)
		.where((where) =>
			where.or([where("resolved_at", "is", null), where("resolved_at", ">=", incident.detectedAt - RELATED_MS)]),
		)
		.orderBy("number", "desc")
		.executeTakeFirst();
	if (!previous) return;
	const resolvedAgoMs = previous.resolved_at === null ? null : incident.detectedAt - previous.resolved_at;
	await publish(tx, deps, incident, SYSTEM, incident.detectedAt, {
		type: "incident.related",
		data: {
			previousId: previous.id,
			resolvedAgoMs,
			isOpen: resolvedAgoMs === null && previous.signal_cleared_at === null,
		},
	});
}

/** Returns the parent's id, whose signal may now be clear as well. */
async function clearIfQuiet(tx: Tx, deps: IncidentDeps, id: string, now: number): Promise<string | undefined> {
	const family = await tx
		.selectFrom("incidents")
		.selectAll()
		.where((where) => where.or([where("id", "=", id), where("parent_id", "=", id)]))
		.execute();
	const own = family.find((row) => row.id === id);
	if (!own) return undefined;
	const burning = await tx
		.selectFrom("breaches")
		.select("id")
		.where("state", "=", "open")
		.where(
			"incident_id",
			"in",
			family.map((row) => row.id),
		)
		.executeTakeFirst();
	if (!burning) await applyEvent(tx, deps, incidentOf(own, ALL), { type: "signal-cleared" }, SYSTEM, now);
	return own.parent_id ?? undefined;
}

async function nextNumber(tx: Tx): Promise<number> {
	const row = await tx.selectFrom("meta").select("value").where("key", "=", "incident-number").executeTakeFirst();
	const number = row ? Number(row.value) + 1 : FIRST_NUMBER;
	const value = String(number);
	if (row) await tx.updateTable("meta").set({ value }).where("key", "=", "incident-number").execute();
	else await tx.insertInto("meta").values({ key: "incident-number", value }).execute();
	return number;
}
