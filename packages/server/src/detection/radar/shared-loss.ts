import type { Rise } from "./candidates.ts";
import type { TenantSignal } from "./tenant-signal.ts";

/** Events that a signal must have been expected to have before it can tell. */
const LEAST_EXPECTED = 20;
/** On a holiday some signals fall by less than others, machines by less than people. */
const ALIKE_PART = 0.6;
/** Nats for one answer against the other from which a signal counts. */
const TELLING_NATS = 2;

/**
 * Whose a loss of one signal is. The tenant's own trouble, if most of its other signals go on; shared, if most fall as
 * well: its people are away. Unsure while the others have had too few events to say which.
 */
export function whoseLoss(
	series: TenantSignal,
	rise: Rise,
	minute: number,
	sisters: readonly TenantSignal[],
): "own" | "shared" | "unsure" {
	const own = series.volume?.sums(rise.onset, minute) ?? { came: 0, expected: 1 };
	const kept = own.came / Math.max(1e-9, own.expected);
	const alike = Math.max(0.02, 1 - ALIKE_PART * (1 - kept));
	let fell = 0;
	let well = 0;
	let asked = 0;
	for (const other of sisters) {
		if (other === series || other.volume === undefined) continue;
		const { came, expected } = other.volume.sums(rise.onset, minute);
		if (expected < LEAST_EXPECTED) continue;
		asked += 1;
		const nats = came * Math.log(1 / alike) - expected * (1 - alike);
		if (nats > TELLING_NATS) well += 1;
		else if (nats < -TELLING_NATS) fell += 1;
	}
	if (asked > 0) return well > fell ? "own" : fell > well ? "shared" : "unsure";
	const local = (rise.onset + (series.tenant.utcOffsetMinutes ?? 0)) % 1440;
	const isMidnight = local < 20 || local > 1425;
	return !isMidnight || kept < 0.08 ? "own" : "shared";
}
