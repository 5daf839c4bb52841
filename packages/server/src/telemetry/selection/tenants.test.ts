import { describe, expect, test } from "vitest";
import type { Catalogue, KeyTenant, TenantAlias } from "#catalogue";
import { compilePattern } from "#catalogue";
import { REASON, verdictReason } from "../intake/reasons.ts";
import { catalogue, delta, keyTenant, NOW, point, request, rig, SLOS, slo } from "../telemetry-fixture.ts";
import { type Attribute, KIND, type RoleSet, rolesAt, Selection } from "./selection.ts";

const S = 1000;
const HOUR = 3_600_000;

function withAliases(name: string, ...aliases: readonly Partial<TenantAlias>[]): KeyTenant {
	const full = aliases.map((alias) => ({ attribute: "org", values: [], patterns: [], ...alias }));
	return { ...keyTenant(name), match: {}, aliases: full };
}

function sendOne(to: ReturnType<typeof rig>, at: number, value: number, attributes: Record<string, string>): void {
	to.send(request([delta("request.count", point({ at, value, attributes }))]));
}

describe("whose a point is by aliases", () => {
	test("many ids of different attributes and patterns are one tenant", () => {
		const tenants = [
			withAliases(
				"contoso",
				{ values: ["a", "b"] },
				{ attribute: "host", patterns: ["contoso-[0-9]+", ".*\\.contoso"] },
			),
			keyTenant("fabrikam"),
		];
		const all = rig({ catalogue: catalogue({ tenants }) });
		sendOne(all, NOW - 1 * S, 1, { org: "a" });
		sendOne(all, NOW - 2 * S, 2, { org: "b" });
		sendOne(all, NOW - 3 * S, 4, { host: "contoso-7" });
		sendOne(all, NOW - 4 * S, 8, { host: "mail.contoso" });
		sendOne(all, NOW - 5 * S, 16, { host: "contoso-7x" });
		sendOne(all, NOW - 6 * S, 32, { org: "c", host: "" });
		expect(all.sink().sum("contoso", "requests")).toBe("0 of 15");
		expect(all.sink().sum("", "requests")).toBe("0 of 63");
	});

	test("a point is its tenant's of its own time, whenever it comes; a restart changes nothing", () => {
		const change = NOW - 30 * S;
		const tenants = [
			withAliases("contoso", { values: ["a"], until: change }),
			withAliases("fabrikam", { values: ["a"], from: change }),
		];
		const all = rig({ catalogue: catalogue({ tenants }) });
		sendOne(all, change + 10 * S, 1, { org: "a" });
		sendOne(all, change - 10 * S, 2, { org: "a" });
		sendOne(all, change, 4, { org: "a" });
		sendOne(all, change - 1, 8, { org: "a" });
		expect(all.sink().sum("contoso", "requests")).toBe("0 of 10");
		expect(all.sink().sum("fabrikam", "requests")).toBe("0 of 5");
		expect(all.accounts("contoso")).toEqual({ received: 2, counted: 2 });
		expect(all.accounts("fabrikam")).toEqual({ received: 2, counted: 2 });
		const again = rig({ catalogue: catalogue({ tenants }), store: all.store.copy() });
		expect(again.sink().report()).toEqual(all.sink().report());
		expect(again.telemetry.accounting()).toEqual(all.telemetry.accounting());
	});

	test("a counter that goes on across the date gives each tenant its part", () => {
		const change = NOW - 30 * S;
		const tenants = [
			withAliases("contoso", { values: ["a"], until: change }),
			withAliases("fabrikam", { values: ["a"], from: change }),
		];
		const all = rig({ catalogue: catalogue({ tenants }) });
		const at = (time: number, value: number) =>
			all.send(
				request([
					{
						name: "request.count",
						sum: {
							aggregationTemporality: 2,
							isMonotonic: true,
							dataPoints: [point({ at: time, start: NOW - HOUR, value, attributes: { org: "a" } })],
						},
					},
				]),
			);
		at(change - 20 * S, 100);
		at(change - 10 * S, 130);
		at(change + 10 * S, 170);
		expect(all.sink().sum("contoso", "requests")).toBe("0 of 130");
		expect(all.sink().sum("fabrikam", "requests")).toBe("0 of 40");
	});

	test("where two tenants claim a point at its time, it is a conflict; before and after it is not", () => {
		const tenants = [
			withAliases("contoso", { values: ["a"] }),
			withAliases("fabrikam", { attribute: "host", values: ["h"], from: NOW - 20 * S, until: NOW - 10 * S }),
		];
		const all = rig({ catalogue: catalogue({ tenants }) });
		for (const ago of [25, 15, 5]) sendOne(all, NOW - ago * S, 1, { org: "a", host: "h" });
		expect(all.sink().sum("contoso", "requests")).toBe("0 of 2");
		expect(all.accounts("")).toEqual({ received: 1, counted: 0, tenant_conflict: 1 });
	});

	test("the same id may be one tenant's in a workload and another's from a source", () => {
		const chat = {
			...slo("chats", { kind: "heartbeat", metric: { metric: "chat", where: [] }, everyMs: 60_000, atLeast: 1 }),
			workload: "chat",
		};
		const tenants = [
			{ ...withAliases("contoso", { values: ["a"], workload: "mail" }), workloads: ["mail", "chat"] },
			{ ...withAliases("fabrikam", { values: ["a"], workload: "chat" }), workloads: ["mail", "chat"] },
			withAliases("tailspin", { values: ["b"], source: "billing" }),
		];
		const selection = new Selection(catalogue({ tenants, slos: [...SLOS, chat] }));
		const owner = (metric: string, ...attributes: Attribute[]) => {
			const roles = selection.resolve(identity(metric, attributes), KIND.deltaSum);
			return typeof roles === "number" ? roles : selection.tenants[roles.tenant];
		};
		expect(owner("request.count", ["org", "sa"])).toBe("contoso");
		expect(owner("chat", ["org", "sa"])).toBe("fabrikam");
		expect(owner("request.count", ["org", "sb"])).toBe("");
		expect(owner("request.count", ["org", "sb"], ["service.name", "sbilling"])).toBe("tailspin");
		expect(owner("request.count", ["org", "sb"], ["service.name", "sbilling"], ["bellwether.source", "sx"])).toBe("");
	});
});

