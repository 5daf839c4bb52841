import { afterEach, describe, expect, it } from "vitest";
import { catalogueFiles, writeCatalogue } from "./support/catalogue.ts";
import { type Minute, minutesBefore, sendMinutes } from "./support/otlp.ts";
import { mailReceiver, webhookReceiver } from "./support/receivers.ts";
import { cleanUp, eventually, type RunningServer, serve, temporaryFolder } from "./support/server.ts";

afterEach(cleanUp);

const SECRET = `whsec_${Buffer.from("a secret of thirty-two bytes, ok").toString("base64")}`;
/** Of the fleet's traffic; far below what a fleet rule can see. */
const SHARE = 0.0005;
const OTHERS_PER_MINUTE = 2_000_000;

/** An hour in which one tenant of 0.05 % of the traffic is down for the last five minutes. */
function hourWithOutage(until: number): Minute[] {
	const perMinute = OTHERS_PER_MINUTE * SHARE;
	return [
		...minutesBefore(until, 60, () => ({ tenant: undefined, good: OTHERS_PER_MINUTE - 20, bad: 20 })),
		...minutesBefore(until, 60, (minutesAgo) =>
			minutesAgo < 5
				? { tenant: "woodgrove", good: 0, bad: perMinute }
				: { tenant: "woodgrove", good: perMinute, bad: 0 },
		),
		...minutesBefore(until, 60, () => ({ tenant: "fabrikam", good: perMinute, bad: 0 })),
	];
}

interface Incident {
	readonly id: string;
	readonly tenant: string;
	readonly kind: string;
	readonly state: string;
	readonly parent: string | null;
	readonly severity: { readonly key: string };
	readonly version: number;
}

async function incidents(server: RunningServer): Promise<Incident[]> {
	return (await server.read<{ items: Incident[] }>("/api/v1/incidents")).items;
}

