import { describe, expect, test } from "vitest";
import { formatFinding } from "./finding.ts";
import { matcherTest, patternFault } from "./matcher.ts";
import { parseCatalogue } from "./reading.ts";
import { sampleFiles } from "./sample-files.ts";
import { formatSelector, parseSelector } from "./selector.ts";
import type { Matcher, Selector } from "./types.ts";

function is(name: string, op: Matcher["op"], ...values: string[]): Matcher {
	return { name, op, values };
}

function read(text: string): Selector {
	const reading = parseSelector(text);
	if (reading.status !== "ok") throw new Error(reading.message);
	return reading.selector;
}

describe("A selector in PromQL", () => {
	test.each<[text: string, metric: string, where: Matcher[]]>([
		["up", "up", []],
		["job:errors:rate5m{}", "job:errors:rate5m", []],
		[
			'http_requests_total{code!~"5..",region=~"eu-.*"}',
			"http_requests_total",
			[is("code", "!~", "5.."), is("region", "=~", "eu-.*")],
		],
		[' a { b = "x" , c != "" , } ', "a", [is("b", "=", "x"), is("c", "!=", "")]],
		['{"http.requests","region.name"="eu"}', "http.requests", [is("region.name", "=", "eu")]],
		['{__name__="a",b="x"}', "a", [is("b", "=", "x")]],
		[
			"a{b='it\\'s',c=`\\d+`,d=\"\\x41\\u00e9\\n\\101\"}",
			"a",
			[is("b", "=", "it's"), is("c", "=", "\\d+"), is("d", "=", "Aé\nA")],
		],
	])("%s", (text, metric, where) => {
		expect(read(text)).toEqual({ metric, where });
	});

	test.each<[text: string, at: number, message: string]>([
		["", 0, "is empty"],
		["sum(a)", 0, "is more than a selector (aggregate expr)"],
		["a[5m]", 0, "is more than a selector (matrix selector)"],
		["a offset 5m", 0, "is more than a selector (offset expr)"],
		['a{b="x"', 7, "ends too early"],
		['dlp.create{b="x"}', 3, 'cannot be read from ".create{b=\\"x\\"}" on'],
		['a{b="x" or c="d"}', 8, 'cannot be read from "or c=\\"d\\"}" on'],
		['{b="x"}', 0, "names no metric"],
		['{"a","b"}', 5, "names the metric twice"],
		['a{__name__=~"b.*"}', 2, "chooses metrics by a condition"],
		['a{b=~"("}', 5, '"(" is not a pattern: missing closing ): `(`'],
		['a{b=~"(?=x)"}', 5, '"(?=x)" is not a pattern: invalid or unsupported Perl syntax: `(?=`'],
		['a{b="\\q"}', 5, "has the unknown escape \\q"],
	])("%s is refused at %i", (text, at, message) => {
		expect(parseSelector(text)).toMatchObject({ status: "invalid", at, message });
	});

	test.each([
		'a{b="x",c!="y",d=~"z.*",e!~"w|v"}',
		'{"http.requests","region.name"=~"eu-.*"}',
		'a{b="quote \\" backslash \\\\ line\\nend"}',
	])("%s is written as it was read", (text) => {
		expect(formatSelector(read(text))).toBe(text);
	});

	test("several values of one condition keep their meaning when they are written as patterns", () => {
		const selector: Selector = {
			metric: "a",
			where: [is("b", "=", "x.y", "z|"), is("c", "!=", "1", "2"), is("d", "=~", "a|b", "c+")],
		};
		const text = formatSelector(selector);
		expect(text).toBe('a{b=~"x\\\\.y|z\\\\|",c!="1",c!="2",d=~"(?:a|b)|(?:c+)"}');
		const again = read(text);
		for (const value of ["x.y", "xxy", "z|", "z", ""]) {
			const [before, after] = [selector, again].map(({ where }) => matcherTest(where[0] as Matcher)(value));
			expect(after).toBe(before);
		}
	});
});

describe("A condition on an attribute", () => {
	test.each<[Matcher, fits: string[], fitsNot: string[]]>([
		[is("a", "=", "x", "y"), ["x", "y"], ["", "z", "xy"]],
		[is("a", "=", ""), [""], ["x"]],
		[is("a", "!=", "x", "y"), ["", "z"], ["x", "y"]],
		[is("a", "=~", "5.."), ["500", "5\n0"], ["50", "5000", ""]],
		[is("a", "=~", "b|cd"), ["b", "cd"], ["bd", "bcd"]],
		[is("a", "=~", ".*"), ["", "x"], []],
		[is("a", "!~", "5..", "4.."), ["200", ""], ["500", "404"]],
		[is("a", "=~", "(?i)Ab"), ["ab", "AB"], ["a"]],
	])("%j", (matcher, fits, fitsNot) => {
		const fitsValue = matcherTest(matcher);
		for (const value of [...fits, ...fits]) expect([value, fitsValue(value)]).toEqual([value, true]);
		for (const value of [...fitsNot, ...fitsNot]) expect([value, fitsValue(value)]).toEqual([value, false]);
	});

	test.each([
		["x".repeat(257), "has 257 characters, more than 256"],
		["(a{1,1000}){2}", "is not a pattern: invalid repeat count: `{2}`"],
		[".{1000}".repeat(9), "has 9002 steps once its repetitions are written out, more than 1000"],
		["[z-a]", "is not a pattern: invalid character class range: `z-a`"],
		["\\1", "is not a pattern: invalid escape sequence: `\\1`"],
	])("the pattern %s is refused", (pattern, fault) => {
		expect(patternFault(pattern)).toBe(fault);
	});
});

describe("A selector in a catalogue", () => {
	const written = "spec: { metric: dlp.create, where: { result: ok } }";

	test("means the same as metric and where", () => {
		const { catalogue } = parseCatalogue(
			sampleFiles("slos/dlp-create.yaml", [[written, `spec: { selector: '{"dlp.create",result="ok"}' }`]]),
		);
		const { catalogue: plain } = parseCatalogue(sampleFiles());
		expect(catalogue?.hash).toBe(plain?.hash);
	});

	test.each([
		[`spec: { selector: '{"dlp.create",result="ok"' }`, /:\d+:100 error spec\S+selector ends too early/],
		[`spec: { selector: "{\\"dlp.create\\",result=~\\"(\\"}" }`, /:\d+:99 error spec\S+selector "\(" is not a pattern/],
		["spec: { selector: a, metric: a }", /:\d+:64 error spec\S+ has both selector and metric/],
		["spec: { where: { result: ok } }", /:\d+:\d+ error spec\S+metric is missing/],
	])("%s is refused at its place", (edit, says) => {
		const { findings } = parseCatalogue(sampleFiles("slos/dlp-create.yaml", [[written, edit]]));
		expect(findings.map(formatFinding)).toEqual([expect.stringMatching(says)]);
	});
});
