import { HOUR_MS, MINUTE_MS, SECOND_MS } from "@bellwether/model";
import { describe, expect, test } from "vitest";
import type { Catalogue, RouteRule } from "#catalogue";
import { START } from "../../../testing/catalogue.ts";
import { inhibition, maintenance, matchersOf, route, routedCatalogue } from "../../../testing/routing.ts";
import {
	type DecisionInput,
	decide,
	type IncidentFacts,
	labelsOf,
	type MuteFacts,
	type OpenIncident,
} from "./index.ts";

const NOW = START;

function facts(
	catalogue: Catalogue,
	tenant: string,
	slo: string,
	severity: "2" | "2.5" | "3" = "2.5",
	id = "INC-1",
): IncidentFacts {
	const workload = catalogue.slos.find((each) => each.name === slo)?.workload ?? "";
	const told = { tenant, slo, workload, monitor: "burn" };
	const kind = tenant === "" ? ("platform" as const) : ("tenant" as const);
	return { ...told, id, isDrill: false, labels: labelsOf(catalogue, { ...told, kind, severity: { key: severity } }) };
}

function asked(catalogue: Catalogue, incident: IncidentFacts, more: Partial<DecisionInput> = {}): DecisionInput {
	return { incident, catalogue, mutes: [], open: [], groups: [], now: NOW, ...more };
}

const open = (incident: IncidentFacts, inhibitedBy: readonly string[] = []): OpenIncident => ({
	id: incident.id,
	labels: incident.labels,
	inhibitedBy,
});

const mute = (id: string, matchers: string, overrides: Partial<MuteFacts> = {}): MuteFacts => ({
	id,
	matchers: [matchersOf(matchers)],
	owner: "n.patel",
	reason: "load test",
	startsAt: NOW,
	endsAt: NOW + HOUR_MS,
	...overrides,
});

const POLICIES = ["default", "gold", "mail"].map((name) => ({
	name,
	repeatEveryMs: 2 * MINUTE_MS,
	acknowledgeWithinMs: 15 * MINUTE_MS,
	steps: [{ afterMs: 0, notify: { person: "lead" } }],
}));