describe("cohorts", () => {
	const cohorts: NonNullable<Catalogue["cohorts"]> = [
		{
			name: "region",
			displayName: "Region",
			by: "attribute",
			attribute: "region",
			groups: { eu: ["de", "fr"], us: ["ny"] },
		},
		{ name: "tier", displayName: "Tier", by: "tier" },
	];
	const parts = { ...catalogue(), cohorts };

	test("have windows of their own, fed by tenants known and unknown; detectors and tenants do not see them", () => {
		const all = rig({ catalogue: parts });
		sendOne(all, NOW - 10 * S, 1, { "tenant.id": "contoso-id", region: "de" });
		sendOne(all, NOW - 10 * S, 2, { "tenant.id": "nobody", region: "fr" });
		sendOne(all, NOW - 10 * S, 4, { "tenant.id": "fabrikam-id", region: "ny" });
		sendOne(all, NOW - 10 * S, 8, { "tenant.id": "nobody", region: "cn" });
		const total = (tenant: string) =>
			all.telemetry
				.windows({ tenant, slo: "requests", from: NOW - HOUR, to: NOW + HOUR, resolutionMs: 10_000 })
				?.reduce((sum, bucket) => sum + bucket.total, 0);
		expect([total("~region:eu"), total("~region:us"), total("~tier:gold"), total("")]).toEqual([3, 4, 5, 15]);
		expect(total("~region:cn")).toBeUndefined();
		expect(Object.keys(all.sink().report()).filter((key) => key.startsWith("~"))).toEqual([]);
		all.telemetry.fold();
		const again = rig({ catalogue: parts, store: all.store.copy() });
		expect(again.sink().report()).toEqual(all.sink().report());
		expect(again.telemetry.accounting().map((each) => each.tenant)).toEqual(["", "contoso", "fabrikam"]);
	});
});

function identity(metric: string, pointAttributes: readonly Attribute[], resource: readonly Attribute[] = []) {
	return { metric, resource, scopeName: "", scopeVersion: "", scope: [], point: pointAttributes };
}

