import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { catalogueFiles, writeCatalogue } from "./support/catalogue.ts";
import { minutesBefore, sendMinutes } from "./support/otlp.ts";
import { cleanUp, type RunningServer, run, serve, temporaryFolder } from "./support/server.ts";

afterEach(cleanUp);

it("a running server is backed up, goes on, and what is restored elsewhere has every count of the moment", async () => {
	const catalogue = writeCatalogue(catalogueFiles({ slos: ["send"], tenants: [{ name: "woodgrove" }] }));
	const data = join(temporaryFolder(), "data");
	const until = Date.now();
	const counts = async (server: RunningServer) => ({
		windows: await server.read(
			`/api/v1/tenants/woodgrove/slis/send/windows?from=${until - 7_200_000}&to=${until + 60_000}&resolutionMs=60000`,
		),
		accounting: await server.read("/api/v1/ingest/accounting"),
	});
	const minutes = (count: number, good: number) =>
		minutesBefore(until, count, () => ({ tenant: "woodgrove", good, bad: 1 }));
	const first = await serve({ catalogue, data });
	await sendMinutes(first, minutes(30, 100));
	const before = await counts(first);

	const backup = join(temporaryFolder(), "backup");
	expect(await run(["verify", data])).toMatchObject({ exitCode: 0, text: expect.stringContaining("is intact") });
	expect(await run(["backup", data, "--out", backup])).toMatchObject({ exitCode: 0 });
	const details = await first.read<{ storage: { tiers: { class: string; tier: string }[] } }>("/api/v1/health/details");
	expect(details.storage.tiers.map(({ class: of, tier }) => `${of} ${tier}`)).toContain("tenants ten-seconds");
	expect(await run(["verify", backup])).toMatchObject({ exitCode: 0 });

	const elsewhere = join(temporaryFolder(), "restored");
	expect(await run(["restore", backup, "--data", data])).toMatchObject({ exitCode: 1 });
	expect(await run(["restore", backup, "--data", elsewhere])).toMatchObject({ exitCode: 0 });
	const second = await serve({ catalogue, data: elsewhere });
	expect(await counts(second)).toEqual(before);
	expect(await counts(first)).toEqual(before);
});
