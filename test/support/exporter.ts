import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { exposition, type Family } from "../../packages/server/testing/exposition.ts";

export type { Family };

import { onCleanUp } from "./server.ts";

export function labels(values: Readonly<Record<string, string>>): { name: string; value: string }[] {
	return Object.entries(values).map(([name, value]) => ({ name, value }));
}

/** A target that answers each scrape with what `scrape` gives. Returns host:port. */
export async function startExporter(scrape: () => readonly Family[]): Promise<string> {
	const server = createServer((_request, response) => {
		const body = exposition(scrape());
		response.setHeader(
			"content-type",
			"application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited",
		);
		response.end(body);
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	onCleanUp(() => {
		server.closeAllConnections();
		server.close();
	});
	return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}
