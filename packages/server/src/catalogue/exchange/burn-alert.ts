import { isDeepStrictEqual } from "node:util";
import { DAY_MS, HOUR_MS } from "@bellwether/model";
import type { DraftIndicator } from "./draft.ts";
import { counted, ratioShape, wordsOf } from "./error-ratio.ts";
import { type Expr, Refusal } from "./promql.ts";

/** One way in which an alert becomes true: an error ratio above a limit in all its windows. */
export interface BurnCondition {
	readonly indicator: DraftIndicator;
	/** Ascending. */
	readonly windowsMs: readonly number[];
	/** Error ratio above which it is true. */
	readonly limit: number;
	/** Of a limit written as a product: its error budget, and the burn rate. */
	readonly budget?: number | undefined;
	readonly factor?: number | undefined;
	/** Labels that the ratio is kept by. */
	readonly by: readonly string[];
	/** Conditions that guard against little traffic, as they are written. */
	readonly guards: readonly string[];
}

interface Leaf {
	readonly indicator?: DraftIndicator;
	readonly windowMs: number;
	readonly limit: number;
	readonly budget: number | undefined;
	readonly by: readonly string[];
	readonly guard?: string;
	readonly at: number;
}

/** Every way in which the alert becomes true; throws a Refusal when one is no error ratio above a limit. */
export function burnConditions(expr: Expr): BurnCondition[] {
	return waysOf(expr).map((leaves) => {
		const ratios = leaves.filter((leaf) => leaf.guard === undefined);
		const [first] = ratios;
		if (!first?.indicator) throw new Refusal(expr.at, "compares no error ratio with a limit", LIMIT_REMEDY);
		const other = ratios.find((leaf) => !isDeepStrictEqual(leaf.indicator, first.indicator));
		if (other) throw new Refusal(other.at, "needs two different ratios at once", "Write one alert for each.");
		const unequal = ratios.find((leaf) => Math.abs(leaf.limit / first.limit - 1) > 1e-9);
		if (unequal)
			throw new Refusal(unequal.at, "has another limit than the other window", "Write the same limit twice.");
		return {
			indicator: first.indicator,
			windowsMs: [...new Set(ratios.map((leaf) => leaf.windowMs))].toSorted((a, b) => a - b),
			limit: first.limit,
			budget: first.budget,
			factor: first.budget === undefined ? undefined : first.limit / first.budget,
			by: first.by,
			guards: leaves.flatMap((leaf) => leaf.guard ?? []),
		};
	});
}

const LIMIT_REMEDY = "Write sum(rate(errors[1h])) / sum(rate(all[1h])) > 14.4 * 0.001.";
const COMPARISONS: Readonly<Record<string, string>> = { ">": "<", ">=": "<=", "<": ">", "<=": ">=" };

/** Alternatives (`or`), each a list of what must hold together (`and`). */
function waysOf(expr: Expr): Leaf[][] {
	if (expr.kind === "binary" && expr.op === "or") return [...waysOf(expr.left), ...waysOf(expr.right)];
	if (expr.kind === "binary" && expr.op === "and") {
		const right = waysOf(expr.right);
		const ways = waysOf(expr.left).flatMap((left) => right.map((more) => [...left, ...more]));
		if (ways.length > 32) throw new Refusal(expr.at, `becomes true in ${ways.length} ways`, "Split the alert.");
		return ways;
	}
	// `max(ratio > limit) without (window)` is true whenever one of its series is.
	const [inner] = expr.kind === "aggregate" && expr.args.length === 1 ? expr.args : [];
	if (inner?.kind === "binary" && COMPARISONS[inner.op]) return waysOf(inner);
	return [[leafOf(expr)]];
}

