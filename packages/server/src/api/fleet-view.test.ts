import { describe, expect, it } from "vitest";
import type { Catalogue, KeyTenant, Slo, Workload } from "#catalogue";
import type { PairState, PairStatus } from "#detection";
import { type FleetIncident, type FleetInputs, fleetView } from "./fleet-view.ts";

const NOW = Date.UTC(2026, 10, 22, 3, 7);
const HOUR = 3_600_000;

const tenant = (name: string, tier = "mcs", workloads = ["entra", "purview"]): KeyTenant => ({
	name,
	displayName: name.toUpperCase(),
	tier,
	match: {},
	workloads,
	timeZone: "UTC",
	language: "en",
	objectives: {},
	contacts: { customer: [] },
});
const workload = (name: string, leadSlo?: string): Workload => ({
	name,
	displayName: `${name[0]?.toUpperCase()}${name.slice(1)}`,
	owner: "team",
	leadSlo,
	runbook: [],
});
const slo = (name: string, of: string): Slo => ({
	name,
	displayName: name,
	description: "",
	workload: of,
	sliKind: "availability",
	unit: "requests",
	indicator: { kind: "threshold", metric: { metric: "m", where: [] }, op: "lt", value: 1 },
	objective: 0.995,
	periodMs: 28 * 24 * HOUR,
	place: { file: "slos/x.yaml", line: 1, column: 1 },
});

function catalogue(tenants: readonly KeyTenant[]): Catalogue {
	return {
		hash: "h",
		settings: {
			organisation: "Contoso",
			egress: { allow: [] },
			telemetry: { latenessMs: 1, futureMs: 1, maxStreams: 1, maxBodyBytes: 1 },
			baselines: { autoDetectedShare: 0, ttdManualMs: 0, ttdAutoMs: 0 },
		},
		tiers: [
			{ name: "mcs", displayName: "Mission critical", rank: 1, objectives: {} },
			{ name: "basic", displayName: "Basic", rank: 2, objectives: {} },
		],
		tenants,
		workloads: [workload("entra"), workload("purview", "dlp-create")],
		slos: [slo("sign-in", "entra"), slo("search", "purview"), slo("dlp-create", "purview")],
		monitors: [],
		people: [],
		schedules: [],
		escalations: [],
		channels: [],
		templates: [],
		sources: [],
		feeds: [],
	};
}

const status = (of: string, name: string, state: PairState, more: Partial<PairStatus> = {}): PairStatus => ({
	tenant: of,
	slo: name,
	objective: 0.995,
	state,
	sli: state === "no-data" ? undefined : state === "breach" ? 0.941 : 0.9996,
	burn: state === "breach" ? 21 : 0.1,
	total1h: state === "no-data" ? 0 : 1000,
	budgetRemaining: 0.8,
	lastAt: NOW - 5000,
	breachSince: state === "breach" ? NOW - 60_000 : undefined,
	...more,
});
const SLOS = ["sign-in", "search", "dlp-create"];
const allHealthy = (names: readonly string[]) =>
	["", ...names].flatMap((name) => SLOS.map((s) => status(name, s, "healthy")));
const withState = (statuses: PairStatus[], of: string, name: string, state: PairState) =>
	statuses.map((each) => (each.tenant === of && each.slo === name ? status(of, name, state) : each));

function view(tenants: readonly KeyTenant[], statuses: readonly PairStatus[], more: Partial<FleetInputs> = {}) {
	return fleetView({
		catalogue: catalogue(tenants),
		effectiveObjective: (_tenant, of) => ({ objective: of.objective, setBy: "slo" }),
		statuses,
		strips: new Map(),
		incidents: [],
		lastBreach: undefined,
		now: NOW,
		demo: false,
		...more,
	});
}
const text = (v: ReturnType<typeof view>) => v.sentence.map((part) => part.text).join(" ");

const platformIncident: FleetIncident = {
	id: "INC-P77",
	kind: "platform",
	tenant: "",
	workload: "purview",
	slo: "dlp-create",
	isCleared: false,
	detectedAt: NOW,
	row: {
		id: "INC-P77",
		parent: null,
		state: "detected",
		severity: { key: "2", rank: 20 },
		acknowledgedBy: null,
		acknowledgedAt: null,
		acknowledgeDueAt: null,
	},
};

