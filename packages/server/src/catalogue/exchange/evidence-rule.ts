/**
 * ln P(X ≥ bad | n = total, p = budget) of a binomial distribution in PromQL, which has neither factorials nor loops:
 * the first term of the tail by Stirling's series, the others by their ratio, of which three are written out and the
 * rest is taken as geometric. Within 1 % of P wherever a page tier can be true; for slow tickets within a tenth.
 * `bad` and `total` have the same labels; `budget` has bellwether_tenant of them.
 */
export function evidenceExpr({ bad, total, budget }: Readonly<Record<"bad" | "total" | "budget", string>>): string {
	const misses = `(${total} - ${bad})`;
	const by = "on (bellwether_tenant) group_left ()";
	// Times the odds of one bad event, p ÷ (1 − p).
	const ratio = (i: number) =>
		`((${total} - ${bad} - ${i}) / (${bad} + ${i + 1}) * ${by} (${budget} / (1 - ${budget})))`;
	const tail = `(1 + ${ratio(0)} * (1 + ${ratio(1)} * (1 + ${ratio(2)} / clamp_min(1 - ${ratio(3)}, 0.001))))`;
	return [
		`${lnFactorial(total)} - ${lnFactorial(bad)} - ${lnFactorial(misses)} - 0.9189385332046727`,
		`+ ${bad} * ${by} ln(${budget}) + ${misses} * ${by} ln(1 - ${budget})`,
		`+ ln(clamp_min(${tail}, 1))`,
	].join("\n");
}

/** Without its constant ½ ln 2π. Written for x + 1, so that 0! needs no case of its own. */
function lnFactorial(x: string): string {
	return `((${x} + 0.5) * ln(${x} + 1) - (${x} + 1) + 1 / (12 * (${x} + 1)) - 1 / (360 * (${x} + 1) ^ 3))`;
}