describe("a tenant of 0.05 % of the traffic that is entirely down", () => {
	it("is one incident of severity 2.5 under a healthy platform, pages until somebody acknowledges, and tells the CSAM", async () => {
		const pager = await webhookReceiver(SECRET);
		const mail = await mailReceiver();
		const files = catalogueFiles({
			slos: ["send"],
			tenants: [{ name: "woodgrove", csam: "csam@bellwether.example" }, { name: "fabrikam" }],
			webhook: { url: `${pager.url}/ada`, leadUrl: `${pager.url}/lead` },
			smtpPort: mail.port,
			repeatEvery: "1s",
			leadAfter: "3s",
		});
		const server = await serve({
			catalogue: writeCatalogue(files),
			data: temporaryFolder(),
			env: { PAGER_SECRET: SECRET },
		});
		expect((await sendMinutes(server, hourWithOutage(Date.now()))).json).toEqual({});

		const [incident] = await eventually("an incident", async () => {
			const found = await incidents(server);
			return found.length > 0 && found;
		});
		expect(incident).toMatchObject({
			tenant: "woodgrove",
			kind: "tenant",
			state: "detected",
			severity: { key: "2.5" },
			parent: null,
		});
		const id = incident?.id as string;

		const fleet = await server.read("/api/v1/fleet");
		const [first, second] = fleet.tenants as { name: string; worst: string; cells: { ring: boolean }[] }[];
		expect([first?.name, first?.worst, first?.cells[0]?.ring]).toEqual(["woodgrove", "breach", true]);
		expect(second?.name).toBe("fabrikam");
		const platform = (fleet.platform as { cells: { lead: { slo: string; state: string; burn: number } }[] }).cells[0]
			?.lead;
		expect(platform).toMatchObject({ slo: "send", state: "healthy" });
		expect(platform?.burn).toBeLessThan(1);

		// The person on call, again, then the lead: signed, one id per logical page, naming the incident and what to open.
		const lead = await eventually("a page to the lead", async () => pager.pages.find((page) => page.path === "/lead"));
		await eventually("a second page to who is on call", async () =>
			pager.pages.filter((page) => page.path === "/ada").length >= 2 ? true : undefined,
		);
		expect(pager.pages.filter((page) => page.fault !== undefined)).toEqual([]);
		expect(new Set(pager.pages.map((page) => page.id)).size).toBe(pager.pages.length);
		expect(JSON.stringify(lead.body)).toContain(`${server.url}/p/${id}`);

		// Opening the page's link changes nothing; the acknowledgement does, and ends the paging.
		expect((await server.call(`/p/${id}`)).status).toBe(200);
		expect((await server.read(`/api/v1/incidents/${id}`)).state).toBe("detected");

		// Sentences tell times in the zone of who reads; one that does not exist is UTC.
		const sentenceIn = async (zone: string) =>
			(await server.call(`/api/v1/incidents/${id}`, { headers: { "x-time-zone": zone } })).json.sentence;
		expect(await sentenceIn("Asia/Kolkata")).toMatch(/since \d\d:\d\d \(\d\d:\d\d UTC\)|IST \(/);
		expect(await sentenceIn("Nowhere/At all")).toMatch(/since .*\d\d:\d\d UTC\./);
		const acknowledged = await server.call(`/api/v1/incidents/${id}/acknowledge`, {
			method: "POST",
			headers: { "if-match": `"${incident?.version}"` },
		});
		expect([
			acknowledged.status,
			acknowledged.json.state,
			acknowledged.json.acknowledgedBy,
			acknowledged.json.escalation.state,
		]).toEqual([200, "acknowledged", "admin", "acknowledged"]);
		expect(
			(await server.read<{ items: { incident: string; kind: string }[] }>("/api/v1/timers")).items
				.filter((timer) => timer.incident === id)
				.map(({ kind }) => kind),
			"what waits is only the question whether somebody still works on it",
		).toEqual(["escalation.remind"]);
		const pagesAtAcknowledgement = pager.pages.length;
		await new Promise((resolve) => setTimeout(resolve, 2_500));
		// One may have been on the wire at that moment.
		expect(pager.pages.length).toBeLessThanOrEqual(pagesAtAcknowledgement + 1);

		// The CSAM was told by mail; the customer's notice waits for a person.
		const [told] = await eventually("a mail to the CSAM", async () => mail.mails.length > 0 && mail.mails);
		expect([told?.to].flat().map((to) => to?.text)).toEqual(["csam@bellwether.example"]);
		expect(told?.text).toContain("Woodgrove Ltd");
		const detail = await server.read<{ notices: { id: string; audience: string; state: string }[] }>(
			`/api/v1/incidents/${id}`,
		);
		const customer = detail.notices.find((notice) => notice.audience === "customer");
		expect(customer?.state).toBe("draft");
		const approved = await server.call(`/api/v1/notices/${customer?.id}/approve`, { method: "POST" });
		expect([approved.status, approved.json.approvedBy]).toEqual([200, "admin"]);
		await eventually("a mail to the customer", async () =>
			mail.mails.some((one) => [one.to].flat().some((to) => to?.text === "admin@woodgrove.example")),
		);

		// Mitigated and resolved with a verdict; the programme's numbers know it.
		for (const [verb, json] of [
			["mitigate", {}],
			["resolve", { verdict: "real-impact", reason: "certificate expired" }],
		] as const) {
			expect((await server.call(`/api/v1/incidents/${id}/${verb}`, { method: "POST", json })).status).toBe(200);
		}
		const resolved = await server.read(`/api/v1/incidents/${id}`);
		expect(resolved).toMatchObject({
			state: "resolved",
			verdict: "real-impact",
			measures: {
				ttd: { status: "recorded" },
				tta: { status: "recorded" },
				firstNotice: { status: "recorded" },
				ttm: { status: "recorded" },
			},
		});
		expect((await server.read<{ numbers: unknown[] }>("/api/v1/reports/program")).numbers).toHaveLength(6);
		expect(await incidents(server)).toHaveLength(1);

		// Every attempt is on record, and every change by a person in the audit log.
		const deliveries = (await server.read<{ items: { kind: string; outcome: string }[] }>("/api/v1/deliveries")).items;
		expect(deliveries.filter((delivery) => delivery.kind === "page" && delivery.outcome === "sent").length).toBe(
			pager.pages.length,
		);
		const audit = (await server.read<{ items: { action: string; requestId: string }[] }>("/api/v1/audit")).items;
		expect(audit.map((entry) => entry.action)).toEqual(
			expect.arrayContaining(["incident.acknowledge", "incident.mitigate", "incident.resolve"]),
		);
		expect(audit.find((entry) => entry.action === "incident.acknowledge")?.requestId).toBe(
			acknowledged.headers.get("x-request-id"),
		);
		expect(await server.stop()).toBe(0);
	});

	it("is told to open consoles as it happens", async () => {
		const server = await serve({
			catalogue: writeCatalogue(
				catalogueFiles({ slos: ["send"], tenants: [{ name: "woodgrove" }, { name: "fabrikam" }] }),
			),
			data: temporaryFolder(),
		});
		const stream = await fetch(`${server.url}/api/v1/stream`, {
			headers: { authorization: `Bearer ${server.adminToken}` },
		});
		let heard = "";
		const listening = (async () => {
			for await (const chunk of stream.body ?? []) heard += Buffer.from(chunk).toString();
		})();
		await sendMinutes(server, hourWithOutage(Date.now()));
		await eventually(
			"the page on the phone panel",
			async () =>
				/event: phone/.test(heard) &&
				/event: incident\ndata: {"id":"INC-1001"}/.test(heard) &&
				/event: fleet/.test(heard),
		);
		const { items } = await server.read<{ items: { incident: string; person: string }[] }>("/api/v1/phone");
		expect(items).toMatchObject([{ incident: "INC-1001", person: "Ada" }]);
		expect(await server.stop()).toBe(0);
		await listening;
	});
});

describe("an outage of the whole platform", () => {
	it("is one platform incident that pages once, with the tenants' incidents under it", async () => {
		const pager = await webhookReceiver(SECRET);
		const names = ["adatum", "contoso", "fabrikam", "litware", "northwind", "proseware", "tailspin", "wingtip"];
		const files = catalogueFiles({
			slos: ["send"],
			tenants: names.map((name) => ({ name })),
			webhook: { url: `${pager.url}/ada` },
		});
		const server = await serve({
			catalogue: writeCatalogue(files),
			data: temporaryFolder(),
			env: { PAGER_SECRET: SECRET },
		});
		const outage = (tenant: string | undefined, perMinute: number) =>
			minutesBefore(Date.now(), 60, (minutesAgo) =>
				minutesAgo < 6 ? { tenant, good: 0, bad: perMinute } : { tenant, good: perMinute, bad: 0 },
			);
		await sendMinutes(server, [...outage(undefined, 50_000), ...names.flatMap((name) => outage(name, 500))]);

		const all = await eventually("an incident per tenant and the platform's", async () => {
			const found = await incidents(server);
			return found.length === names.length + 1 && found;
		});
		const platform = all.find((incident) => incident.kind === "platform");
		expect(all.filter((incident) => incident.kind === "tenant").map((incident) => incident.parent)).toEqual(
			names.map(() => platform?.id),
		);
		await eventually("the platform's page", async () => pager.pages.length > 0);
		await new Promise((resolve) => setTimeout(resolve, 1_500));
		const deliveries = (
			await server.read<{ items: { kind: string; incident: string }[] }>("/api/v1/deliveries")
		).items.filter((delivery) => delivery.kind === "page");
		expect(deliveries.map((delivery) => delivery.incident)).toEqual([platform?.id]);
		const { sentence } = await server.read<{ sentence: { text: string }[] }>("/api/v1/fleet");
		expect(sentence.map((part) => part.text).join(" ")).toBe(
			`Platform degraded: Mail, ${platform?.id}. 8 key tenants affected; CRE is not paging for these.`,
		);
	});
});
