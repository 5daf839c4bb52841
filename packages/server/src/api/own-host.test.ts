import { describe, expect, it } from "vitest";
import { isLoopbackBind, ownHosts, ownOrigins } from "./own-host.ts";

describe("which Host headers are ours", () => {
	const cases: [string, string | undefined, string, boolean][] = [
		["127.0.0.1", undefined, "127.0.0.1:8080", true],
		["127.0.0.1", undefined, "localhost:8080", true],
		["127.0.0.1", undefined, "[::1]:8080", true],
		["127.0.0.1", undefined, "127.0.0.1.evil.example", false],
		["127.0.0.1", undefined, "evil.example:8080", false],
		["127.0.0.1", undefined, "localhost.evil.example", false],
		["127.0.0.1", undefined, "", false],
		["127.0.0.1", undefined, "a b", false],
		["127.0.0.1", undefined, "127.0.0.1/x", false],
		["127.0.0.1", undefined, "10.0.0.5:8080", false],
		["127.0.0.1", "https://cre.example", "cre.example", true],
		["127.0.0.1", "https://cre.example", "cre.example:444", false],
		["10.0.0.5", undefined, "10.0.0.5:8080", true],
		["0.0.0.0", undefined, "192.168.1.7:8080", true],
		["0.0.0.0", undefined, "host.example:8080", false],
		["::", undefined, "[2001:db8::1]:8080", true],
	];
	it.each(cases)("bound to %s, public address %s: %j is ours: %s", (host, publicUrl, header, expected) => {
		expect(ownHosts({ host, publicUrl: () => publicUrl })(header)).toBe(expected);
	});

	it.each([
		["127.0.0.1", true],
		["127.8.8.8", true],
		["::1", true],
		["localhost", true],
		["0.0.0.0", false],
		["::", false],
		["10.0.0.1", false],
		["127.0.0.1.example", false],
	])("a bind to %s is loopback: %s", (host, expected) => {
		expect(isLoopbackBind(host)).toBe(expected);
	});
});

describe("an origin", () => {
	const isOwn = ownOrigins(() => "https://bellwether.example");
	it.each([
		["http://127.0.0.1:8080", "127.0.0.1:8080", true],
		["http://localhost:8080", "LOCALHOST:8080", true],
		["http://127.0.0.1", "127.0.0.1:80", true],
		["https://bellwether.example", "127.0.0.1:8080", true],
		["http://127.0.0.1:3000", "127.0.0.1:8080", false],
		["http://localhost:8080", "127.0.0.1:8080", false],
		["https://evil.example", "127.0.0.1:8080", false],
		["null", "127.0.0.1:8080", false],
		["http://x", "", false],
	])("%s of a page at %s: ours %s", (origin, asked, ours) => {
		expect(isOwn(origin, asked)).toBe(ours);
	});
});