describe("routes", () => {
	const tree = (routes: RouteRule[], overrides: Partial<RouteRule> = {}) =>
		routedCatalogue({ root: route("default", "", { routes, ...overrides }) }, { escalations: POLICIES });

	test("without a Route an incident pages at once and by itself, by its workload's or the default policy", () => {
		const catalogue = routedCatalogue({});
		const decision = decide(asked(catalogue, facts(catalogue, "woodgrove", "mail-read")));
		expect(decision).toMatchObject({ action: "page", routes: [], pageAt: NOW, groupKey: "alone INC-1" });
		expect(decision.policy.name).toBe("default");
	});

	test("the first child that matches takes it, and its own children go on from there; the root takes the rest", () => {
		const catalogue = tree([
			route("default/mail", 'workload="mail"', {
				escalation: "mail",
				routes: [route("default/mail/urgent", 'severity="2"', { escalation: "gold" })],
			}),
			route("default/all", 'tenant=~".+"', { escalation: "gold" }),
		]);
		const by = (slo: string, severity: "2" | "2.5", tenant = "woodgrove") => {
			const { routes, policy } = decide(asked(catalogue, facts(catalogue, tenant, slo, severity)));
			return [routes, policy.name];
		};
		expect(by("mail-read", "2.5")).toEqual([["default/mail"], "mail"]);
		expect(by("mail-read", "2")).toEqual([["default/mail/urgent"], "gold"]);
		expect(by("policy-read", "2.5")).toEqual([["default/all"], "gold"]);
		expect(by("policy-read", "2.5", "")).toEqual([["default"], "default"]);
	});

	test("a route that continues only tells where a later one pages; each is told once", () => {
		const tell = [{ channel: "hook", address: "https://chat.example/x" }];
		const catalogue = tree([
			route("default/chat", 'tenant="woodgrove"', { continues: true, tell }),
			route("default/mail", 'workload="mail"', { escalation: "mail", tell }),
		]);
		const decision = decide(asked(catalogue, facts(catalogue, "woodgrove", "mail-read")));
		expect(decision).toMatchObject({ routes: ["default/mail", "default/chat"], tell });
		expect(decision.policy.name).toBe("mail");
	});

	test("pages who is accountable for a step; where nobody is, the workload's own policy", () => {
		const ownership = [
			{
				name: "mail",
				place: "ownership/mail.yaml:1",
				workload: "mail",
				team: "Mail team",
				parties: [{ name: "Engineering" as const, team: "Mail team", escalation: "mail", takeWithinMs: 1 }],
				steps: [{ step: "respond" as const, parts: [{ party: "Engineering" as const, part: "RA" as const }] }],
			},
		];
		const root = route("default", "", { pageOwnerOf: "respond" });
		const catalogue = routedCatalogue({ root, ownership }, { escalations: POLICIES });
		expect(decide(asked(catalogue, facts(catalogue, "woodgrove", "mail-read"))).policy.name).toBe("mail");
		expect(decide(asked(catalogue, facts(catalogue, "woodgrove", "policy-read"))).policy.name).toBe("default");
	});

	test("groups wait ten seconds, join five minutes after the last page, and are apart by tenant and workload", () => {
		const catalogue = tree([]);
		const incident = facts(catalogue, "woodgrove", "mail-read");
		const first = decide(asked(catalogue, incident));
		expect(first).toMatchObject({ action: "wait", pageAt: NOW + 10 * SECOND_MS });
		const group = { key: first.groupKey, leadId: undefined, pagedAt: undefined, pageAt: NOW + 4 * SECOND_MS };
		expect(decide(asked(catalogue, incident, { groups: [group] })).pageAt).toBe(NOW + 4 * SECOND_MS);
		const paged = { ...group, leadId: "INC-7", pagedAt: NOW - MINUTE_MS, pageAt: undefined };
		expect(decide(asked(catalogue, incident, { groups: [paged] }))).toMatchObject({
			action: "wait",
			joins: "INC-7",
			pageAt: NOW + 4 * MINUTE_MS,
		});
		const other = facts(catalogue, "woodgrove", "policy-read");
		expect(decide(asked(catalogue, other, { groups: [paged] }))).toMatchObject({ joins: undefined });
	});

	test("a test pages at once and by itself, whatever is muted", () => {
		const catalogue = tree([]);
		const incident = { ...facts(catalogue, "woodgrove", "mail-read"), isDrill: true };
		const mutes = [mute("m", 'tenant="woodgrove"')];
		expect(decide(asked(catalogue, incident, { mutes }))).toMatchObject({ action: "page", holds: [] });
	});
});

