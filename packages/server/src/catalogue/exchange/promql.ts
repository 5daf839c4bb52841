import { parseDuration } from "@bellwether/model";
import { parser } from "@prometheus-io/lezer-promql";
import { parseSelector } from "../selector.ts";
import type { Selector } from "../types.ts";

/** PromQL as far as error ratios and their alerts are written in it; all else is an `other` that says what it is. */
export type Expr = { readonly at: number; readonly text: string } & (
	| { readonly kind: "number"; readonly value: number }
	/** `rangeMs` undefined: an instant selector. */
	| { readonly kind: "selector"; readonly selector: Selector; readonly rangeMs: number | undefined }
	| { readonly kind: "call"; readonly name: string; readonly args: readonly Expr[] }
	| { readonly kind: "aggregate"; readonly op: string; readonly grouping: Grouping; readonly args: readonly Expr[] }
	| {
			readonly kind: "binary";
			readonly op: string;
			readonly left: Expr;
			readonly right: Expr;
			readonly isBool: boolean;
	  }
	| { readonly kind: "other"; readonly what: string }
);

export interface Grouping {
	readonly how: "all" | "by" | "without";
	readonly labels: readonly string[];
}

/** `at`: offset in the text that cannot be taken. */
export class Refusal extends Error {
	readonly at: number;
	readonly remedy: string;

	constructor(at: number, message: string, remedy: string) {
		super(message);
		this.at = at;
		this.remedy = remedy;
	}
}

/** Longer expressions are generated; a quarter of a mebibyte of them is a mistake. */
const MAX_LENGTH = 65_536;
const MAX_DEPTH = 100;

type Node = NonNullable<ReturnType<typeof parser.parse>["topNode"]["firstChild"]>;

/** Throws a Refusal when the text is no PromQL. */
export function parsePromql(text: string): Expr {
	if (text.length > MAX_LENGTH)
		throw new Refusal(0, `has ${text.length} characters, more than ${MAX_LENGTH}`, "Split it.");
	const tree = parser.parse(text);
	let errorAt = -1;
	tree.iterate({
		enter: (node) => {
			if (node.type.isError && errorAt < 0) errorAt = node.from;
		},
	});
	if (errorAt >= 0) {
		const near = text.slice(errorAt, errorAt + 20);
		const message = near.trim() === "" ? "ends too early" : `cannot be read from ${JSON.stringify(near)} on`;
		throw new Refusal(errorAt, message, "Correct the PromQL.");
	}
	const root = tree.topNode.firstChild;
	if (!root) throw new Refusal(0, "is empty", "Write an expression.");
	return exprOf(text, root, 0);
}

