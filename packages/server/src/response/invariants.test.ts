import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ManualClock, MINUTE_MS, SECOND_MS } from "@bellwether/model";
import fc from "fast-check";
import { test, vi } from "vitest";
import type { Catalogue, EscalationPolicy } from "#catalogue";
import {
	closeBreach,
	getIncident,
	investigateIncident,
	mergeIncident,
	mitigateIncident,
	openForBreach,
	putUnderParent,
	resolveIncident,
	takeFromParent,
} from "#incidents";
import { type SendResult, scopeOf, type Tx } from "#platform";
import { breachClosed, breachOpened, exampleTenant, START } from "../../testing/catalogue.ts";
import { checkPaging } from "../../testing/paging-invariants.ts";
import { type Outside, type PagingWorld, startPaging } from "../../testing/paging-world.ts";
import { inhibition, maintenance, route, routedCatalogue } from "../../testing/routing.ts";
import { acknowledgePage, endMute, handOff, makeMute, passOn, takeHandOff } from "./index.ts";

vi.setConfig({ testTimeout: 600_000 });

const TENANTS = ["t0", "t1", "t2"];
const SLOS = ["policy-create", "mail-create"];
const PER_HOUR = 8;
const PERSON = { name: "s-haas", role: "responder" } as const;
const SCOPE = scopeOf(PERSON);

const TOLD = { pages: false, tell: [{ channel: "hook", address: "https://chat.example/all" }] };
/** Rules under which much is held back, grouped and told. */
const RULES: readonly Parameters<typeof routedCatalogue>[0][] = [
	{},
	{ root: route("default", "", { groupWaitMs: 10 * SECOND_MS, groupBy: ["tenant"] }) },
	{ root: route("default", "", { groupWaitMs: 0, groupIntervalMs: 0, groupBy: ["workload"] }) },
	{
		root: route("default", "", { groupWaitMs: 0, routes: [route("default/platform", 'scope="platform"', TOLD)] }),
		inhibitions: [inhibition("policy first", 'slo="policy-create"', 'slo="mail-create"', ["tenant"])],
	},
	{
		inhibitions: [inhibition("mail first", 'slo="mail-create"', 'scope="platform"', [])],
		maintenance: [
			maintenance({ workloads: ["policy"], windows: [{ from: START + 8 * MINUTE_MS, until: START + 30 * MINUTE_MS }] }),
		],
	},
];

/** Two people with rules, a lead, steps of several sorts; short times, so that much happens. */
function catalogue(rules: Parameters<typeof routedCatalogue>[0]): Catalogue {
	const parties = (["CxE", "Engineering"] as const).map((name) => ({
		name,
		team: name,
		takeWithinMs: 4 * MINUTE_MS,
		escalation: name === "CxE" ? "default" : "engineering",
	}));
	const ownership = ["policy", "mail"].map((workload) => ({
		name: workload,
		place: `ownership/${workload}.yaml:1`,
		workload,
		team: workload,
		parties,
		steps: [],
	}));
	const example = routedCatalogue({ ...rules, ownership });
	const contact = (name: string) => [
		{ channel: "hook", address: `https://pager.example/${name}` },
		{ channel: "mail", address: `${name}@vendor.example` },
	];
	const own = {
		default: [
			{ afterMs: 0, contacts: ["hook"] },
			{ afterMs: MINUTE_MS, contacts: ["mail"] },
		],
	};
	return {
		...example,
		settings: { ...example.settings, paging: { perPersonPerHour: PER_HOUR } },
		tenants: TENANTS.map((name) => exampleTenant(name, name, { workloads: ["policy", "mail"] })),
		people: ["m-ito", "s-haas", "lead"].map((name) => ({
			name,
			displayName: name,
			timeZone: "UTC",
			contacts: contact(name),
			...(name === "m-ito" ? { rules: own } : {}),
		})),
		escalations: [
			{
				name: "default",
				repeatEveryMs: 2 * MINUTE_MS,
				acknowledgeWithinMs: 15 * MINUTE_MS,
				lead: { person: "lead" },
				afterAcknowledge: { remindAfterMs: 30 * MINUTE_MS, escalateAfterMs: 15 * MINUTE_MS },
				steps: [
					{ afterMs: 0, notify: { schedule: "primary" } },
					{ afterMs: 5 * MINUTE_MS, notify: { inTurn: ["s-haas", "m-ito"] }, rule: "important" },
					{ afterMs: 8 * MINUTE_MS, act: { kind: "declare", severity: "2" } },
					{ afterMs: 10 * MINUTE_MS, act: { kind: "repeat", max: 1 } },
				],
			},
			{
				name: "engineering",
				repeatEveryMs: 5 * MINUTE_MS,
				acknowledgeWithinMs: 20 * MINUTE_MS,
				steps: [{ afterMs: 0, notify: { person: "s-haas" } }],
			},
		],
	};
}