describe("what holds a page back", () => {
	const catalogue = routedCatalogue({});
	const incident = facts(catalogue, "woodgrove", "mail-read");

	test("a mute from its start until before its end; one set of matchers is enough", () => {
		const sets = { matchers: [matchersOf('tenant="city-power"'), matchersOf('workload="mail", severity=~"2.*"')] };
		const one = mute("m", 'tenant="city-power"', sets);
		const actionAt = (now: number) => decide(asked(catalogue, incident, { mutes: [one], now })).action;
		expect([NOW - 1, NOW, NOW + HOUR_MS - 1, NOW + HOUR_MS].map(actionAt)).toEqual(["page", "hold", "hold", "page"]);
	});

	test("maintenance of the tenant or the workload, its windows that overlap taken as one", () => {
		const windows = [
			{ from: NOW - HOUR_MS, until: NOW + HOUR_MS },
			{ from: NOW + 30 * MINUTE_MS, until: NOW + 3 * HOUR_MS },
		];
		const planned = routedCatalogue({ maintenance: [maintenance({ tenants: ["woodgrove"], windows })] });
		expect(decide(asked(planned, facts(planned, "woodgrove", "mail-read"))).holds).toMatchObject([
			{ kind: "maintenance", ref: "upgrade", until: NOW + 3 * HOUR_MS },
		]);
		expect(decide(asked(planned, facts(planned, "city-power", "mail-read"))).action).toBe("page");
	});

	test("a route's intervals: outside of its active ones, inside of its muted ones", () => {
		const days = { name: "days", parts: [{ times: [{ from: 540, to: 1_080 }], timeZone: "UTC" }] };
		const limited = (overrides: Partial<RouteRule>) =>
			routedCatalogue({
				root: route("default", "", { routes: [route("default/1", 'tenant=~".+"', overrides)] }),
				intervals: [days],
			});
		const at = (hour: number) => Date.UTC(2026, 10, 23, hour);
		const active = limited({ activeIntervals: ["days"] });
		const held = decide(asked(active, facts(active, "woodgrove", "mail-read"), { now: at(20) }));
		expect(held.holds).toMatchObject([{ kind: "interval", until: at(33) }]);
		expect(decide(asked(active, facts(active, "woodgrove", "mail-read"), { now: at(9) })).holds).toEqual([]);
		const muted = limited({ muteIntervals: ["days"] });
		expect(decide(asked(muted, facts(muted, "woodgrove", "mail-read"), { now: at(9) })).holds).toMatchObject([
			{ kind: "interval", until: at(18) },
		]);
	});

	describe("inhibition", () => {
		const of = (...rules: ReturnType<typeof inhibition>[]) => routedCatalogue({ inhibitions: rules });
		const policy = facts(catalogue, "woodgrove", "policy-read", "2", "INC-9");

		test("needs the same labels; a label that is missing on both sides is the same", () => {
			const rule = inhibition("r", 'workload="policy"', 'workload="mail"', ["tenant", "ring"]);
			const action = (source: IncidentFacts) => decide(asked(of(rule), incident, { open: [open(source)] })).action;
			expect(action(policy)).toBe("hold");
			expect(action(facts(catalogue, "city-power", "policy-read", "2", "INC-9"))).toBe("page");
		});

		test("what matches both sides is not inhibited by its like, but by what matches only the source", () => {
			const rule = inhibition("r", 'tenant="woodgrove"', 'severity=~"2.*", tenant=~".+"', []);
			const twin = facts(catalogue, "woodgrove", "policy-read", "2.5", "INC-8");
			expect(decide(asked(of(rule), incident, { open: [open(twin)] })).action).toBe("page");
			const other = facts(catalogue, "woodgrove", "policy-read", "3", "INC-9");
			expect(decide(asked(of(rule), incident, { open: [open(other)] })).action).toBe("hold");
			// One that matches only the target is inhibited by what matches both.
			const target = facts(catalogue, "city-power", "mail-read", "2");
			expect(decide(asked(of(rule), target, { open: [open(twin)] })).action).toBe("hold");
		});

		test("nothing inhibits itself, and of two that inhibit each other one pages", () => {
			const rules = [
				inhibition("a", 'workload="policy"', 'workload="mail"', ["tenant"]),
				inhibition("b", 'workload="mail"', 'workload="policy"', ["tenant"]),
			];
			const held = open(policy, [incident.id]);
			expect(decide(asked(of(...rules), incident, { open: [open(incident), held] })).action).toBe("page");
			expect(decide(asked(of(...rules), policy, { open: [open(incident), open(policy)] })).action).toBe("hold");
		});
	});
});

/** A small generator of numbers that are the same each time (xorshift). */
function numbers(seed: number) {
	let state = seed;
	return (below: number): number => {
		state ^= state << 13;
		state ^= state >>> 17;
		state ^= state << 5;
		return (state >>> 0) % below;
	};
}