function exprOf(text: string, node: Node, depth: number): Expr {
	const at = node.from;
	const own = text.slice(node.from, node.to);
	const shared = { at, text: own };
	if (depth > MAX_DEPTH) throw new Refusal(at, "nests too deep", "Write it flatter.");
	const inner = (child: Node): Expr => exprOf(text, child, depth + 1);
	switch (node.name) {
		case "ParenExpr":
			return node.firstChild ? inner(partsOf(node)[0] ?? node.firstChild) : { ...shared, kind: "other", what: "()" };
		case "NumberDurationLiteral":
		case "NumberLiteral": {
			const value = numberOf(own);
			return Number.isNaN(value) ? { ...shared, kind: "other", what: own } : { ...shared, kind: "number", value };
		}
		case "UnaryExpr": {
			const operand = partsOf(node).map(inner).at(-1);
			if (operand?.kind === "number" && own.startsWith("-"))
				return { ...shared, kind: "number", value: -operand.value };
			return { ...shared, kind: "other", what: "a sign before an expression" };
		}
		case "VectorSelector":
			return { ...shared, kind: "selector", selector: selectorOf(own, at), rangeMs: undefined };
		case "MatrixSelector": {
			const vector = node.getChild("VectorSelector");
			const duration = node.getChild("DurationExpr") ?? node.lastChild;
			if (!vector || !duration) return { ...shared, kind: "other", what: "a range" };
			const written = text.slice(duration.from, duration.to).trim();
			const rangeMs = parseDuration(written);
			const selector = selectorOf(text.slice(vector.from, vector.to), vector.from);
			if (rangeMs === undefined) return { ...shared, kind: "other", what: `a range of ${written}` };
			return { ...shared, kind: "selector", selector, rangeMs };
		}
		case "FunctionCall": {
			const name = textOf(text, node.getChild("FunctionIdentifier"));
			return { ...shared, kind: "call", name, args: argsOf(node).map(inner) };
		}
		case "AggregateExpr": {
			const op = textOf(text, node.getChild("AggregateOp")).toLowerCase();
			return { ...shared, kind: "aggregate", op, grouping: groupingOf(text, node), args: argsOf(node).map(inner) };
		}
		case "BinaryExpr": {
			const sides = partsOf(node);
			const [left, right] = [sides[0], sides.at(-1)];
			if (!left || !right || left === right) return { ...shared, kind: "other", what: "an operation" };
			const between = node.cursor();
			let op = "";
			for (let child = between.node.firstChild; child; child = child.nextSibling) {
				if (OPERATORS.has(child.name)) op = text.slice(child.from, child.to).toLowerCase();
			}
			const isBool = node.getChild("BoolModifier") !== null;
			return { ...shared, kind: "binary", op, left: inner(left), right: inner(right), isBool };
		}
		case "OffsetExpr":
			return { ...shared, kind: "other", what: "an offset" };
		case "StepInvariantExpr":
			return { ...shared, kind: "other", what: "an @ modifier" };
		case "SubqueryExpr":
			return { ...shared, kind: "other", what: "a subquery" };
		default:
			return { ...shared, kind: "other", what: own.length > 40 ? `${own.slice(0, 37)}...` : own };
	}
}

const OPERATORS = new Set("Add Sub Mul Div Mod Pow Atan2 And Or Unless Eql EqlC Neq Gtr Lss Gte Lte".split(" "));
const EXPRESSIONS = new Set(
	(
		"ParenExpr NumberDurationLiteral NumberLiteral UnaryExpr VectorSelector MatrixSelector FunctionCall AggregateExpr " +
		"BinaryExpr OffsetExpr StepInvariantExpr SubqueryExpr StringLiteral"
	).split(" "),
);

function partsOf(node: Node): Node[] {
	const parts: Node[] = [];
	for (let child = node.firstChild; child; child = child.nextSibling)
		if (EXPRESSIONS.has(child.name)) parts.push(child);
	return parts;
}

function argsOf(node: Node): Node[] {
	const body = node.getChild("FunctionCallBody");
	return body ? partsOf(body) : [];
}

function groupingOf(text: string, node: Node): Grouping {
	const modifier = node.getChild("AggregateModifier");
	if (!modifier) return { how: "all", labels: [] };
	const labels: string[] = [];
	const list = modifier.getChild("GroupingLabels");
	for (let child = list?.firstChild; child; child = child.nextSibling) labels.push(text.slice(child.from, child.to));
	return { how: modifier.getChild("By") ? "by" : "without", labels: labels.map((label) => label.replaceAll('"', "")) };
}

function selectorOf(text: string, at: number): Selector {
	const reading = parseSelector(text);
	if (reading.status === "ok") return reading.selector;
	throw new Refusal(at + reading.at, `selects streams in a way that ${reading.message}`, reading.remedy);
}

function textOf(text: string, node: Node | null): string {
	return node ? text.slice(node.from, node.to) : "";
}

/** Plain numbers, and the durations that may stand for seconds. */
function numberOf(text: string): number {
	const number = Number(text.replaceAll("_", ""));
	if (!Number.isNaN(number)) return number;
	const ms = parseDuration(text);
	return ms === undefined ? Number.NaN : ms / 1000;
}
