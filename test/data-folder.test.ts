import { cpSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { catalogueFiles, writeCatalogue } from "./support/catalogue.ts";
import { minutesBefore, sendMinutes } from "./support/otlp.ts";
import { cleanUp, eventually, serve, serveRefused, temporaryFolder } from "./support/server.ts";

let catalogue: string;
let data: string;
const whileRunning: string[] = [];

beforeAll(async () => {
	catalogue = writeCatalogue(catalogueFiles({ slos: ["send"], tenants: [{ name: "woodgrove" }] }));
	data = temporaryFolder();
	const server = await serve({ catalogue, data });
	await sendMinutes(
		server,
		minutesBefore(Date.now(), 60, () => ({ tenant: "woodgrove", good: 0, bad: 500 })),
	);
	await eventually("an incident", async () => (await server.call("/api/v1/incidents/INC-1001")).status === 200);
	for (const file of readdirSync(data)) {
		if ((statSync(join(data, file)).mode & 0o077) !== 0) whileRunning.push(file);
	}
	await server.stop();
});
afterAll(cleanUp);

describe("the data folder", () => {
	it("holds no file that others may read, even where others may enter it", () => {
		expect(whileRunning).toEqual([]);
	});

	const overwrite = (from: number, to: number) => (path: string) => {
		const bytes = readFileSync(path);
		writeFileSync(path, bytes.fill(0xa5, from, to));
	};
	const half = (path: string) => truncateSync(path, Math.floor(statSync(path).size / 8_192) * 4_096);
	const newer = (path: string) => {
		const database = new DatabaseSync(path);
		database.exec("pragma user_version = 99");
		database.close();
	};
	const cases: [string, string, (path: string) => void][] = ["control.db", "telemetry.db"].flatMap((file) => [
		["a broken head", file, overwrite(0, 64)],
		["a broken page", file, overwrite(4_096, 8_192)],
		["half of it gone", file, half],
		["the schema of a newer version", file, newer],
	]);
	it.each(cases)("with %s in %s is refused in one sentence, untouched", async (_name, file, damage) => {
		const copy = temporaryFolder();
		cpSync(data, copy, { recursive: true });
		const path = join(copy, file);
		damage(path);
		const before = readFileSync(path);
		const refused = await serveRefused({ catalogue, data: copy });
		expect([refused.exitCode, refused.text.includes(file), /\n\s+at /.test(refused.text)]).toEqual([1, true, false]);
		expect(refused.text).toMatch(/restore|newer/);
		expect(readFileSync(path).equals(before)).toBe(true);
	});

	it("that is a file is refused in one sentence", async () => {
		const path = join(temporaryFolder(), "file");
		writeFileSync(path, "");
		const refused = await serveRefused({ catalogue, data: path });
		expect([refused.exitCode, refused.text.includes("--data"), /\n\s+at /.test(refused.text)]).toEqual([
			1,
			true,
			false,
		]);
	});
});
