// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references to secrets are written so
import { expect, test } from "vitest";
import { formatFinding } from "./finding.ts";
import { parseCatalogue } from "./reading.ts";

function read(watchdog: string) {
	const text = `apiVersion: bellwether/v1\nkind: Settings\nspec:\n  organisation: Test\n  watchdog: ${watchdog}\n`;
	const { catalogue, findings } = parseCatalogue([{ path: "bellwether.yaml", text }]);
	return { settings: catalogue?.settings.watchdog, says: findings.map(formatFinding).join("\n") };
}

test("how often it checks itself and who is told; a receiver with a secret address is named by reference", () => {
	const { settings } = read(
		'{ every: 30s, secret: "${env:K}", heartbeat: [ { url: "https://a.example/x" }, { urlFrom: "${env:U}", method: GET, every: 5m } ] }',
	);
	expect(settings).toEqual({
		everyMs: 30_000,
		secretRef: "${env:K}",
		heartbeats: [
			{ url: "https://a.example/x", method: "POST", everyMs: 0 },
			{ urlRef: "${env:U}", method: "GET", everyMs: 300_000 },
		],
	});
});

test("nothing written leaves the defaults", () => {
	expect(read("{}").settings).toEqual({ everyMs: 20_000, heartbeats: [] });
});

test.each([
	["no address", "{ heartbeat: [ { method: GET } ] }", /heartbeat.0 names no address/],
	["two addresses", '{ heartbeat: [ { url: "https://a.example", urlFrom: "${env:U}" } ] }', /names two addresses/],
	[
		"a key for a ping",
		'{ heartbeat: [ { url: "https://a.example", method: GET, secret: "${env:K}" } ] }',
		/sign nothing/,
	],
	["too often", "{ every: 100ms }", /not .*from 1s to 5m/],
	["a secret written out", "{ secret: hunter2 }", /not a reference to a secret/],
	["a field that means nothing", "{ selfCheck: off }", /selfCheck/],
])("%s is refused with its place", (_, watchdog, says) => {
	const { settings, says: found } = read(watchdog);
	expect(settings).toBeUndefined();
	expect(found).toMatch(says);
	expect(found).toMatch(/^bellwether.yaml:5:/);
});
