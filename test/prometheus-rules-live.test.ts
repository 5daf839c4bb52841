import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { catalogueFiles, writeCatalogue } from "./support/catalogue.ts";
import { type Family, labels, startExporter } from "./support/exporter.ts";
import { startPrometheus } from "./support/prometheus.ts";
import { cleanUp, eventually, run, serve, temporaryFolder } from "./support/server.ts";

afterEach(cleanUp);

/** Share of failed requests: a fifth for one tenant, all for another, next to none for the others. */
const FAILING: Readonly<Record<string, number>> = { woodgrove: 0.2, contoso: 0, tailspin: 1, fabrikam: 0.0004 };
const TENANTS = Object.keys(FAILING);
const PER_SCRAPE = 500;
const SCRAPES = 15;

const SLO = `apiVersion: openslo/v1
kind: SLO
metadata: { name: requests }
spec:
  service: mail
  indicator:
    spec:
      ratioMetric:
        bad: { metricSource: { spec: { selector: 'requests_total{code=~"5.."}' } } }
        total: { metricSource: { spec: { metric: requests_total } } }
  timeWindow: [{ duration: 30d, isRolling: true }]
  objectives: [{ target: 0.999 }]
`;

function catalogue(): string {
	const files = catalogueFiles({ tenants: [], slos: [] });
	const tenants = TENANTS.map(
		(name) =>
			`apiVersion: bellwether/v1\nkind: KeyTenant\nmetadata: { name: ${name} }\nspec: { match: { tenant_id: id-of-${name} } }\n`,
	);
	const workload = files["workloads/mail.yaml"]?.replace("  leadSlo: send\n", "") as string;
	return writeCatalogue({
		...files,
		"tenants/key.yaml": tenants.join("---\n"),
		"workloads/mail.yaml": workload,
		"slos/requests.yaml": SLO,
	});
}

/** Counts up to a number of scrapes, then stands still. Every tenant of the fleet, and one that nobody knows. */
class Program {
	#scrapes = 0;

	scrape(): Family[] {
		this.#scrapes = Math.min(SCRAPES, this.#scrapes + 1);
		const metric = [...TENANTS, "somebody"].flatMap((tenant) => {
			const requests = this.#scrapes * PER_SCRAPE;
			const failed = Math.floor(requests * (FAILING[tenant] ?? 0));
			const of = (code: string) => labels({ tenant_id: `id-of-${tenant}`, code });
			return [
				{ label: of("200"), counter: { value: requests - failed } },
				{ label: of("503"), counter: { value: failed } },
			];
		});
		return [{ name: "requests_total", type: 0, metric }];
	}

	get isOver(): boolean {
		return this.#scrapes === SCRAPES;
	}
}

it("a real Prometheus with the exported rules fires for the tenants that page here, on the same counts", async () => {
	const folder = catalogue();
	const rules = join(temporaryFolder(), "rules.yml");
	const exported = await run([
		...["export", "prometheus-rules", "--catalogue", folder],
		...["--out", rules, "--interval", "1s", "--lag", "400ms"],
	]);
	expect(exported).toMatchObject({ exitCode: 0 });
	const server = await serve({ catalogue: folder, data: temporaryFolder() });
	const program = new Program();
	const target = await startExporter(() => program.scrape());
	const prometheus =
		await startPrometheus(`global: { scrape_interval: 1s, scrape_timeout: 400ms, evaluation_interval: 1s }
rule_files: [ "${rules}" ]
scrape_configs:
  - job_name: program
    static_configs: [ { targets: ["${target}"] } ]
remote_write:
  - url: ${server.otlpUrl}/api/v1/write
    queue_config: { batch_send_deadline: 200ms, max_shards: 1 }
`);
	await eventually("the program is over", async () => program.isOver, 60_000);

	const byTenant = async (promql: string): Promise<Record<string, number>> => {
		const { result } = await prometheus.query(promql, Date.now());
		return Object.fromEntries(result.map(({ metric, value }) => [metric.bellwether_tenant ?? "", Number(value?.[1])]));
	};
	const here = async (): Promise<Record<string, number>> => {
		const now = Date.now();
		const range = `from=${Math.floor(now / 10_000) * 10_000 - 300_000}&to=${Math.floor(now / 10_000) * 10_000 + 10_000}`;
		const sums = await Promise.all(
			TENANTS.map(async (tenant) => {
				const { windows } = await server.read<{ windows: { total: number }[] }>(
					`/api/v1/tenants/${tenant}/slis/requests/windows?${range}&resolutionMs=10000`,
				);
				return [tenant, windows.reduce((sum, { total }) => sum + total, 0)] as const;
			}),
		);
		return Object.fromEntries(sums);
	};
	// The first scrape is the base line of every counter, on both sides.
	const all = PER_SCRAPE * (SCRAPES - 1);
	await eventually("all is counted on both sides", async () => {
		const [there, counts] = [await byTenant('bellwether:sli_total:sum{bellwether_window="5m"}'), await here()];
		return TENANTS.every((tenant) => there[tenant] === all && counts[tenant] === all) && there[""] === 5 * all;
	});

	const { items } = await server.read<{ items: { tenant: string | null; state: string }[] }>("/api/v1/incidents");
	const firing = await byTenant('count by (bellwether_tenant) (ALERTS{alertstate="firing",severity="page"})');
	const paged = items.map(({ tenant }) => tenant ?? "");
	expect(Object.keys(firing).toSorted()).toEqual(paged.toSorted());
	expect(firing).toMatchObject({ woodgrove: expect.any(Number), tailspin: expect.any(Number) });
	expect(Object.keys(firing)).not.toContain("contoso");
	expect(Object.keys(firing)).not.toContain("fabrikam");
}, 120_000);