/** What a changed catalogue has no more. */
const WITHOUT = ["nothing", "tenant", "workload", "person", "schedule's people", "policy", "channel"] as const;
type Without = (typeof WITHOUT)[number];

function catalogueWithout(rules: number, without: Without): Catalogue {
	const whole = catalogue(RULES[rules] ?? {});
	switch (without) {
		case "nothing":
			return whole;
		case "tenant":
			return { ...whole, tenants: whole.tenants.filter(({ name }) => name !== "t0") };
		case "workload":
			return {
				...whole,
				workloads: whole.workloads.filter(({ name }) => name !== "policy"),
				slos: whole.slos.filter(({ workload }) => workload !== "policy"),
			};
		case "person":
			return { ...whole, people: whole.people.filter(({ name }) => name !== "s-haas") };
		case "schedule's people":
			return { ...whole, schedules: [] };
		case "policy":
			return { ...whole, escalations: [{ ...(whole.escalations[0] as EscalationPolicy), name: "other", steps: [] }] };
		case "channel":
			return { ...whole, channels: (whole.channels ?? []).filter(({ name }) => name !== "hook") };
	}
}

const MATCHERS = ['scope="platform"', 'tenant="t0"', 'slo="policy-create"', 'severity="2.5"'];

type Act =
	| { readonly do: "open"; readonly tenant: number; readonly slo: number; readonly isPlatform: boolean }
	| { readonly do: "close"; readonly tenant: number; readonly slo: number }
	| { readonly do: "acknowledge" | "investigate" | "mitigate" | "resolve" | "pass" | "out"; readonly incident: number }
	| { readonly do: "merge" | "under"; readonly incident: number; readonly other: number }
	| { readonly do: "mute"; readonly what: number; readonly minutes: number }
	| { readonly do: "unmute" }
	| { readonly do: "hand"; readonly incident: number; readonly party: "CxE" | "Engineering" }
	| { readonly do: "take"; readonly incident: number }
	| { readonly do: "catalogue"; readonly rules: number; readonly without: Without }
	| { readonly do: "tick"; readonly ms: number }
	| { readonly do: "crash"; readonly isSending: boolean }
	| { readonly do: "receivers"; readonly answers: readonly number[] };

