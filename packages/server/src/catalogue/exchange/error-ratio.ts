import { isDeepStrictEqual } from "node:util";
import { formatSelector } from "../selector.ts";
import type { Selector } from "../types.ts";
import type { DraftIndicator } from "./draft.ts";
import { type Expr, Refusal } from "./promql.ts";

/** What an expression measures: events counted by two counters, or samples of a 0/1 gauge. */
export type Measured =
	| { readonly kind: "ratio"; readonly part: Selector; readonly total: Selector }
	| { readonly kind: "gauge"; readonly metric: Selector };

/** `value = scale × (isComplement ? 1 − part ÷ total : part ÷ total)`. */
export interface RatioShape {
	readonly measured: Measured;
	readonly isComplement: boolean;
	readonly scale: number;
	readonly windowMs: number;
	/** Labels that both sides are grouped by. */
	readonly by: readonly string[];
}

interface Counted {
	readonly selector: Selector;
	readonly windowMs: number;
	readonly by: readonly string[];
}

/** Reads an error or success ratio; throws a Refusal at the part that is none. */
export function ratioShape(expr: Expr): RatioShape {
	if (expr.kind === "binary" && expr.op === "*") {
		const [number, other] = numberAnd(expr.left, expr.right);
		if (number !== undefined) {
			const shape = ratioShape(other);
			return { ...shape, scale: shape.scale * number };
		}
	}
	if (expr.kind === "binary" && expr.op === "-" && expr.left.kind === "number") {
		const shape = ratioShape(expr.right);
		if (expr.left.value === shape.scale) return { ...shape, isComplement: !shape.isComplement };
		throw new Refusal(expr.at, `${expr.left.value} minus a ratio is no ratio`, "Write 1 - good / total.");
	}
	if (expr.kind === "binary" && expr.op === "/") {
		if (expr.right.kind === "number") {
			const shape = ratioShape(expr.left);
			return { ...shape, scale: shape.scale / expr.right.value };
		}
		// `100 * errors / all` is read as `(100 * errors) / all`.
		const [factor, above] =
			expr.left.kind === "binary" && expr.left.op === "*" ? numberAnd(expr.left.left, expr.left.right) : [];
		if (factor === undefined || !above) return quotient(expr.left, expr.right);
		return { ...quotient(above, expr.right), scale: factor };
	}
	const present = withoutZero(expr);
	if (present) return ratioShape(present);
	const gauge = overTime(expr, "avg_over_time");
	if (gauge) return { measured: { kind: "gauge", metric: gauge.selector }, isComplement: false, scale: 1, ...gauge };
	refuseQuantile(expr);
	throw new Refusal(expr.at, `is ${wordsOf(expr)}, not a ratio of two counters`, RATIO_REMEDY);
}

const RATIO_REMEDY = "Write sum(rate(errors[5m])) / sum(rate(all[5m])), both counters.";

/** The ratio of two expressions, each written by itself. */
export function quotient(above: Expr, below: Expr): RatioShape {
	const gauge = gaugeShare(above, below);
	if (gauge) return gauge;
	const total = counted(below);
	const top = withoutZero(above) ?? above;
	if (top.kind === "binary" && top.op === "-") {
		const minuend = counted(top.left);
		const subtrahend = counted(top.right);
		if (!isDeepStrictEqual(minuend, total)) {
			const message = "subtracts from something else than what it divides by";
			throw new Refusal(top.at, message, "Write (total - good) / total.");
		}
		sameWindow(top.right, subtrahend, total);
		return { measured: ratio(subtrahend, total), isComplement: true, scale: 1, windowMs: total.windowMs, by: total.by };
	}
	const part = counted(above);
	sameWindow(above, part, total);
	return { measured: ratio(part, total), isComplement: false, scale: 1, windowMs: total.windowMs, by: total.by };
}

/** Whether an expression can stand below the line; throws a Refusal otherwise. */
export function checkTotal(expr: Expr): void {
	if (!overTime(expr, "count_over_time")) counted(expr);
}