describe("the register answers as a plain search through all claims does", () => {
	let seed = 11;
	const random = (below: number): number => {
		seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
		return (seed >>> 8) % below;
	};
	const oneOf = <T>(list: readonly T[]): T => list[random(list.length)] as T;
	const maybe = <T>(value: T): T | undefined => (random(3) === 0 ? value : undefined);
	const IDS = ["a", "b", "ab", "ba", "aab", "c-1", "c-2"];
	const chat = { ...SLOS[0], name: "chats", workload: "chat" } as (typeof SLOS)[number];

	/** Index of the tenant, or -1, by the definition. */
	function searched(
		tenants: readonly KeyTenant[],
		attributes: readonly Attribute[],
		time: number,
		workload: string,
	): number {
		const value = (name: string) => attributes.find(([each]) => each === name)?.[1].slice(1);
		const source = value("bellwether.source") ?? value("service.name") ?? value("job") ?? "";
		const found = tenants.flatMap((tenant, index) => {
			const aliases = tenant.aliases ?? [];
			const holds = aliases.some((alias) => {
				const id = value(alias.attribute);
				if (id === undefined) return false;
				if (!alias.values.includes(id) && !alias.patterns.some((each) => compilePattern(each).testExact(id)))
					return false;
				if (alias.workload !== undefined && alias.workload !== workload) return false;
				if (alias.source !== undefined && alias.source !== source) return false;
				return time >= (alias.from ?? -Infinity) && time < (alias.until ?? Infinity);
			});
			return holds ? [index + 1] : [];
		});
		return found.length > 1 ? -1 : (found[0] ?? 0);
	}

	test("for random registers, streams and times", () => {
		for (let round = 0; round < 300; round++) {
			const tenants = Array.from({ length: 1 + random(4) }, (_, k) => ({
				...withAliases(
					`t${k}`,
					...Array.from({ length: 1 + random(3) }, () => ({
						attribute: oneOf(["org", "host"]),
						values: random(2) ? [oneOf(IDS)] : [],
						patterns: random(2) ? [oneOf(["a+b?", "c-[0-9]", ".*b", "a.*", "[ab]+"])] : [],
						workload: maybe(oneOf(["mail", "chat"])),
						source: maybe(oneOf(["x", "y"])),
						from: maybe(NOW + random(5) * S),
						until: maybe(NOW + (5 + random(5)) * S),
					})),
				),
				workloads: ["mail", "chat"],
			}));
			const selection = new Selection(catalogue({ tenants, slos: [...SLOS, chat] }));
			for (let k = 0; k < 10; k++) {
				const attributes = [
					["org", `s${oneOf(IDS)}`],
					...(random(2) ? [["host", `s${oneOf(IDS)}`]] : []),
					...(random(2) ? [[oneOf(["service.name", "job", "bellwether.source"]), `s${oneOf(["x", "y"])}`]] : []),
				] as unknown as Attribute[];
				const time = NOW + random(12) * S;
				const resolved = selection.resolve(identity("request.count", attributes), KIND.deltaSum);
				const owners = ["mail", "chat"].map((workload) => searched(tenants, attributes, time, workload));
				const named = [...new Set(owners)].filter((owner) => owner !== 0);
				const isConflict = named.length > 1 || named[0] === -1;
				const roles = typeof resolved === "number" ? resolved : rolesAt(resolved, time * 1000);
				const saw = JSON.stringify({ tenants: tenants.map((each) => each.aliases), attributes, time: time - NOW });
				if (isConflict) {
					const said = typeof roles === "number" ? verdictReason(roles) : roles.special?.kind;
					expect([saw, said === "conflict" || said === REASON.tenant_conflict]).toEqual([saw, true]);
					continue;
				}
				const fed = (roles as RoleSet).pairs.map((pair) => selection.pairs[pair]);
				const expected = ["requests", "chats"].flatMap((name, index) => [
					...(owners[index] ? [`t${(owners[index] as number) - 1} ${name}`] : []),
					` ${name}`,
				]);
				expect([saw, fed.map((pair) => `${pair?.tenant} ${pair?.slo}`).sort()]).toEqual([saw, expected.sort()]);
				expect([saw, (roles as RoleSet).tenant]).toEqual([saw, named[0] ?? 0]);
			}
		}
	});

	test("a thousand tenants with patterns cost as many automaton steps as one", () => {
		const tenants = Array.from({ length: 1_000 }, (_, k) =>
			withAliases(`t${k}`, { patterns: [`customer-${k}-.*`, `.*@t${k}\\.example`] }),
		);
		const selection = new Selection(catalogue({ tenants }));
		const owner = (value: string) => selection.tenantOf([["org", `s${value}`]]);
		for (const k of [0, 17, 999]) {
			expect(owner(`customer-${k}-x`)).toBe(k + 1);
			expect(owner(`somebody@t${k}.example`)).toBe(k + 1);
		}
		expect(owner("customer-17")).toBe(0);
		expect(owner(`customer-3-somebody@t4.example`)).toBe(-1);
		// What makes backtracking engines take for ever: here each letter is looked at once.
		const hostile = new Selection(
			catalogue({ tenants: [withAliases("t", { patterns: ["(a+)+b", "(a|a)*c", "(.*a){12}d"] })] }),
		);
		expect(hostile.tenantOf([["org", `s${"a".repeat(50_000)}`]])).toBe(0);
	});
});