describe("the sentence", () => {
	const names = ["a", "b", "c"];
	const tenants = names.map((name) => tenant(name));
	const healthy = allHealthy(names);
	const cases: [string, PairStatus[], Partial<FleetInputs>, string][] = [
		["says that all is well", healthy, {}, "Platform healthy: 2 of 2 workloads. 3 of 3 key tenants healthy."],
		[
			"names the last breach",
			healthy,
			{ lastBreach: { tenantDisplayName: "City Power", closedAt: NOW - 6 * HOUR } },
			"Platform healthy: 2 of 2 workloads. 3 of 3 key tenants healthy. Last breach: City Power, 6 h ago.",
		],
		[
			"says that one tenant is hidden by the platform",
			withState(healthy, "a", "search", "breach"),
			{},
			"Platform healthy: 2 of 2 workloads. 1 of 3 key tenants in breach. Platform monitoring does not show it.",
		],
		[
			"says that two are",
			withState(withState(healthy, "a", "search", "breach"), "b", "sign-in", "breach"),
			{},
			"Platform healthy: 2 of 2 workloads. 2 of 3 key tenants in breach. Platform monitoring shows neither.",
		],
		[
			"does not blame platform monitoring that is red itself, and names its incident",
			withState(withState(healthy, "", "dlp-create", "breach"), "a", "dlp-create", "breach"),
			{ incidents: [platformIncident] },
			"Platform degraded: Purview, INC-P77. 1 key tenant affected; CRE is not paging for this.",
		],
		[
			"believes a platform incident before the platform's own windows show it",
			withState(healthy, "a", "dlp-create", "breach"),
			{ incidents: [platformIncident] },
			"Platform degraded: Purview, INC-P77. 1 key tenant affected; CRE is not paging for this.",
		],
		[
			"does not believe a platform incident whose signal cleared",
			withState(healthy, "a", "dlp-create", "breach"),
			{ incidents: [{ ...platformIncident, isCleared: true }] },
			"Platform healthy: 2 of 2 workloads. 1 of 3 key tenants in breach. Platform monitoring does not show it.",
		],
		[
			"tells a tenant's own breach from the platform's",
			withState(
				withState(withState(healthy, "", "dlp-create", "breach"), "a", "dlp-create", "breach"),
				"b",
				"sign-in",
				"breach",
			),
			{},
			"Platform degraded: Purview. 1 key tenant affected; CRE is not paging for this. 1 of 3 key tenants in breach of their own. Platform monitoring does not show it.",
		],
		[
			"says who is at risk",
			withState(healthy, "c", "search", "at-risk"),
			{},
			"Platform healthy: 2 of 2 workloads. 1 key tenant at risk. 2 of 3 key tenants healthy.",
		],
		[
			"says for whom it is blind",
			withState(healthy, "c", "search", "no-data"),
			{},
			"Platform healthy: 2 of 2 workloads. No telemetry for 1 tenant; its state is unknown. 2 of 3 key tenants healthy.",
		],
		[
			"never calls a platform healthy that it cannot see",
			withState(healthy, "", "search", "no-data"),
			{},
			"Platform known to be healthy in 1 of 2 workloads. 3 of 3 key tenants healthy.",
		],
		[
			"claims nothing before telemetry arrives",
			[],
			{},
			"No telemetry: the state of the platform and of 3 key tenants is unknown.",
		],
		[
			"says first by which channel pages do not arrive",
			healthy,
			{ failingChannels: [{ name: "texts", since: NOW - 30 * 60_000 }] },
			"Nothing leaves by the channel texts for 30 min: see Admin, Channels. Platform healthy: 2 of 2 workloads. 3 of 3 key tenants healthy.",
		],
		[
			"says first, and once, that nothing comes in from anywhere",
			healthy,
			{ ingest: { sources: 3, since: NOW - 4 * 60_000 } },
			"Nothing comes in: all 3 sources have sent nothing for 4 min. Look at the way to this server first, not at tenants. Platform healthy: 2 of 2 workloads. 3 of 3 key tenants healthy.",
		],
	];
	it.each(cases)("%s", (_name, statuses, more, expected) => {
		expect(text(view(tenants, statuses, more))).toBe(expected);
	});
	it("says that nobody is configured", () => {
		expect(text(view([], allHealthy([])))).toBe(
			"Platform healthy: 2 of 2 workloads. No key tenants are configured yet.",
		);
	});
});

