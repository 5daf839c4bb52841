import { HOUR_MS, MINUTE_MS } from "@bellwether/model";
import { type Ailing, type Change, type Peer, rankCauses } from "#detection";
import type { ChangeRecord } from "../feeds/index.ts";
import type { Incident } from "../types.ts";
import type { IncidentCauses, JudgedCause, Slices, Surroundings } from "./types.ts";

/** Where no interval is known: the first bad bucket comes later than the trouble rather than earlier. */
const BEFORE_MS = 5 * MINUTE_MS;
const AFTER_MS = MINUTE_MS;
/** A tenant is in a ring when nearly all of its events are. */
const NEARLY_ALL = 0.9;
const KEPT = 5;

type Part = keyof Slices;
interface Names {
	/** How telemetry calls it; undefined: this feed's names say nothing, others' do. */
	of(part: Part, feed: string, value: string | undefined): string | undefined;
	/** Where no feed's names are telemetry's, it is not known where anybody's events are. */
	readonly isShared: Readonly<Record<Part, boolean>>;
}

/**
 * Which of the changes may have brought an incident about. Give all changes of some days, whomever they touched: those
 * that cannot be the cause tell how often changes come by in any case. Pure; the same input, in whatever order, gives the
 * same answer.
 */
export function judgeCauses(
	incident: Pick<Incident, "tenant" | "workload" | "onsetAt" | "detectedAt" | "evidence">,
	records: readonly ChangeRecord[],
	around: Surroundings,
	now: number,
): IncidentCauses {
	// What is only planned has touched nobody.
	const done = records.filter((record) => record.state !== "planned");
	const names = namesOfTelemetry(done, around);
	const byKey = new Map<string, ChangeRecord[]>();
	for (const record of done) {
		const key = JSON.stringify([record.feed, record.id]);
		const same = byKey.get(key);
		if (same) same.push(record);
		else byKey.set(key, [record]);
	}
	const changes = [...byKey].map(([key, rows]) => changeOf(key, rows, names));
	const peers = around.others.map(
		(other): Peer => ({
			tenant: other.tenant,
			isIll: other.isIll,
			...placeOf(other.slices, names),
		}),
	);
	const found = rankCauses({ ailing: ailingOf(incident, around, names), changes, peers });
	const ranked = found.ranked.slice(0, KEPT).map((cause): JudgedCause => {
		const rows = byKey.get(cause.id) ?? [];
		// Of a change of several tenants this one's own row: another's is nobody's business here.
		const own = rows.filter(({ tenant }) => tenant === "" || tenant === incident.tenant);
		const row = own.find(({ workload }) => workload === incident.workload) ?? own[0];
		const [feed, id] = JSON.parse(cause.id) as [string, string];
		return {
			feed,
			id,
			tenant: row?.tenant ?? "",
			workload: row?.workload ?? "",
			probability: cause.probability,
			leadMs: cause.leadMs,
			reasons: cause.reasons,
			isBlamed: cause.id === found.blamed?.id,
		};
	});
	return { judgedAt: now, ranked, none: found.none, silentFeeds: around.silentFeeds };
}

function changeOf(key: string, rows: readonly ChangeRecord[], names: Names): Change {
	const first = rows[0] as ChangeRecord;
	const isDeploy = first.kind === "deployment" || first.kind === "release";
	const { feed, startedAt: at, endedAt } = first;
	return {
		id: key,
		at,
		kind: isDeploy ? "deploy" : first.kind,
		// The end of a flag or a policy is not the end of its roll-out.
		until: isDeploy && endedAt !== undefined && endedAt > at ? endedAt : undefined,
		scope: {
			tenant: allOf(rows.map(({ tenant }) => tenant)),
			workload: allOf(rows.map(({ workload }) => workload)),
			region: names.of("region", feed, first.region),
			ring: names.of("ring", feed, first.ring),
			build: names.of("build", feed, first.build),
		},
	};
}

/** "" among the names: all of them. */
function allOf(names: readonly string[]): readonly string[] | undefined {
	return names.includes("") ? undefined : [...new Set(names)];
}

/**
 * A feed may call a region or a build otherwise than telemetry does ("DC Amsterdam 3", a commit for a version). Where some
 * of a feed's names are telemetry's, one that telemetry does not have is of a region or build without events; where none
 * is, nothing can be told by them.
 */
function namesOfTelemetry(records: readonly ChangeRecord[], around: Surroundings): Names {
	const known = (part: Part) =>
		new Map(
			[around.fleet, around.slices, ...around.others.map(({ slices }) => slices)].flatMap((slices) =>
				Object.keys(slices[part] ?? {}).map((name) => [plain(name), name] as const),
			),
		);
	const names = { region: known("region"), ring: known("ring"), build: known("build") };
	const feeds = { region: new Set<string>(), ring: new Set<string>(), build: new Set<string>() };
	for (const record of records)
		for (const part of ["region", "ring", "build"] as const) {
			const value = record[part];
			if (value !== undefined && names[part].has(plain(value))) feeds[part].add(record.feed);
		}
	const isShared = { region: feeds.region.size > 0, ring: feeds.ring.size > 0, build: feeds.build.size > 0 };
	return {
		isShared,
		of(part, feed, value) {
			if (value === undefined) return undefined;
			if (feeds[part].has(feed)) return names[part].get(plain(value)) ?? value;
			// It was made for a part of the fleet, though nobody knows which.
			return isShared[part] || part === "build" ? undefined : value;
		},
	};
}

function plain(name: string): string {
	return name.toLowerCase().replaceAll(/[\s_-]/g, "");
}

function ailingOf(
	{ tenant, workload, onsetAt, detectedAt, evidence }: Parameters<typeof judgeCauses>[0],
	{ slices, culprit }: Surroundings,
	names: Names,
): Ailing {
	return {
		tenant,
		workload,
		...placeOf(slices, names),
		onset: onsetOf(onsetAt, detectedAt, evidence),
		culprit: culprit.answer === "culprit" ? culprit : undefined,
		isWholeTenant: culprit.answer === "whole-tenant",
	};
}

function onsetOf(onsetAt: number | undefined, detectedAt: number, evidence: Incident["evidence"]): Ailing["onset"] {
	if (onsetAt === undefined)
		return { at: detectedAt, from: detectedAt - Math.min(evidence.long.ms, HOUR_MS), to: detectedAt };
	// Somebody may have set another time by hand, of which the detector's interval says nothing.
	if (evidence.onset && onsetAt === evidence.since)
		return { at: onsetAt, from: evidence.onset.from, to: evidence.onset.to };
	return { at: onsetAt, from: onsetAt - BEFORE_MS, to: onsetAt + AFTER_MS };
}

function placeOf({ region, ring, build }: Slices, { isShared }: Names): Pick<Peer, "regions" | "ring" | "builds"> {
	const home = Object.entries(ring ?? {}).find(([name, share]) => name !== "" && share >= NEARLY_ALL);
	return {
		regions: isShared.region ? region : undefined,
		ring: isShared.ring ? home?.[0] : undefined,
		builds: isShared.build ? build : undefined,
	};
}
