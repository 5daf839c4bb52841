import { doseOf } from "./reach.ts";
import type { Ailing, Change, Peer } from "./types.ts";

/** Chance that a tenant is ill just now for reasons of its own. */
const BY_ITSELF = 0.02;
/** A share of events below which a tenant's trouble may not show. */
const SHOWS = 0.3;
/** How a harmful change hits the tenants that it touched: all, some, or hardly any but the one that is ill. */
const HITS = [
	{ weight: 0.5, hit: 0.95 },
	{ weight: 0.2, hit: 0.4 },
	{ weight: 0.3, hit: 0.02 },
];
/** Without a change: trouble of the tenant's own, or of a region, or of all. */
const NO_CHANGE = { alone: 0.7, region: 0.15, all: 0.15 };

/**
 * How much likelier the other tenants' health is if this change did it than without any change: those that it touched
 * should be ill, the more so the more of them was touched, and the others well.
 */
export function peersRatio(change: Change, ailing: Ailing, peers: readonly Peer[]): number {
	const known = peers.filter((peer) => peer.isIll !== undefined);
	if (known.length === 0) return 1;
	const withChange = HITS.map(
		({ weight, hit }) => Math.log(weight) + likelihood(known, (peer) => hit * shows(doseOf(change.scope, peer))),
	);
	const regions = Object.keys(ailing.regions ?? {});
	const without = [
		Math.log(NO_CHANGE.alone) + likelihood(known, () => 0),
		Math.log(NO_CHANGE.all) + likelihood(known, () => 0.9),
		...regions.map(
			(region) =>
				Math.log(NO_CHANGE.region / regions.length) +
				likelihood(known, (peer) => 0.9 * shows(peer.regions ? (peer.regions[region] ?? 0) : 0.5)),
		),
	];
	return Math.exp(logSum(withChange) - logSum(without));
}

/** Of those that were touched and of whom one can tell: how many are ill. */
export function touchedPeers(change: Change, peers: readonly Peer[]): { readonly ill: number; readonly known: number } {
	const { region, ring } = change.scope;
	// Where a change was made is told by whose events are known by place: of the others nothing is said.
	const isPlaced = (peer: Peer) =>
		(region === undefined || peer.regions !== undefined) && (ring === undefined || peer.ring !== undefined);
	const touched = peers.filter((peer) => peer.isIll !== undefined && isPlaced(peer) && doseOf(change.scope, peer) > 0);
	return { ill: touched.filter((peer) => peer.isIll).length, known: touched.length };
}

function shows(dose: number): number {
	return Math.min(1, dose / SHOWS);
}

function likelihood(peers: readonly Peer[], hitOf: (peer: Peer) => number): number {
	let sum = 0;
	for (const peer of peers) {
		const well = (1 - hitOf(peer)) * (1 - BY_ITSELF);
		sum += Math.log(peer.isIll ? 1 - well : well);
	}
	return sum;
}

function logSum(logs: readonly number[]): number {
	const top = Math.max(...logs);
	return top + Math.log(logs.reduce((sum, log) => sum + Math.exp(log - top), 0));
}
