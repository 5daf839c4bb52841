import { describe, expect, test } from "vitest";
import { renderNotice } from "./index.ts";

const facts = { tenant: "Woodgrove Bank", impact: "Some sign-ins fail." };
const render = (body: string) => renderNotice({ subject: "S", body }, facts);

test("facts go in as they are", () => {
	expect(render("{{ tenant }}: {{ impact | upcase }}")).toEqual({
		status: "rendered",
		subject: "S",
		body: "Woodgrove Bank: SOME SIGN-INS FAIL.",
	});
});

test("a subject is one line", () => {
	expect(renderNotice({ subject: "a\r\nBcc: x@y.example", body: "b" }, facts)).toMatchObject({
		subject: "a Bcc: x@y.example",
	});
});

describe("a template that attacks fails, and nothing of it comes out", () => {
	test.each([
		{ name: "constructor", body: "{{ constructor }}" },
		{ name: "constructor of a value", body: "{{ tenant.constructor.name }}" },
		{ name: "constructor by index", body: "{{ tenant['constructor']['constructor'] }}" },
		{ name: "prototype", body: "{{ __proto__ }}" },
		{ name: "prototype of a value", body: "{{ tenant.__proto__.toString }}" },
		{ name: "the process", body: "{{ process.env }}" },
		{ name: "an unknown name", body: "{{ tenants }}" },
		{ name: "an unknown filter", body: "{{ tenant | shell }}" },
		{ name: "an include", body: "{% include '/etc/passwd' %}" },
		{ name: "a render", body: "{% render '../package.json' %}" },
		{ name: "a layout", body: "{% layout 'x' %}" },
		{ name: "a wide loop", body: "{% for i in (1..100000000) %}x{% endfor %}" },
		{
			name: "nested loops",
			body: "{% for a in (1..1000) %}{% for b in (1..1000) %}{% for c in (1..1000) %}x{% endfor %}{% endfor %}{% endfor %}",
		},
		{
			name: "a string that doubles",
			body: `{% assign s = 'xxxxxxxxxxxxxxxx' %}${"{% assign s = s | append: s %}".repeat(40)}{{ s }}`,
		},
		{ name: "an unclosed tag", body: "{% if tenant %}x" },
		{ name: "more text than a template has", body: "x".repeat(70_000) },
		{ name: "nothing", body: " " },
	])("$name", ({ body }) => {
		const outcome = render(body);
		expect(outcome).toMatchObject({ status: "failed" });
		expect(outcome.status === "failed" && outcome.reason.length).toBeGreaterThan(0);
	});
});
