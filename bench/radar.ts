import { seededRandom } from "@bellwether/model";
import { createRadar, type RadarAlert, type RadarSignal } from "../packages/server/src/detection/index.ts";

const MINUTE_MS = 60_000;
const START = Date.UTC(2026, 2, 2);
const RIPE_MS = 25_000;
const SMALL_SHARE = 0.006;
/** Events an hour from which the delay is judged. */
const JUDGED_PER_HOUR = 60;
/** The fleet's rule: 14.4 times the budget of 99.5 % over an hour and over five minutes. */
const FLEET_RATIO = 14.4 * 0.005;
const WORKLOADS = ["sign-in", "mail", "files"];
const REGIONS = ["eu", "us", "ap"];

export interface RadarRow {
	readonly tenants: number;
	readonly slis: number;
	readonly days: number;
	readonly observations: number;
	readonly faults: number;
	readonly foundShare: number;
	/** From the fault's first minute to the page, without the time until that minute's data are ripe; judged tenants only. */
	readonly medianDelayMin: number;
	readonly falsePagesPerTenantMonth: number;
	readonly fleetFaults: number;
	readonly fleetFaultsWithOneParent: number;
	readonly tenantPagesInFleetFaults: number;
	/** Single-tenant faults during which the fleet's own burn-rate rule was true. */
	readonly fleetRuleFired: number;
	readonly cpuMicrosPerObservation: number;
	readonly isGood: boolean;
}

interface Fault {
	/** Undefined: the whole fleet. */
	readonly tenant: number | undefined;
	readonly workload: number;
	readonly from: number;
	readonly to: number;
	readonly errorRatio: number;
	/** Of the tenant's events, slower instead of failed. */
	readonly isSlow: boolean;
}

/**
 * A thousand tenants with three workloads, each with an availability and a latency SLI: single faults in small tenants, a
 * few of the whole fleet, and harmless blips. Sizes are heavy-tailed, traffic follows the day, error ratios wander.
 */
