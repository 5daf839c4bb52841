import { parseDuration } from "@bellwether/model";
import { InvalidArgumentError } from "commander";

/** Values of options, read; what cannot be is refused with what to give. */

export function hostAndPort(text: string): { host: string; port: number } {
	const [, host, port] = /^(\[[0-9a-fA-F:.]+\]|[^\s:/]+):(\d{1,5})$/.exec(text) ?? [];
	if (host === undefined || Number(port) > 65_535)
		throw new InvalidArgumentError("Write host:port, such as 127.0.0.1:8099.");
	return { host: host.replace(/^\[|\]$/g, ""), port: Number(port) };
}

export function portNumber(text: string): number {
	const port = Number(text);
	if (!/^\d+$/.test(text) || port > 65_535) throw new InvalidArgumentError("Give a port from 0 to 65535.");
	return port;
}

export function wholeNumber(text: string): number {
	if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError("Give a whole number.");
	return Number(text);
}

export function webAddress(text: string): string {
	const isAddress = URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
	if (!isAddress) throw new InvalidArgumentError("Give an address such as http://127.0.0.1:8080.");
	return text;
}

export function duration(text: string): number {
	const ms = parseDuration(text);
	if (ms === undefined) throw new InvalidArgumentError("Give a duration such as 90s, 5m or 28d.");
	return ms;
}
