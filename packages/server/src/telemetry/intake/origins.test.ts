import { expect, test } from "vitest";
import { COUNTED, Ledger } from "./ledger.ts";
import { MAX_ORIGINS, Origins } from "./origins.ts";
import { PROTOCOLS } from "./reasons.ts";

test("requests that name no source belong to their protocol, whose number the origin is", () => {
	const origins = new Origins();
	for (const [protocol] of PROTOCOLS.entries()) expect(origins.of(undefined, protocol)).toBe(protocol);
	expect(origins.at(PROTOCOLS.indexOf("remote-write-2"))).toMatchObject({ source: "remote-write" });
});

test("a source has one origin per protocol", () => {
	const origins = new Origins();
	const [json, logs] = [PROTOCOLS.indexOf("otlp-json"), PROTOCOLS.indexOf("otlp-logs")];
	expect(origins.of("edge", json)).toBe(origins.of("edge", json));
	expect(origins.of("edge", logs)).not.toBe(origins.of("edge", json));
	expect(origins.of("otlp", json)).toBe(json);
});

test("with more sources than there are books for, the rest shares one, and no point is lost", () => {
	const ledger = new Ledger(["", "contoso"], []);
	for (let k = 0; k < 1_000; k++) ledger.add(1, ledger.origins.of(`source-${k}`, k % PROTOCOLS.length), COUNTED, 1);
	expect(ledger.origins.count).toBeLessThanOrEqual(MAX_ORIGINS);
	const books = ledger.report("contoso");
	expect(books.reduce((sum, { received }) => sum + received, 0)).toBe(1_000);
	expect(books.filter(({ source }) => source === "other").length).toBe(PROTOCOLS.length);
});