export function benchRadar(tenantCount: number, days: number, faultCount: number, seed: number): RadarRow {
	const random = seededRandom(seed);
	const minutes = days * 1440;
	const learn = Math.floor(minutes / 2);
	const rates = Array.from({ length: tenantCount }, (_, i) => 0.7 + 900 * (i + 1) ** -0.8);
	const whole = rates.reduce((a, b) => a + b, 0);
	const faults = plan(rates, whole, learn, minutes, faultCount, random);
	const name = (i: number) => `tenant-${i}`;
	const signals: RadarSignal[] = WORKLOADS.map((workload) => ({
		workload,
		signal: "events",
		attributes: ["region"],
		cohortAttributes: ["region"],
		errors: { sli: "availability" },
		latency: { sli: "latency" },
	}));
	const radar = createRadar({ signals, tenants: rates.map((_, i) => ({ tenant: name(i) })) });
	const noise = new Float64Array(tenantCount * WORKLOADS.length);
	const blips = new Int32Array(tenantCount * WORKLOADS.length);
	const active = faults.map(() => false);
	const pages: { at: number; alert: RadarAlert }[] = [];
	const fleet = WORKLOADS.map(() => ({ bad: [] as number[], total: [] as number[] }));
	const fired = new Set<Fault>();
	let observations = 0;
	const cpu = process.cpuUsage();
	let generated = 0;
	for (let m = 0; m < minutes; m += 1) {
		const from = process.cpuUsage();
		const day = 1 + 0.4 * Math.sin((m / 1440) * 2 * Math.PI);
		for (const [k, fault] of faults.entries()) active[k] = m >= fault.from && m < fault.to;
		const now = faults.filter((_, k) => active[k]);
		for (const [w, workload] of WORKLOADS.entries()) {
			const sum = fleet[w] as (typeof fleet)[number];
			let fleetBad = 0;
			let fleetTotal = 0;
			const here = now.filter((fault) => fault.workload === w);
			for (let i = 0; i < tenantCount; i += 1) {
				const k = i * WORKLOADS.length + w;
				noise[k] = 0.95 * (noise[k] as number) + 0.07 * normal(random);
				// Below zero: the last one is less than an hour ago. Blips that come together are trouble, and no blips.
				if (blips[k] === 0 && random() < 3 / 10_080) blips[k] = 1 + Math.floor(random() * 3);
				const isBlip = (blips[k] as number) > 0;
				if (blips[k] === 1) blips[k] = -60;
				else if (blips[k] !== 0) blips[k] = (blips[k] as number) - Math.sign(blips[k] as number);
				const total = poisson((rates[i] as number) * day, random);
				if (total === 0) continue;
				let badRatio = 0.002 * Math.exp(noise[k] as number) + (isBlip ? 0.15 : 0);
				let slowRatio = 0.02;
				for (const fault of here) {
					if (fault.tenant !== undefined && fault.tenant !== i) continue;
					if (fault.isSlow) slowRatio += fault.errorRatio;
					else badRatio += fault.errorRatio;
				}
				const bad = binomial(total, Math.min(1, badRatio), random);
				const slow = binomial(total, Math.min(1, slowRatio), random);
				fleetBad += bad;
				fleetTotal += total;
				const cell = { values: [REGIONS[i % REGIONS.length] as string], total, bad, slow };
				radar.observe({ tenant: name(i), workload, signal: "events", minuteAt: START + m * MINUTE_MS, cells: [cell] });
				observations += 1;
			}
			sum.bad.push(fleetBad);
			sum.total.push(fleetTotal);
			if (ratio(sum, 60) > FLEET_RATIO && ratio(sum, 5) > FLEET_RATIO)
				for (const fault of here) if (fault.tenant !== undefined) fired.add(fault);
		}
		generated += process.cpuUsage(from).user;
		for (const event of radar.advance(START + (m + 1) * MINUTE_MS + RIPE_MS))
			if (event.type === "opened") pages.push({ at: event.at, alert: event.alert });
	}
	const spent = process.cpuUsage(cpu).user;
	const scored = score(faults, pages, rates, name);
	const months = (tenantCount * (minutes - learn)) / 1440 / 30;
	const row = {
		tenants: tenantCount,
		slis: WORKLOADS.length * 2,
		days,
		observations,
		...scored,
		falsePagesPerTenantMonth: scored.falsePages / months,
		fleetRuleFired: fired.size,
		cpuMicrosPerObservation: (spent - generated) / observations,
	};
	const isGood =
		row.foundShare >= 0.95 &&
		row.medianDelayMin <= 5 &&
		row.falsePagesPerTenantMonth <= 0.05 &&
		row.fleetFaultsWithOneParent === row.fleetFaults &&
		row.tenantPagesInFleetFaults === 0 &&
		row.fleetRuleFired === 0;
	return { ...row, isGood };
}