function leafOf(expr: Expr): Leaf {
	if (expr.kind !== "binary" || !COMPARISONS[expr.op])
		throw new Refusal(expr.at, `is ${wordsOf(expr)}, not a ratio above a limit`, LIMIT_REMEDY);
	if (expr.isBool) throw new Refusal(expr.at, "compares with bool", "Remove bool.");
	const isTurned = constant(expr.left) !== undefined;
	const [value, limitExpr] = isTurned ? [expr.right, expr.left] : [expr.left, expr.right];
	const op = isTurned ? (COMPARISONS[expr.op] as string) : expr.op;
	const limit = constant(limitExpr);
	if (limit === undefined)
		throw new Refusal(limitExpr.at, `is compared with ${wordsOf(limitExpr)}, not with a number`, LIMIT_REMEDY);
	const shared = { at: expr.at, budget: undefined, by: [], windowMs: 0, limit };
	if (isCount(value)) return { ...shared, guard: expr.text };
	const { measured, isComplement, scale, windowMs, by } = ratioShape(value);
	const isAbove = op.startsWith(">");
	const errorLimit = isAbove ? limit / scale : 1 - limit / scale;
	if (!(errorLimit > 0 && errorLimit < 1))
		throw new Refusal(
			limitExpr.at,
			`is an error ratio of ${short(errorLimit)}, which cannot be an error budget`,
			LIMIT_REMEDY,
		);
	const parts = factorsOf(limitExpr);
	const smallest = Math.min(...parts);
	const budget = isAbove && parts.length > 1 ? smallest / scale : undefined;
	// The part is bad when more of it is worse.
	const isBad = isAbove !== isComplement;
	if (measured.kind === "ratio")
		return {
			...shared,
			indicator: { ...measured, numerator: isBad ? "bad" : "good" },
			limit: errorLimit,
			budget,
			windowMs,
			by,
		};
	if (isBad)
		throw new Refusal(value.at, "takes the ones of a gauge for errors", "Turn the gauge round, so that 1 is good.");
	return {
		...shared,
		indicator: { kind: "gauge", metric: measured.metric, value: 1 },
		limit: errorLimit,
		budget,
		windowMs,
		by,
	};
}

function isCount(expr: Expr): boolean {
	try {
		counted(expr);
		return true;
	} catch (error) {
		if (error instanceof Refusal) return false;
		throw error;
	}
}

function constant(expr: Expr): number | undefined {
	if (expr.kind === "number") return expr.value;
	if (expr.kind === "call" && expr.name === "vector" && expr.args[0]) return constant(expr.args[0]);
	if (expr.kind !== "binary") return undefined;
	const [left, right] = [constant(expr.left), constant(expr.right)];
	if (left === undefined || right === undefined) return undefined;
	if (expr.op === "+") return left + right;
	if (expr.op === "-") return left - right;
	if (expr.op === "*") return left * right;
	return expr.op === "/" ? left / right : undefined;
}

function factorsOf(expr: Expr): number[] {
	if (expr.kind === "binary" && expr.op === "*") return [...factorsOf(expr.left), ...factorsOf(expr.right)];
	return [constant(expr) ?? Number.NaN];
}

/** Budget shares of the SRE Workbook by long window; its factors follow from the period. Chapter 5. */
const BUDGET_PERCENT: ReadonlyMap<number, number> = new Map([
	[HOUR_MS, 2],
	[6 * HOUR_MS, 5],
	[DAY_MS, 10],
	[3 * DAY_MS, 10],
]);

/** Period that a factor over a long window was derived from: 14.4 over 1 h is 30 d. Undefined for other windows or no whole days. */
export function periodBehind(factor: number, longMs: number): number | undefined {
	const percent = BUDGET_PERCENT.get(longMs);
	if (percent === undefined) return undefined;
	const days = (factor * longMs * 100) / percent / DAY_MS;
	const whole = Math.round(days);
	return Math.abs(days - whole) < 0.02 && whole >= 1 && whole <= 90 ? whole * DAY_MS : undefined;
}

/** The Workbook's factor for a long window and a period. */
export function factorFor(longMs: number, periodMs: number): number | undefined {
	const percent = BUDGET_PERCENT.get(longMs);
	return percent === undefined ? undefined : (percent * periodMs) / 100 / longMs;
}

export function short(value: number): number {
	return Number(value.toPrecision(6));
}
