import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Socket } from "node:net";
import { systemClock } from "@bellwether/model";
import { temporaryControlStore } from "../../packages/server/src/adapters/sqlite/control-store-temporary.ts";
import { catalogueOf, person, quantile, wire } from "./world.ts";

type Behave = (request: IncomingMessage, response: ServerResponse, seen: number) => void;

/** Fourteen ways in which a receiver fails; those that are no HTTP at all stand below. */
const BEHAVIOURS: Readonly<Record<string, Behave>> = {
	"answers 500": (_, response) => void response.writeHead(500).end(),
	"answers 429, wait a minute": (_, response) => void response.writeHead(429, { "retry-after": "60" }).end(),
	"answers 404": (_, response) => void response.writeHead(404).end(),
	hangs: () => undefined,
	"drips its headers": (_, response) => {
		response.writeHead(200, { "content-length": "100000" });
		const drip = setInterval(() => response.write("."), 200);
		response.on("close", () => clearInterval(drip));
	},
	"resets the connection": (request) => void request.socket.resetAndDestroy(),
	"resets after its headers": (request, response) => {
		response.writeHead(200, { "content-length": "10" });
		response.write("x");
		setTimeout(() => request.socket.resetAndDestroy(), 20);
	},
	"redirects for ever": (_, response) => void response.writeHead(302, { location: "/again" }).end(),
	"takes it and loses it": (_, response) => void response.writeHead(204).end(),
	"fails twice, then takes it": (_, response, seen) => void response.writeHead(seen < 3 ? 503 : 200).end(),
	"answers nine seconds late": (_, response) => void setTimeout(() => response.writeHead(200).end(), 9_000),
	"answers without end": (_, response) => {
		response.writeHead(200);
		const flood = setInterval(() => response.write(Buffer.alloc(65_536)), 5);
		response.on("close", () => clearInterval(flood));
	},
};
const GOOD = 30;
const INCIDENTS = 5;

/** Bad receivers beside good ones on two channels: how long the first page of an incident takes to each good one. */
export async function runReceivers() {
	const closers: (() => void)[] = [];
	const listen = async (handle: (request: IncomingMessage, response: ServerResponse) => void) => {
		const server = createServer((request, response) => {
			request.on("error", () => undefined);
			response.on("error", () => undefined);
			request.resume().on("end", () => handle(request, response));
		});
		await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
		closers.push(() => {
			server.closeAllConnections();
			server.close();
		});
		return (server.address() as AddressInfo).port;
	};
	const raw = async (handle: (socket: Socket) => void) => {
		const server = createTcpServer((socket) => {
			socket.on("error", () => undefined);
			handle(socket);
		});
		await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
		closers.push(() => server.close());
		return (server.address() as AddressInfo).port;
	};

	const people = [];
	const hosts: string[] = [];
	const at = (port: number, name: string, scheme = "http") => {
		hosts.push(`127.0.0.1:${port}`);
		return `${scheme}://127.0.0.1:${port}/${name}`;
	};
	let index = 0;
	for (const behave of Object.values(BEHAVIOURS)) {
		let seen = 0;
		const port = await listen((request, response) => behave(request, response, ++seen));
		people.push(person(`bad-${index}`, at(port, "bad"), index % 2 === 0 ? "hook" : "other"));
		index++;
	}
	const garbage = await raw((socket) => void socket.end("\u0000\u0001 this is no answer\r\n\r\n"));
	people.push(person("bad-garbage", at(garbage, "bad")));
	const closed = await raw(() => undefined);
	people.push(person("bad-tls", at(closed, "bad", "https"), "other"));

	const got = new Map<string, number>();
	for (let k = 0; k < GOOD; k++) {
		const port = await listen((request, response) => {
			const chunk = String(request.headers["webhook-id"]);
			const key = `good-${k} ${chunk}`;
			if (!got.has(key)) got.set(key, Date.now());
			response.writeHead(200).end();
		});
		people.push(person(`good-${k}`, at(port, "good"), k % 2 === 0 ? "hook" : "other"));
	}

	const temporary = await temporaryControlStore(systemClock);
	const { store } = temporary;
	const errors: string[] = [];
	const catalogue = catalogueOf(INCIDENTS, people, { repeatEveryMs: 3_600_000 }, hosts, 600);
	const { open, timers, dispatcher } = wire(store, systemClock, catalogue, (error) => errors.push(String(error)));
	timers.start();
	dispatcher.start();
	const took: number[] = [];
	let missed = 0;
	for (let k = 0; k < INCIDENTS; k++) {
		const openedAt = Date.now();
		await open(`t${k}`);
		await new Promise((resolve) => setTimeout(resolve, 12_000));
		for (let who = 0; who < GOOD; who++) {
			const times = [...got]
				.filter(([key, time]) => key.startsWith(`good-${who} `) && time >= openedAt)
				.map(([, time]) => time);
			if (times.length === 0) missed++;
			else took.push(Math.min(...times) - openedAt);
		}
	}
	await Promise.all([timers.stop(), dispatcher.stop()]);
	for (const close of closers) close();
	await temporary.remove();
	return {
		behaviours: Object.keys(BEHAVIOURS).length + 2,
		goodReceivers: GOOD,
		incidents: INCIDENTS,
		missed,
		firstPageP50Ms: quantile(took, 0.5),
		firstPageP99Ms: quantile(took, 0.99),
		firstPageMaxMs: quantile(took, 1),
		errors: errors.slice(0, 5),
	};
}