const pair = { tenant: fc.nat(TENANTS.length - 1), slo: fc.nat(SLOS.length - 1) };
const incident = fc.nat(7);
const one = fc.constantFrom;
const act = fc.oneof(
	{ weight: 5, arbitrary: fc.record({ do: one("open" as const), ...pair, isPlatform: fc.boolean() }) },
	{ weight: 3, arbitrary: fc.record({ do: one("close" as const), ...pair }) },
	{ weight: 2, arbitrary: fc.record({ do: one("acknowledge" as const, "pass" as const), incident }) },
	{ weight: 2, arbitrary: fc.record({ do: one("mitigate" as const, "investigate" as const), incident }) },
	{ weight: 2, arbitrary: fc.record({ do: one("resolve" as const, "out" as const), incident }) },
	{ weight: 2, arbitrary: fc.record({ do: one("merge" as const, "under" as const), incident, other: incident }) },
	{
		weight: 2,
		arbitrary: fc.record({ do: one("mute" as const), what: fc.nat(MATCHERS.length - 1), minutes: one(3, 20, 90) }),
	},
	{ weight: 1, arbitrary: fc.record({ do: one("unmute" as const) }) },
	{
		weight: 2,
		arbitrary: fc.record({ do: one("hand" as const), incident, party: one("CxE" as const, "Engineering" as const) }),
	},
	{ weight: 1, arbitrary: fc.record({ do: one("take" as const), incident }) },
	{
		weight: 2,
		arbitrary: fc.record({ do: one("catalogue" as const), rules: fc.nat(RULES.length - 1), without: one(...WITHOUT) }),
	},
	{
		weight: 6,
		arbitrary: fc.record({ do: one("tick" as const), ms: one(500, 7_000, 61_000, 130_000, 400_000, 2_000_000) }),
	},
	{ weight: 2, arbitrary: fc.record({ do: one("crash" as const), isSending: fc.boolean() }) },
	{
		weight: 1,
		arbitrary: fc.record({
			do: one("receivers" as const),
			answers: fc.array(fc.nat(3), { minLength: 1, maxLength: 5 }),
		}),
	},
);
const script = fc.record({
	rules: fc.nat(RULES.length - 1),
	acts: fc.array(act, { minLength: 5, maxLength: 26 }),
});

const ANSWERS: readonly SendResult[] = [
	{ status: "sent", detail: "taken" },
	{ status: "retry", detail: "503" },
	{ status: "refused", detail: "404" },
	{ status: "uncertain", detail: "cut off" },
];

async function play({ rules, acts }: { readonly rules: number; readonly acts: readonly Act[] }): Promise<void> {
	const folder = mkdtempSync(join(tmpdir(), "bellwether-"));
	const path = join(folder, "control.db");
	const clock = new ManualClock(START);
	let known = catalogue(RULES[rules] ?? {});
	let answers: readonly number[] = [0];
	let sends = 0;
	const outside: Outside = {
		arrived: new Map(),
		faults: [],
		answer: () => ANSWERS[answers[sends++ % answers.length] ?? 0] as SendResult,
	};
	const hung: (() => void)[] = [];
	const burning = new Map<string, number>();
	let crashes = 0;
	let world = await startPaging(path, clock, () => known, outside, hung);
	try {
		for (const act of acts) {
			// No two acts at one instant: else nobody could tell which was first.
			clock.advance(1);
			if (act.do === "tick") clock.advance(act.ms);
			else if (act.do === "receivers") answers = act.answers;
			else if (act.do === "catalogue") known = catalogueWithout(act.rules, act.without);
			else if (act.do === "crash") {
				crashes++;
				const before = outside.answer;
				if (act.isSending) {
					outside.answer = () => "hang";
					void world.deliver();
					await new Promise((resolve) => setTimeout(resolve, 5));
				}
				await world.close();
				outside.answer = before;
				world = await startPaging(path, clock, () => known, outside, hung);
			} else await change(world, act, clock.now(), burning);
			await world.runTimers();
			await world.deliver();
			await world.runTimers();
			await checkPaging(world, clock, outside, { crashes, perHour: PER_HOUR, burning });
		}
	} finally {
		await world.close();
		rmSync(folder, { recursive: true, force: true });
	}
}

type Change = Exclude<Act, { readonly do: "tick" | "crash" | "receivers" | "catalogue" }>;

