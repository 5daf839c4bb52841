import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseDocument } from "yaml";

/** Environment variable that holds what the demo's ticket desk proves itself with. */
export const DESK_TOKEN = "BELLWETHER_DEMO_DESK";

/** A copy of the demo's catalogue, with the ticket desk of this run as its system of record. */
export async function catalogueWithDesk(from: string, to: string, deskUrl: string): Promise<void> {
	await rm(to, { recursive: true, force: true });
	await cp(from, to, { recursive: true });
	const settings = parseDocument(await readFile(join(to, "bellwether.yaml"), "utf8"));
	const allowed = settings.toJS()?.spec?.egress?.allow ?? [];
	settings.setIn(["spec", "egress", "allow"], [...allowed, new URL(deskUrl).host]);
	await writeFile(join(to, "bellwether.yaml"), settings.toString());
	await mkdir(join(to, "integrations"), { recursive: true });
	await writeFile(
		join(to, "integrations/ticket-desk.yaml"),
		`# A desk on this machine that speaks the contract for ICM; your own system of record takes its place.
apiVersion: bellwether/v1
kind: Integration
metadata: { name: ticket-desk, displayName: Ticket desk }
spec:
  kind: icm
  url: ${deskUrl}
  inbound: { auth: bearer, secret: "\${env:${DESK_TOKEN}}" }
`,
	);
}
