import type { Server } from "node:http";

/** The address by which this machine reaches what listens at `host`. */
export function urlOf(host: string, port: number): string {
	const name = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
	return `http://${name.includes(":") ? `[${name}]` : name}:${port}`;
}

export function listen(server: Server, host: string, port: number): Promise<void> {
	return new Promise((resolve, reject) => {
		server.once("error", reject);
		server.listen({ host, port }, () => {
			server.off("error", reject);
			resolve();
		});
	});
}

export function closeServer(server: Server): Promise<void> {
	return new Promise((resolve) => {
		server.close(() => resolve());
		server.closeIdleConnections();
		// Requests under way are answered; a connection that stays open after that holds nobody up.
		setTimeout(() => server.closeAllConnections(), 3_000).unref();
	});
}
