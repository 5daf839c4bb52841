/**
 * Which Host headers are ours: loopback names when the bind is loopback, the bound address, and the public address.
 * A server bound to every address answers under any IP literal, never under a name that was not configured.
 */
export function ownHosts(options: {
	readonly host: string;
	readonly publicUrl: () => string | undefined;
}): (host: string) => boolean {
	const isAny = options.host === "0.0.0.0" || options.host === "::";
	return (header) => {
		const parsed = URL.canParse(`http://${header}`) ? new URL(`http://${header}`) : undefined;
		if (parsed === undefined || parsed.username !== "" || parsed.pathname !== "/") return false;
		if (isLoopbackName(parsed.hostname)) return true;
		if (parsed.hostname === bracketed(options.host)) return true;
		const publicUrl = options.publicUrl();
		if (publicUrl !== undefined && URL.canParse(publicUrl) && new URL(publicUrl).host === parsed.host) return true;
		return isAny && (parsed.hostname.startsWith("[") || /^\d+(\.\d+){3}$/.test(parsed.hostname));
	};
}

/**
 * Which pages are ours: those of the host that was asked, with its port, because another port is another program; and
 * those of the public address, which a proxy may not pass on as the host.
 */
export function ownOrigins(publicUrl: () => string | undefined): (origin: string, askedHost: string) => boolean {
	return (origin, askedHost) => {
		if (!URL.canParse(origin) || !URL.canParse(`http://${askedHost}`)) return false;
		const { host, protocol } = new URL(origin);
		if (host === new URL(`${protocol}//${askedHost}`).host) return true;
		const own = publicUrl();
		return own !== undefined && URL.canParse(own) && new URL(own).host === host;
	};
}

export function isLoopbackBind(host: string): boolean {
	return isLoopbackName(bracketed(host));
}

function isLoopbackName(name: string): boolean {
	return name === "localhost" || name === "[::1]" || /^127(\.\d+){3}$/.test(name);
}

function bracketed(host: string): string {
	return host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
}