describe("cells", () => {
	it("carry the double ring when the tenant is in breach and the platform of that column is healthy", () => {
		const v = view([tenant("a")], withState(allHealthy(["a"]), "a", "search", "breach"));
		expect(v.tenants[0]?.cells.map((cell) => [cell.state, cell.ring])).toEqual([
			["healthy", false],
			["breach", true],
		]);
	});
	it.each(["breach", "at-risk", "no-data"] as const)(
		"carry no ring when the platform of that column is %s",
		(state) => {
			const v = view(
				[tenant("a")],
				withState(withState(allHealthy(["a"]), "a", "search", "breach"), "", "dlp-create", state),
			);
			expect(v.tenants[0]?.cells[1]?.ring).toBe(false);
		},
	);
	it("show the worst SLO of a tenant and the lead SLO of the platform, whose state is the worst of all", () => {
		const statuses = withState(withState(allHealthy(["a"]), "a", "search", "at-risk"), "", "search", "breach");
		const v = view([tenant("a")], statuses);
		expect(v.tenants[0]?.cells[1]?.lead?.slo).toBe("search");
		expect(v.platform.cells[1]).toMatchObject({ state: "breach", lead: { slo: "dlp-create", state: "healthy" } });
	});
	it("show of two breaches the one that burns more", () => {
		const statuses = withState(withState(allHealthy(["a"]), "a", "search", "breach"), "a", "dlp-create", "breach").map(
			(each) => (each.tenant === "a" && each.slo === "dlp-create" ? { ...each, burn: 190 } : each),
		);
		expect(view([tenant("a")], statuses).tenants[0]?.cells[1]?.lead).toMatchObject({ slo: "dlp-create", burn: 190 });
	});
	it("are not in use where the tenant does not use the workload, and that is no lack of data", () => {
		const v = view([tenant("a", "mcs", ["entra"])], allHealthy(["a"]));
		expect(v.tenants[0]).toMatchObject({
			worst: "healthy",
			cells: [{ state: "healthy" }, { state: "not-in-use", slos: [] }],
		});
	});
	it("say no data, not zero, for a pair of which nothing is known", () => {
		const v = view([tenant("a")], allHealthy([]));
		expect(v.tenants[0]?.cells[0]?.lead).toMatchObject({ state: "no-data", sli: null, burn: null, lastAt: null });
	});
});

describe("rows", () => {
	it("stand by worst state, then tier, then name", () => {
		const tenants = [
			tenant("d"),
			tenant("c"),
			tenant("b", "basic"),
			tenant("a", "basic"),
			tenant("e", "basic"),
			tenant("f"),
		];
		let statuses = allHealthy(["a", "b", "c", "d", "e", "f"]);
		statuses = withState(statuses, "b", "search", "breach");
		statuses = withState(statuses, "e", "search", "at-risk");
		statuses = withState(statuses, "f", "sign-in", "no-data");
		const v = view(tenants, statuses);
		expect(v.tenants.map((row) => row.name)).toEqual(["b", "e", "f", "c", "d", "a"]);
		expect(v.needNoAction).toBe(3);
	});
	it("keep their order when only numbers change", () => {
		const tenants = ["a", "b"].map((name) => tenant(name));
		const statuses = allHealthy(["a", "b"]);
		const noisy = statuses.map((each) => (each.tenant === "b" ? { ...each, burn: 0.9, sli: 0.996 } : each));
		expect(view(tenants, noisy).tenants.map((row) => row.name)).toEqual(
			view(tenants, statuses).tenants.map((row) => row.name),
		);
	});
	it("fill hours of which nothing is known with no data", () => {
		const v = view([tenant("a")], allHealthy(["a"]), { strips: new Map([["a", ["healthy", "breach"]]]) });
		expect(v.tenants[0]?.strip).toEqual([...Array(22).fill("no-data"), "healthy", "breach"]);
	});
	it("carry the gravest open incident of the tenant, the older of equals", () => {
		const incident = (id: string, rank: number, at: number): FleetIncident => ({
			...platformIncident,
			id,
			kind: "tenant",
			tenant: "a",
			detectedAt: at,
			row: { ...platformIncident.row, id, severity: { key: "2.5", rank } },
		});
		const v = view([tenant("a")], allHealthy(["a"]), {
			incidents: [incident("INC-3", 25, 3), incident("INC-2", 30, 1), incident("INC-1", 25, 2)],
		});
		expect(v.tenants[0]?.incident?.id).toBe("INC-1");
	});
});

describe("the platform's own word", () => {
	const word = {
		workload: "purview",
		state: "outage",
		why: "said",
		feed: "status",
		feedDisplayName: "Status",
		since: NOW - HOUR,
		title: "Portal is down",
		link: undefined,
		sourceStatus: "major_outage",
		heardAt: NOW,
	} as const;
	const names = ["contoso"];
	const platformWords = new Map([["purview", word]]);

	it("stands on the platform's cell of its workload alone", () => {
		const v = view([tenant("contoso")], allHealthy(names), { platformWords });
		const said = (cells: typeof v.platform.cells) => cells.map((cell) => [cell.workload, cell.platformSays?.state]);
		expect(said(v.platform.cells)).toContainEqual(["purview", "outage"]);
		expect(said(v.platform.cells).filter(([, state]) => state !== undefined)).toHaveLength(1);
		expect(v.tenants.flatMap((row) => said(row.cells)).every(([, state]) => state === undefined)).toBe(true);
	});

	it("changes nothing of what we measure", () => {
		const without = view([tenant("contoso")], allHealthy(names));
		const { platform, ...rest } = view([tenant("contoso")], allHealthy(names), { platformWords });
		const cells = platform.cells.map(({ platformSays: _, ...cell }) => cell);
		expect({ ...rest, platform: { ...platform, cells } }).toEqual(without);
	});
});