function score(
	faults: readonly Fault[],
	pages: readonly { readonly at: number; readonly alert: RadarAlert }[],
	rates: readonly number[],
	name: (i: number) => string,
) {
	const claimed = new Set<(typeof pages)[number]>();
	const delays: number[] = [];
	let found = 0;
	let parents = 0;
	let children = 0;
	const single = faults.filter((fault) => fault.tenant !== undefined);
	for (const fault of faults) {
		const during = pages.filter(
			({ at, alert }) =>
				alert.workload === WORKLOADS[fault.workload] &&
				at >= START + fault.from * MINUTE_MS &&
				at <= START + (fault.to + 30) * MINUTE_MS,
		);
		if (fault.tenant === undefined) {
			for (const page of during) claimed.add(page);
			if (during.filter(({ alert }) => alert.scope === "platform").length === 1) parents += 1;
			const isOwn = (tenant: string | undefined) =>
				single.some(
					(f) =>
						f.workload === fault.workload &&
						tenant === name(f.tenant as number) &&
						f.from < fault.to &&
						f.to > fault.from,
				);
			children += during.filter(({ alert }) => alert.scope !== "platform" && !isOwn(alert.tenant)).length;
			continue;
		}
		const own = during.filter(({ alert }) => alert.tenant === name(fault.tenant as number));
		for (const page of own) claimed.add(page);
		const [first] = own;
		if (!first) continue;
		found += 1;
		if ((rates[fault.tenant] as number) * 60 >= JUDGED_PER_HOUR)
			delays.push((first.at - RIPE_MS - START) / MINUTE_MS - fault.from);
	}
	delays.sort((a, b) => a - b);
	return {
		faults: single.length,
		foundShare: found / single.length,
		medianDelayMin: delays[Math.floor(delays.length / 2)] ?? Number.NaN,
		falsePages: pages.filter((page) => !claimed.has(page)).length,
		fleetFaults: faults.length - single.length,
		fleetFaultsWithOneParent: parents,
		tenantPagesInFleetFaults: children,
	};
}

/** Single faults in tenants below `SMALL_SHARE` of the traffic, and five of the fleet that leave each other alone. */
function plan(
	rates: readonly number[],
	whole: number,
	learn: number,
	minutes: number,
	count: number,
	random: () => number,
): Fault[] {
	const faults: Fault[] = [];
	const slot = Math.floor((minutes - learn) / 6);
	for (let k = 0; k < 5; k += 1) {
		const from = learn + slot * k + 60 + Math.floor(random() * (slot - 200));
		const workload = Math.floor(random() * WORKLOADS.length);
		faults.push({
			tenant: undefined,
			workload,
			from,
			to: from + 30 + Math.floor(random() * 30),
			errorRatio: 0.1 + 0.4 * random(),
			isSlow: false,
		});
	}
	const small = rates.flatMap((rate, i) => (rate / whole < SMALL_SHARE ? [i] : []));
	while (faults.length < count + 5) {
		const tenant = small[Math.floor(random() * small.length)] as number;
		const from = learn + Math.floor(random() * (minutes - learn - 200));
		const workload = Math.floor(random() * WORKLOADS.length);
		const fault = {
			tenant,
			workload,
			from,
			to: from + 45 + Math.floor(random() * 75),
			errorRatio: 0.5 + 0.5 * random(),
			isSlow: random() < 0.3,
		};
		const collides = faults.some(
			(f) =>
				f.workload === workload &&
				(f.tenant === undefined || f.tenant === tenant) &&
				f.from < fault.to + 180 &&
				f.to > fault.from - 180,
		);
		if (!collides) faults.push(fault);
	}
	return faults;
}

function ratio(
	{ bad, total }: { readonly bad: readonly number[]; readonly total: readonly number[] },
	span: number,
): number {
	let b = 0;
	let n = 0;
	for (let k = Math.max(0, bad.length - span); k < bad.length; k += 1) {
		b += bad[k] as number;
		n += total[k] as number;
	}
	return n > 0 ? b / n : 0;
}

const normal = (random: () => number): number =>
	Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

function poisson(mean: number, random: () => number): number {
	if (mean > 30) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal(random)));
	const limit = Math.exp(-mean);
	let k = 0;
	for (let p = random(); p > limit; p *= random()) k += 1;
	return k;
}

function binomial(n: number, p: number, random: () => number): number {
	const mean = n * p;
	if (mean > 15 && n - mean > 15)
		return Math.max(0, Math.min(n, Math.round(mean + Math.sqrt(mean * (1 - p)) * normal(random))));
	if (p > 0.5) return n - binomial(n, 1 - p, random);
	if (p <= 0) return 0;
	const step = Math.log1p(-p);
	let hits = 0;
	for (let at = 0; ; hits += 1) {
		at += Math.floor(Math.log(1 - random()) / step) + 1;
		if (at > n) return hits;
	}
}