const TENANTS = ["woodgrove", "city-power", ""];
const SLOS = ["policy-create", "policy-read", "mail-create", "mail-read"];
const MATCHERS = [
	'tenant="woodgrove"',
	'tenant!="woodgrove"',
	'workload="mail"',
	'slo=~".*-read"',
	'region="emea"',
	'region=""',
	'severity=~"2|2.5"',
	'scope="tenant", workload="policy"',
];

test("for any world: every incident pages or says why not, and the order in which rules are written changes nothing", () => {
	const next = numbers(7);
	const pick = <T>(list: readonly T[]): T => list[next(list.length)] as T;
	const counts = { page: 0, wait: 0, hold: 0, tell: 0 };
	for (let world = 0; world < 1_500; world++) {
		const inhibitions = Array.from({ length: next(3) }, (_, k) =>
			inhibition(`i${k}`, pick(MATCHERS), pick(MATCHERS), next(2) === 0 ? ["tenant"] : []),
		);
		const planned = Array.from({ length: next(2) }, (_, k) =>
			maintenance({
				name: `m${k}`,
				tenants: next(2) === 0 ? ["woodgrove"] : [],
				workloads: ["mail"],
				windows: [{ from: NOW - next(HOUR_MS), until: NOW + next(HOUR_MS) }],
			}),
		);
		const routes = [route("default/1", pick(MATCHERS), { pages: next(4) > 0, continues: next(2) === 0 })];
		const rules = {
			inhibitions,
			maintenance: planned,
			...(next(2) === 0 && { root: route("default", "", { routes }) }),
		};
		const catalogue = routedCatalogue(rules);
		const mutes = Array.from({ length: next(3) }, (_, k) =>
			mute(`m${k}`, pick(MATCHERS), { startsAt: NOW - next(2_000), endsAt: NOW - 1_000 + next(2_000) }),
		);
		const incidents = Array.from({ length: 1 + next(5) }, (_, k) =>
			facts(catalogue, pick(TENANTS), pick(SLOS), pick(["2", "2.5", "3"] as const), `INC-${k}`),
		);
		const all = incidents.map((each) => open(each));
		const turned = routedCatalogue({
			...rules,
			inhibitions: inhibitions.toReversed(),
			maintenance: planned.toReversed(),
		});
		for (const incident of incidents) {
			const decision = decide(asked(catalogue, incident, { mutes, open: all }));
			const other = decide(asked(turned, incident, { mutes: mutes.toReversed(), open: all }));
			counts[decision.action]++;
			expect(other.action).toBe(decision.action);
			expect(new Set(other.holds.map((hold) => hold.kind))).toEqual(new Set(decision.holds.map((hold) => hold.kind)));
			expect(decision.holds.length > 0).toBe(decision.action === "hold");
			expect(decision.explanation.length).toBeGreaterThan(0);
			if (decision.action === "page" || decision.action === "wait") expect(decision.pageAt).toBeGreaterThanOrEqual(NOW);
			// What a mute holds back is what its matchers and times say, no more and no less.
			const muting = mutes.filter((each) => each.startsAt <= NOW && NOW < each.endsAt);
			const isMuted = muting.some((each) =>
				decide(asked(routedCatalogue({}), incident, { mutes: [each] })).holds.some((hold) => hold.ref === each.id),
			);
			if (decision.action !== "tell") expect(decision.holds.some((hold) => hold.kind === "mute")).toBe(isMuted);
		}
		// No circle: of any incidents that hold each other back, one pages. Told one after the other, as they open.
		const told: OpenIncident[] = [];
		let isAnyFree = false;
		for (const incident of incidents) {
			const { holds } = decide(asked(catalogue, incident, { open: [...told, open(incident)] }));
			const by = holds.flatMap((hold) => (hold.kind === "inhibition" ? [hold.ref] : []));
			if (by.length === 0) isAnyFree = true;
			told.push(open(incident, by));
		}
		expect(isAnyFree).toBe(true);
	}
	for (const count of Object.values(counts)) expect(count).toBeGreaterThan(50);
});
