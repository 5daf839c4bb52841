import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { hash, randomFor } from "./random.ts";
import { SIGNALS, type Signal } from "./signals.ts";
import { weeklyShape } from "./weekly-shape.ts";

/** One sender of events. Key tenants have the name of their catalogue entry; the rest of the world has `name` "". */
export interface DemoTenant {
	readonly name: string;
	readonly displayName: string;
	/** Value of the attribute `tenant.id`. */
	readonly id: string;
	readonly timeZone: string;
	readonly workloads: readonly string[];
	/** Share of the world's events, ratio. */
	readonly share: number;
}

export interface DemoFleet {
	readonly seed: number;
	readonly keyTenants: readonly DemoTenant[];
	readonly others: readonly DemoTenant[];
}

/** Key tenants together; the rest of the world makes the other 97 %. */
const KEY_SHARE = 0.03;
const OTHER_TENANTS = 40;
const OTHER_ZONES = [
	"America/New_York",
	"America/Los_Angeles",
	"America/Chicago",
	"America/Sao_Paulo",
	"Europe/London",
	"Europe/Berlin",
	"Europe/Madrid",
	"Asia/Kolkata",
	"Asia/Tokyo",
	"Asia/Singapore",
	"Australia/Sydney",
	"Africa/Johannesburg",
];

/**
 * Size ranks that scenarios depend on, whatever the seed: rank 12 of 50 is 0.06 % of the world, far below the 1.3 % that
 * a fleet-wide rule at 99.9 % would need to see a total outage, yet several events in each push.
 */
const FIXED_RANKS: Readonly<Record<string, number>> = {
	"city-power": 2,
	"northwind-traders": 8,
	woodgrove: 12,
	"trey-research": 20,
};

/** Reads who the key tenants are from the catalogue's own file, and gives each a size by rank (Zipf: the k-th has 1/k). */
export function readFleet(catalogueDir: string, seed: number): DemoFleet {
	const list = parse(readFileSync(join(catalogueDir, "tenants", "key-tenants.yaml"), "utf8")) as TenantList;
	const { defaults, tenants } = list.spec;
	const ranks = sizeRanks(
		tenants.map((tenant) => tenant.name),
		seed,
	);
	const keyWeights = zipf(tenants.length);
	const keyTenants = tenants.map((tenant) => ({
		name: tenant.name,
		displayName: tenant.displayName,
		id: tenant.match["tenant.id"],
		timeZone: tenant.timeZone,
		workloads: tenant.workloads ?? defaults.workloads,
		share: KEY_SHARE * (keyWeights[(ranks.get(tenant.name) as number) - 1] as number),
	}));
	const workloads = [...new Set(SIGNALS.map((signal) => signal.workload))];
	const others = zipf(OTHER_TENANTS).map((weight, i) => ({
		name: "",
		displayName: `Rest of the world ${i + 1}`,
		id: idFor(`other ${i} of ${seed}`),
		timeZone: OTHER_ZONES[i % OTHER_ZONES.length] as string,
		workloads,
		share: (1 - KEY_SHARE) * weight,
	}));
	return { seed, keyTenants, others };
}

/** The part of the catalogue's KeyTenantList that a sender needs to know. */
interface TenantList {
	readonly spec: {
		readonly defaults: { readonly workloads: readonly string[] };
		readonly tenants: readonly {
			readonly name: string;
			readonly displayName: string;
			readonly match: { readonly "tenant.id": string };
			readonly workloads?: readonly string[];
			readonly timeZone: string;
		}[];
	};
}

function sizeRanks(names: readonly string[], seed: number): Map<string, number> {
	const taken = new Set(Object.values(FIXED_RANKS));
	const free = names.map((_, i) => i + 1).filter((rank) => !taken.has(rank));
	const order = names
		.filter((name) => FIXED_RANKS[name] === undefined)
		.sort((a, b) => hash(`${seed}/rank/${a}`) - hash(`${seed}/rank/${b}`));
	const ranks = new Map<string, number>(Object.entries(FIXED_RANKS));
	for (const [i, name] of order.entries()) ranks.set(name, free[i] as number);
	return ranks;
}

/** Weights 1, 1/2, 1/3 … that sum to 1. */
function zipf(n: number): number[] {
	const raw = Array.from({ length: n }, (_, i) => 1 / (i + 1));
	const sum = raw.reduce((a, b) => a + b, 0);
	return raw.map((weight) => weight / sum);
}

function idFor(text: string): string {
	const word = (part: string) => hash(`${part} ${text}`).toString(16).padStart(8, "0");
	const [a, b, c, d] = ["a", "b", "c", "d"].map(word) as [string, string, string, string];
	return `${a}-${b.slice(0, 4)}-4${b.slice(5)}-a${c.slice(1, 4)}-${c.slice(4)}${d}`;
}

/** Events per second of a tenant's signal at an instant, before chance. */
export function eventsPerS(tenant: DemoTenant, signal: Signal, at: number): number {
	return signal.worldPerS * tenant.share * weeklyShape(tenant.timeZone, at);
}

/** Ratio of bad events on an ordinary day: each pair has its own, well inside its budget (burn rate 0.08 to 0.35). */
export function usualErrorRatio(fleet: DemoFleet, tenant: DemoTenant, signal: Signal): number {
	const burn = 0.08 + 0.27 * randomFor(fleet.seed, "usual", tenant.id, signal.slo).next();
	return burn * (1 - signal.objective);
}
