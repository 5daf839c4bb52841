import { afterEach, expect, it } from "vitest";
import { catalogueFiles, writeCatalogue } from "./support/catalogue.ts";
import { minutesBefore, sendMinutes } from "./support/otlp.ts";
import { webhookReceiver } from "./support/receivers.ts";
import { cleanUp, eventually, serve, temporaryFolder } from "./support/server.ts";

afterEach(cleanUp);

const SECRET = `whsec_${Buffer.from("a secret of thirty-two bytes, ok").toString("base64")}`;

it("a monitor fired as a test goes the whole way to the on-call's phone, and says TEST", async () => {
	const pager = await webhookReceiver(SECRET);
	const files = catalogueFiles({
		slos: ["send"],
		tenants: [{ name: "woodgrove" }],
		webhook: { url: `${pager.url}/ada`, leadUrl: `${pager.url}/lead` },
	});
	const server = await serve({
		catalogue: writeCatalogue(files),
		data: temporaryFolder(),
		env: { PAGER_SECRET: SECRET },
	});
	await sendMinutes(
		server,
		minutesBefore(Date.now(), 10, () => ({ tenant: "woodgrove", good: 100, bad: 0 })),
	);
	const { items } = await server.read<{ items: { name: string; slos: { name: string }[] }[] }>("/api/v1/monitors");
	const [monitor] = items as [(typeof items)[number]];
	const slo = monitor.slos[0]?.name;
	const fire = (name: string, body: object) =>
		server.call(`/api/v1/monitors/${name}:test`, { method: "POST", json: body });
	expect((await fire("no-such", { tenant: "woodgrove", slo })).status).toBe(404);
	expect((await fire(monitor.name, { tenant: "nobody", slo })).status).toBe(404);
	expect((await fire(monitor.name, { tenant: "woodgrove", slo })).status).toBe(202);
	const page = await eventually("a page", async () => pager.pages[0]);
	expect(page.fault).toBeUndefined();
	expect(page.body.data.title).toMatch(/^TEST: /);
	expect(page.body.data.sentence).toMatch(/^A test of the monitor .*: nothing is known to be wrong\.$/);
});