/** `sum_over_time(up[w]) / count_over_time(up[w])`, and the complement `(count - sum) / count`. */
function gaugeShare(above: Expr, below: Expr): RatioShape | undefined {
	const all = overTime(below, "count_over_time");
	if (!all) return undefined;
	const isDifference = above.kind === "binary" && above.op === "-";
	const minuend = isDifference ? overTime(above.left, "count_over_time") : undefined;
	const ones = overTime(isDifference ? above.right : above, "sum_over_time");
	const isRight = isDeepStrictEqual(ones, all) && (!isDifference || isDeepStrictEqual(minuend, all));
	if (!isRight) {
		const message = "does not sum the gauge whose samples are counted";
		throw new Refusal(above.at, message, "Write sum_over_time(up[5m]) / count_over_time(up[5m]).");
	}
	return { measured: { kind: "gauge", metric: all.selector }, isComplement: isDifference, scale: 1, ...all };
}

function ratio(part: Counted, total: Counted): Measured {
	return { kind: "ratio", part: part.selector, total: total.selector };
}

function sameWindow(expr: Expr, part: Counted, total: Counted): void {
	if (part.windowMs !== total.windowMs)
		throw new Refusal(expr.at, "counts over another window than what it is divided by", "Write the same range twice.");
	if (!isDeepStrictEqual(part.by, total.by))
		throw new Refusal(expr.at, "is grouped by other labels than what it is divided by", "Group both sides alike.");
}

/** Events that a counter counted: `sum(rate(counter[w]))`, also with increase, grouping, `or vector(0)` and `+` of one metric. */
export function counted(expr: Expr): Counted {
	const present = withoutZero(expr);
	if (present) return counted(present);
	if (expr.kind === "binary" && expr.op === "+") return together(expr, counted(expr.left), counted(expr.right));
	if (expr.kind === "aggregate" && expr.op === "sum" && expr.args.length === 1) {
		const inner = expr.args[0] as Expr;
		if (expr.grouping.how === "without" && expr.grouping.labels.length > 0) {
			const message = "sums without some labels, which leaves the others apart";
			throw new Refusal(expr.at, message, "Write sum(...), or sum by (...).");
		}
		if (inner.kind === "aggregate" || inner.kind === "binary") return { ...counted(inner), by: expr.grouping.labels };
		return { ...increase(inner), by: expr.grouping.labels.toSorted() };
	}
	if (expr.kind === "call" && (expr.name === "rate" || expr.name === "increase")) {
		const message = "is not summed, so there is one ratio per series";
		throw new Refusal(expr.at, message, `Write sum(${expr.text}).`);
	}
	if (expr.kind === "call" && expr.name === "histogram_quantile") {
		const message = "is a quantile, which does not say how many events are good";
		throw new Refusal(
			expr.at,
			message,
			'Count by a bucket: sum(rate(x_bucket{le="0.5"}[5m])) / sum(rate(x_count[5m])).',
		);
	}
	throw new Refusal(expr.at, `is ${wordsOf(expr)}, not a sum of rates of a counter`, "Write sum(rate(counter[5m])).");
}

function refuseQuantile(expr: Expr): void {
	if (expr.kind !== "call" || expr.name !== "histogram_quantile") return;
	const remedy = 'Count by a bucket: sum(rate(x_bucket{le="0.5"}[5m])) / sum(rate(x_count[5m])) < 0.99.';
	throw new Refusal(expr.at, "is a quantile, which does not say how many events are good", remedy);
}

function increase(expr: Expr): { selector: Selector; windowMs: number } {
	if (expr.kind === "call" && (expr.name === "rate" || expr.name === "increase")) {
		const [range] = expr.args;
		if (range?.kind === "selector" && range.rangeMs !== undefined)
			return { selector: range.selector, windowMs: range.rangeMs };
		const at = range ?? expr;
		throw new Refusal(at.at, `reads ${wordsOf(at)}, which is no plain range of a counter`, "Write counter[5m].");
	}
	throw new Refusal(expr.at, `is ${wordsOf(expr)}, not rate(...) or increase(...)`, "Write sum(rate(counter[5m])).");
}

