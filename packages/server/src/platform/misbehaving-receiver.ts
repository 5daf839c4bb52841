import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";

/** A request as it came: what stands before the empty line, and what after it. */
export interface RawRequest {
	readonly head: string;
	readonly body: string;
}

export type Behaviour = (socket: Socket, request: RawRequest) => void;

export interface Receiver extends AsyncDisposable {
	/** 127.0.0.1 and its port. */
	readonly host: string;
	readonly requests: readonly RawRequest[];
}

/** A receiver of HTTP for tests that gets the raw request and does with the connection what it likes. */
export async function startReceiver(behave: Behaviour): Promise<Receiver> {
	const requests: RawRequest[] = [];
	const sockets = new Set<Socket>();
	const server = createServer((socket) => {
		sockets.add(socket);
		socket.on("error", () => undefined);
		let text = "";
		socket.on("data", (chunk) => {
			text += chunk;
			// The beginning of TLS, which this does not speak.
			if (text.startsWith("\u0016")) return void socket.end("HTTP/1.1 400 Bad Request\r\n\r\n");
			const end = text.indexOf("\r\n\r\n");
			if (end < 0) return;
			const head = text.slice(0, end);
			const body = text.slice(end + 4);
			const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
			if (Buffer.byteLength(body) < length) return;
			requests.push({ head, body });
			text = "";
			behave(socket, { head, body });
		});
	});
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	return {
		host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
		requests,
		async [Symbol.asyncDispose]() {
			for (const socket of sockets) socket.destroy();
			server.close();
			await once(server, "close");
		},
	};
}

/** An answer that ends the connection; `body` may be made of the request. */
export function reply(
	status: string,
	options: { readonly headers?: string; readonly body?: string | ((request: RawRequest) => string) } = {},
): Behaviour {
	return (socket, request) => {
		const body = typeof options.body === "function" ? options.body(request) : (options.body ?? "");
		socket.end(
			`HTTP/1.1 ${status}\r\n${options.headers ?? ""}content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
		);
	};
}

/** Writes a byte every few milliseconds, for ever. */
export function drip(beginning: string): Behaviour {
	return (socket) => {
		const dripping = setInterval(() => socket.write("x"), 10);
		socket.on("close", () => clearInterval(dripping));
		socket.write(beginning);
	};
}

/** What a receiver says back that repeats all it was sent, secrets too. */
export const echo = ({ head, body }: RawRequest): string => `${head}\n${body}`;
