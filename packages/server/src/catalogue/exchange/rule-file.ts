import { isDeepStrictEqual } from "node:util";
import { matcherTest } from "../matcher.ts";
import type { SourceDocument } from "../source.ts";
import type { Matcher, Place } from "../types.ts";
import type { Path } from "../wording.ts";
import { type Expr, parsePromql, Refusal } from "./promql.ts";
import { asList, asRecord, asText, promqlAt, strings } from "./reader.ts";

/** One rule of a Prometheus rule file. */
export interface SourceRule {
	readonly kind: "recording" | "alert";
	readonly name: string;
	readonly group: string;
	readonly labels: Readonly<Record<string, string>>;
	readonly place: Place;
	/** Throws a FoundFault when the expression is no PromQL, or when `read` refuses it. */
	readonly read: <T>(read: (expr: Expr) => T) => T;
}

/** Rules of a document: a rule file, or a `PrometheusRule` object. Undefined when it is neither. */
export function rulesOf(document: SourceDocument): SourceRule[] | undefined {
	const root = asRecord(document.value);
	const isObject = root?.kind === "PrometheusRule";
	const base: Path = isObject ? ["spec"] : [];
	const groups = (isObject ? asRecord(root.spec) : root)?.groups;
	if (!Array.isArray(groups)) return undefined;
	return groups.flatMap((group, g) =>
		asList(asRecord(group)?.rules).flatMap((value, r): SourceRule[] => {
			const rule = asRecord(value);
			const path: Path = [...base, "groups", g, "rules", r];
			const kind = rule?.alert === undefined ? "recording" : "alert";
			const name = asText(rule?.alert ?? rule?.record);
			if (!rule || !name) return [];
			return [
				{
					kind,
					name,
					group: asText(asRecord(group)?.name) ?? "",
					labels: strings(rule.labels),
					place: document.place([...path, kind === "alert" ? "alert" : "record"]),
					read: (read) => promqlAt(document, [...path, "expr"], (text) => read(parsePromql(text))),
				},
			];
		}),
	);
}

const MAX_INLINE_DEPTH = 8;

/** Recording rules by name, put in where they are used. */
export class Recordings {
	readonly #byName = new Map<string, SourceRule[]>();
	readonly used = new Set<SourceRule>();

	constructor(rules: readonly SourceRule[]) {
		for (const rule of rules) {
			if (rule.kind !== "recording") continue;
			this.#byName.set(rule.name, [...(this.#byName.get(rule.name) ?? []), rule]);
		}
	}

	/** The rules of a name whose labels have these values. */
	find(name: string, labels: Readonly<Record<string, string>>): SourceRule | undefined {
		const entries = Object.entries(labels);
		return this.#byName.get(name)?.find((rule) => entries.every(([key, value]) => rule.labels[key] === value));
	}

	/** The expression with what was recorded written out, and the labels of the recordings that it used. */
	inline(expr: Expr, labels: Map<string, string>, depth = 0): Expr {
		const next = (inner: Expr): Expr => this.inline(inner, labels, depth);
		switch (expr.kind) {
			case "selector":
				return expr.rangeMs === undefined ? this.#written(expr, labels, depth) : expr;
			case "call":
			case "aggregate":
				return { ...expr, args: expr.args.map(next) };
			case "binary":
				return { ...expr, left: next(expr.left), right: next(expr.right) };
			default:
				return expr;
		}
	}

	#written(expr: Extract<Expr, { kind: "selector" }>, labels: Map<string, string>, depth: number): Expr {
		const { metric, where } = expr.selector;
		const rules = this.#byName.get(metric);
		if (!rules) return expr;
		if (depth > MAX_INLINE_DEPTH)
			throw new Refusal(expr.at, `uses ${metric}, which is recorded by itself`, "Untie it.");
		const fitting = rules.filter((rule) =>
			where.every(
				(matcher) =>
					rule.labels[matcher.name] === undefined || matcherTest(matcher)(rule.labels[matcher.name] as string),
			),
		);
		const [rule, second] = fitting;
		if (!rule)
			throw new Refusal(expr.at, `selects nothing that ${metric} records here`, "Give the file that records it too.");
		let inner: Expr;
		try {
			inner = rule.read((recorded) => recorded);
			if (
				second &&
				!isDeepStrictEqual(
					inner,
					second.read((recorded) => recorded),
				)
			)
				throw new Refusal(
					expr.at,
					`selects ${fitting.length} different recordings of ${metric}`,
					"Select one by its labels.",
				);
		} catch (error) {
			if (error instanceof Refusal) throw error;
			throw new Refusal(expr.at, `uses ${metric}, which cannot be read`, "Correct its expression.");
		}
		this.used.add(rule);
		for (const [key, value] of Object.entries(rule.labels)) labels.set(key, value);
		const further = where.filter((matcher) => rule.labels[matcher.name] === undefined);
		return moved(narrowed(this.inline(inner, labels, depth + 1), further, expr.at), expr.at);
	}
}

/** Conditions on a recording hold for the series that it was recorded from, when it keeps their label. */
function narrowed(expr: Expr, where: readonly Matcher[], at: number): Expr {
	if (where.length === 0) return expr;
	const deeper = (inner: Expr): Expr => narrowed(inner, where, at);
	if (expr.kind === "binary") return { ...expr, left: deeper(expr.left), right: deeper(expr.right) };
	if (expr.kind === "call") return { ...expr, args: expr.args.map(deeper) };
	if (expr.kind === "aggregate") {
		const { how, labels } = expr.grouping;
		const lost = where.find((matcher) => how === "all" || labels.includes(matcher.name) !== (how === "by"));
		if (lost)
			throw new Refusal(at, `asks for the label ${lost.name}, which the recording has not`, "Remove the condition.");
		return { ...expr, args: expr.args.map(deeper) };
	}
	if (expr.kind !== "selector") return expr;
	const already = new Set(expr.selector.where.map((matcher) => JSON.stringify(matcher)));
	const added = where.filter((matcher) => !already.has(JSON.stringify(matcher)));
	return { ...expr, selector: { ...expr.selector, where: [...expr.selector.where, ...added] } };
}

/** What was put in stands where it was used, for whoever looks for the fault. */
function moved(expr: Expr, at: number): Expr {
	if (expr.kind === "binary") return { ...expr, at, left: moved(expr.left, at), right: moved(expr.right, at) };
	if (expr.kind === "call" || expr.kind === "aggregate")
		return { ...expr, at, args: expr.args.map((inner) => moved(inner, at)) };
	return { ...expr, at };
}
