import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import fastifyStatic from "@fastify/static";
import { z } from "zod";
import type { Api, ApiContext } from "../context.ts";
import { htmlPage } from "../html-page.ts";
import { PUBLIC } from "../policy.ts";
import { ApiProblem } from "../problem.ts";

/** First parts of the console's addresses; the console itself shows what is not there. */
const PAGES = [
	"/",
	"/fleet",
	"/incidents",
	"/tenants",
	"/workloads",
	"/slos",
	"/monitors",
	"/mutes",
	"/review",
	"/oncall",
	"/me",
	"/notices",
	"/reports",
	"/pilot",
	"/admin",
];

/** Serves the built console. Its shell tells nothing of a tenant, so it needs no sign-in; all data come from the API. */
export function consoleRoutes(api: Api, context: ApiContext): void {
	const index = indexReader(join(context.consoleDir, "index.html"));
	const asIs = () => (data: unknown) => data as string;
	for (const path of PAGES.flatMap((page) => (page === "/" ? ["/"] : [page, `${page}/*`]))) {
		api.get(
			path,
			{
				config: { authz: PUBLIC },
				schema: { hide: true, response: { 200: z.string(), 503: z.string() } },
				serializerCompiler: asIs,
			},
			async (_request, reply) => {
				const html = index();
				reply.type("text/html; charset=utf-8");
				if (html === undefined) return reply.code(503).send(notBuilt(reply.cspNonce.style));
				return reply.send(withNonce(html, reply.cspNonce));
			},
		);
	}
	api.register(fastifyStatic, { root: join(context.consoleDir, "assets"), serve: false, cacheControl: false });
	api.get(
		"/assets/*",
		{ config: { authz: PUBLIC }, schema: { hide: true, params: z.object({ "*": z.string().max(300) }) } },
		async (request, reply) => {
			const file = request.params["*"];
			// Plain names only: the built files lie flat in one folder, so nothing here can climb out of it.
			if (!/^[\w-][\w.-]*$/.test(file) || !existsSync(join(context.consoleDir, "assets", file))) {
				throw new ApiProblem(
					404,
					"not_found",
					"There is no such file of the console.",
					"Reload the page; the console was updated.",
				);
			}
			// Names carry the content's hash.
			reply.header("cache-control", "public, max-age=31536000, immutable");
			return reply.sendFile(file);
		},
	);
	for (const name of ["favicon.ico", "favicon.svg", "icon.svg", "robots.txt", "manifest.webmanifest"]) {
		api.get(`/${name}`, { config: { authz: PUBLIC }, schema: { hide: true } }, async (_request, reply) => {
			if (!existsSync(join(context.consoleDir, name)))
				throw new ApiProblem(404, "not_found", "There is no such file of the console.", "See /api for what there is.");
			return reply.sendFile(name, context.consoleDir);
		});
	}
}

/** Reads index.html again when it was built again. */
function indexReader(path: string): () => string | undefined {
	let cached: { readonly mtimeMs: number; readonly html: string } | undefined;
	return () => {
		if (!existsSync(path)) return undefined;
		const { mtimeMs } = statSync(path);
		if (cached?.mtimeMs !== mtimeMs) cached = { mtimeMs, html: readFileSync(path, "utf8") };
		return cached.html;
	};
}

/** The build writes __NONCE__ wherever an element needs the nonce of its response. */
function withNonce(html: string, nonce: { readonly script: string; readonly style: string }): string {
	return html.replace(/(<script[^>]*)__NONCE__/g, `$1${nonce.script}`).replaceAll("__NONCE__", nonce.style);
}

function notBuilt(nonce: string): string {
	return htmlPage({
		title: "Bellwether",
		body: '<h1>The console is not built</h1>\n<p>Run <code>npm start</code> once in the project\'s folder, or <code>npx vite build packages/web</code>, and reload this page. The server itself works: see <a href="/api">the API</a>.</p>',
		nonce,
	});
}