async function change(world: PagingWorld, act: Change, now: number, burning: Map<string, number>): Promise<void> {
	const { deps } = world;
	const asked = { scope: SCOPE, principal: PERSON, requestId: "r", now };
	await world.store.transaction(async (tx) => {
		const named = (nth: number) => nthIncident(tx, nth);
		switch (act.do) {
			case "open": {
				const tenant = TENANTS[act.tenant] as string;
				const slo = SLOS[act.slo] as string;
				const scope = act.isPlatform ? "platform" : "tenant";
				await openForBreach(tx, deps, breachOpened(tenant, { slo, scope, detectedAt: now }), deps.catalogue());
				if (!burning.has(`${tenant} ${slo}`)) burning.set(`${tenant} ${slo}`, now);
				return;
			}
			case "close": {
				const tenant = TENANTS[act.tenant] as string;
				await closeBreach(tx, deps, breachClosed(tenant, now, SLOS[act.slo]));
				burning.delete(`${tenant} ${SLOS[act.slo]}`);
				return;
			}
			case "mute": {
				const mute = { matchers: [MATCHERS[act.what] as string], owner: "lead", reason: "known" };
				await makeMute(tx, deps, asked, { ...mute, endsAt: now + act.minutes * MINUTE_MS });
				return;
			}
			case "unmute": {
				const row = await tx
					.selectFrom("mutes")
					.select("id")
					.where("ended_at", "is", null)
					.where("ends_at", ">", now)
					.executeTakeFirst();
				if (row) await endMute(tx, deps, asked, row.id);
				return;
			}
			case "hand":
			case "take": {
				const incidentId = await named(act.incident);
				if (incidentId === undefined) return;
				const request = { ...asked, incidentId };
				if (act.do === "hand") await handOff(tx, deps, request, { party: act.party, reason: "yours" });
				else await takeHandOff(tx, deps, request);
				return;
			}
			case "merge":
			case "under": {
				const [incidentId, other] = [await named(act.incident), await named(act.other)];
				if (incidentId === undefined || other === undefined) return;
				if (act.do === "merge") await mergeIncident(tx, deps, { ...asked, incidentId, into: other });
				else await putUnderParent(tx, deps, { ...asked, incidentId, parent: other });
				return;
			}
			default:
				await changeOne(tx, world, act.do, await named(act.incident), asked);
		}
	});
}

async function changeOne(
	tx: Tx,
	{ deps }: PagingWorld,
	what: Extract<Change, { readonly incident: number; readonly do: string }>["do"],
	incidentId: string | undefined,
	asked: {
		readonly scope: typeof SCOPE;
		readonly principal: typeof PERSON;
		readonly requestId: string;
		readonly now: number;
	},
): Promise<void> {
	if (incidentId === undefined) return;
	const request = { ...asked, incidentId };
	if (what === "acknowledge") await acknowledgePage(tx, deps, request);
	else if (what === "investigate") await investigateIncident(tx, deps, request);
	else if (what === "mitigate") await mitigateIncident(tx, deps, request);
	else if (what === "out") await takeFromParent(tx, deps, request);
	else if (what === "resolve") {
		const outcome = await resolveIncident(tx, deps, { ...request, verdict: "real-no-impact", reason: "" });
		if (outcome.status === "refused")
			await resolveIncident(tx, deps, { ...request, verdict: "noise", reason: "a test" });
	} else if (what === "pass") {
		const incident = await getIncident(tx, SCOPE, incidentId);
		if (incident) await passOn(tx, deps, incident, asked.now);
	}
}

/** Of the newest ones first, so that short scripts meet what they opened. */
async function nthIncident(tx: Tx, nth: number): Promise<string | undefined> {
	const rows = await tx.selectFrom("incidents").select("id").orderBy("number", "desc").execute();
	return rows[rows.length === 0 ? 0 : nth % rows.length]?.id;
}

test("whatever happens in whatever order: one next step, somebody paged or a reason on record, nothing after an acknowledgement, one id, one cap", async () => {
	await fc.assert(fc.asyncProperty(script, play), {
		seed: Number(process.env.BELLWETHER_SEED ?? 7),
		numRuns: Number(process.env.BELLWETHER_RUNS ?? 12),
	});
});
