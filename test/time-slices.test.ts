import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { catalogueFiles, writeCatalogue } from "./support/catalogue.ts";
import { minutesBefore, sendMinutes } from "./support/otlp.ts";
import { cleanUp, eventually, type RunningServer, run, serve, temporaryFolder } from "./support/server.ts";

afterEach(cleanUp);

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Good minutes of a calendar month: 95 % of a minute's mails must be sent. */
const MINUTES = `apiVersion: openslo/v1
kind: SLO
metadata: { name: good-minutes, annotations: { bellwether.dev/unit: mails } }
spec:
  service: mail
  indicator:
    spec:
      ratioMetric:
        good: { metricSource: { spec: { metric: mail.sends, where: { result: ok } } } }
        total: { metricSource: { spec: { metric: mail.sends } } }
  timeWindow: [{ duration: 1M, calendar: { startTime: 2026-01-01 00:00:00, timeZone: Asia/Kolkata } }]
  budgetingMethod: Timeslices
  objectives: [{ target: 0.99, timeSliceTarget: 0.95, timeSliceWindow: 1m }]
`;

interface Fleet {
	readonly tenants: { readonly name: string; readonly cells: { readonly slos: Record<string, unknown>[] }[] }[];
}

async function cellOf(server: RunningServer, slo: string) {
	const fleet = await server.read<Fleet>("/api/v1/fleet");
	const row = fleet.tenants.find((each) => each.name === "woodgrove");
	return row?.cells.flatMap((cell) => cell.slos).find((each) => each.slo === slo);
}

async function slicesOf(server: RunningServer, from: number) {
	const query = `from=${from}&resolutionMs=${HOUR_MS}&of=slices`;
	const path = `/api/v1/tenants/woodgrove/slis/good-minutes/windows?${query}`;
	const { windows } = await server.read<{ windows: { bad: number; total: number }[] }>(path);
	return windows.reduce((sum, { bad, total }) => ({ bad: sum.bad + bad, total: sum.total + total }), {
		bad: 0,
		total: 0,
	});
}

describe("a budget in time slices of a calendar month", () => {
	it("counts good and bad minutes, and counts the same after the process was killed", async () => {
		const files = catalogueFiles({ tenants: [{ name: "woodgrove" }], slos: ["send"] });
		const catalogue = writeCatalogue({ ...files, "slos/good-minutes.yaml": MINUTES });
		const data = temporaryFolder();
		const server = await serve({ catalogue, data });
		// The middle of each of forty minutes that are over; every tenth is bad, and one is bad to just 5 %.
		const until = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS - 2.5 * MINUTE_MS;
		const minutes = minutesBefore(until, 40, (ago) => {
			const bad = ago % 10 === 3 ? 20 : ago === 5 ? 5 : 0;
			return { tenant: "woodgrove", good: 100 - bad, bad };
		});
		expect((await sendMinutes(server, minutes)).status).toBe(200);

		// Windows of whole hours are those that begin at this time or later.
		const from = Math.floor(until / HOUR_MS - 1) * HOUR_MS;
		await eventually("all minutes are judged", async () => (await slicesOf(server, from)).total === 40);
		expect(await slicesOf(server, from)).toEqual({ bad: 4, total: 40 });
		const told = await eventually("the fleet page tells of them", async () => {
			const cell = await cellOf(server, "good-minutes");
			return cell?.total1h === 40 && cell;
		});
		expect(told).toMatchObject({ unit: "slices of 1 min", sli: 0.9, periodMs: 30 * 24 * 60 * MINUTE_MS });
		const period = told.period as { startsAt: number; endsAt: number };
		expect(new Date(period.startsAt).toISOString()).toMatch(/T18:30:00\.000Z$/);
		expect(period.startsAt <= Date.now() && Date.now() < period.endsAt).toBe(true);

		await server.stop("SIGKILL");
		const next = await serve({ catalogue, data });
		await eventually("the fleet page tells of them again", async () => {
			const cell = await cellOf(next, "good-minutes");
			return cell?.total1h === 40 && cell.sli === 0.9;
		});
		expect(await slicesOf(next, from)).toEqual({ bad: 4, total: 40 });
		const refused = await next.call("/api/v1/tenants/woodgrove/slis/send/windows?of=slices");
		expect(refused.status).toBe(400);
		expect(refused.text).toContain("send counts its budget in mails, not in slices.");
	});

	it("leaves as OpenSLO and comes back the same", async () => {
		const files = catalogueFiles({ tenants: [{ name: "woodgrove" }], slos: ["send"] });
		const catalogue = writeCatalogue({ ...files, "slos/good-minutes.yaml": MINUTES });
		const out = temporaryFolder();
		const exported = await run(["export", "openslo", "--catalogue", catalogue, "--out", out]);
		expect(exported.exitCode).toBe(0);
		const imported = await run(["import", "openslo", join(out, "slos/mail/good-minutes.yaml"), "--out", out]);
		expect([imported.exitCode, imported.text]).toEqual([
			0,
			expect.stringMatching(/unchanged\.\n1 imported, 0 refused\.\n$/),
		]);
	});
});