/** `rate(m{code="500"}) + rate(m{code="503"})` counts what `m{code=~"500|503"}` selects, when the conditions exclude each other. */
function together(expr: Expr, left: Counted, right: Counted): Counted {
	const [a, b] = [left.selector, right.selector];
	const isOne = a.metric === b.metric && a.where.length === b.where.length;
	const differing = isOne ? a.where.findIndex((matcher, k) => !isDeepStrictEqual(matcher, b.where[k])) : -1;
	const [one, other] = [a.where[differing], b.where[differing]];
	const restIsSame = a.where.every((matcher, k) => k === differing || isDeepStrictEqual(matcher, b.where[k]));
	if (one?.op !== "=" || other?.op !== "=" || one.name !== other.name || !restIsSame) {
		const message = `adds ${formatSelector(a)} and ${formatSelector(b)}; an SLI here reads one metric`;
		throw new Refusal(expr.at, message, "Record the sum as one metric, and select that.");
	}
	if (one.values.some((value) => other.values.includes(value)))
		throw new Refusal(expr.at, "counts the same events twice", "Remove one of the two.");
	sameWindow(expr, left, right);
	const values = [...one.values, ...other.values];
	const where = a.where.map((matcher, k) => (k === differing ? { ...matcher, values } : matcher));
	return { ...left, selector: { ...a, where } };
}

/** The x of `x or vector(0)`: without series the count is zero anyway. Undefined when the expression is something else. */
function withoutZero(expr: Expr): Expr | undefined {
	if (expr.kind !== "binary" || expr.op !== "or") return undefined;
	const { left, right } = expr;
	if (right.kind !== "call" || right.name !== "vector") return undefined;
	return right.args[0]?.kind === "number" && right.args[0].value === 0 ? left : undefined;
}

function overTime(
	expr: Expr,
	name: string,
): { selector: Selector; windowMs: number; by: readonly string[] } | undefined {
	const isSum = expr.kind === "aggregate" && expr.op === "sum" && expr.args.length === 1;
	const call = isSum ? (expr.args[0] as Expr) : expr;
	const by = isSum ? expr.grouping.labels : [];
	if (call.kind !== "call" || call.name !== name) return undefined;
	const [range] = call.args;
	if (range?.kind !== "selector" || range.rangeMs === undefined) return undefined;
	return { selector: range.selector, windowMs: range.rangeMs, by };
}

function numberAnd(left: Expr, right: Expr): [number: number | undefined, other: Expr] {
	if (left.kind === "number") return [left.value, right];
	return right.kind === "number" ? [right.value, left] : [undefined, left];
}

/** What an expression is, in a few words for a message. */
export function wordsOf(expr: Expr): string {
	switch (expr.kind) {
		case "number":
			return "a number";
		case "selector":
			return expr.rangeMs === undefined ? `the value of ${formatSelector(expr.selector)}` : "a range of samples";
		case "call":
			return `${expr.name}(...)`;
		case "aggregate":
			return `${expr.op}(...)`;
		case "binary":
			return `an expression with ${expr.op}`;
		case "other":
			return expr.what;
	}
}

/** An error ratio as good or bad events of all events. */
export function indicatorFrom(shape: RatioShape): DraftIndicator {
	if (shape.scale !== 1) throw new Refusal(0, `is ${shape.scale} times a ratio`, "Write a ratio from 0 to 1.");
	const { measured, isComplement } = shape;
	if (measured.kind === "ratio") return { ...measured, numerator: isComplement ? "good" : "bad" };
	if (isComplement) return { kind: "gauge", metric: measured.metric, value: 1 };
	throw new Refusal(0, "takes the ones of a gauge for errors", "Turn the gauge round, so that 1 is good.");
}
