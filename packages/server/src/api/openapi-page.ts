import { escapeHtml, htmlPage } from "./html-page.ts";

interface Operation {
	readonly summary?: string;
	readonly description?: string;
	readonly parameters?: readonly {
		readonly name: string;
		readonly in: string;
		readonly required?: boolean;
		readonly description?: string;
		readonly schema?: unknown;
	}[];
	readonly requestBody?: { readonly content?: Readonly<Record<string, { readonly schema?: unknown }>> };
	readonly responses?: Readonly<
		Record<
			string,
			{ readonly description?: string; readonly content?: Readonly<Record<string, { readonly schema?: unknown }>> }
		>
	>;
	readonly "x-authz"?: { readonly roles: readonly string[]; readonly tenant: string; readonly object: string };
}

/** The OpenAPI document as one page of HTML that loads nothing from elsewhere and needs no script. */
export function openApiPage(document: object, nonce: string): string {
	const { info, paths = {} } = document as {
		info: { title: string; version: string; description?: string };
		paths?: Record<string, Record<string, Operation>>;
	};
	const operations = Object.entries(paths).flatMap(([path, methods]) =>
		Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
	);
	const list = operations.map(({ path, method, operation }) => {
		return `<tr><td><code>${method}</code></td><td><a href="#${encodeURI(`${method}-${path}`)}"><code>${escapeHtml(path)}</code></a></td><td>${escapeHtml(operation.summary ?? "")}</td></tr>`;
	});
	const body = `<h1>${escapeHtml(info.title)} ${escapeHtml(info.version)}</h1>
<p>${escapeHtml(info.description ?? "")}</p>
<p><a href="/openapi.json">openapi.json</a> (OpenAPI 3.1, generated from the schemas that validate)</p>
<table>${list.join("\n")}</table>
${operations.map(operationSection).join("\n")}`;
	return htmlPage({ title: `${info.title} API`, body, nonce });
}

function operationSection(entry: { path: string; method: string; operation: Operation }): string {
	const { path, method, operation } = entry;
	const authz = operation["x-authz"];
	const parameters = (operation.parameters ?? []).map(
		(parameter) =>
			`<tr><td><code>${escapeHtml(parameter.name)}</code></td><td>${escapeHtml(parameter.in)}${parameter.required ? ", required" : ""}</td><td>${escapeHtml(parameter.description ?? "")} <code>${escapeHtml(JSON.stringify(parameter.schema ?? {}))}</code></td></tr>`,
	);
	const responses = Object.entries(operation.responses ?? {}).map(
		([status, response]) =>
			`<li><code>${escapeHtml(status)}</code> ${escapeHtml(response.description === "Default Response" ? "" : (response.description ?? ""))}${schemaDetails(response.content)}</li>`,
	);
	return `<section id="${escapeHtml(encodeURI(`${method}-${path}`))}">
<h2><code>${method} ${escapeHtml(path)}</code></h2>
<p>${escapeHtml(operation.summary ?? "")} ${escapeHtml(operation.description ?? "")}</p>
${authz ? `<p class="soft">Who: ${escapeHtml(authz.roles.join(", "))} · tenant from: ${escapeHtml(authz.tenant)} · object: ${escapeHtml(authz.object)}</p>` : ""}
${parameters.length > 0 ? `<table>${parameters.join("\n")}</table>` : ""}
${operation.requestBody ? `<p>Body${schemaDetails(operation.requestBody.content)}</p>` : ""}
<ul>${responses.join("\n")}</ul>
</section>`;
}

function schemaDetails(content: Readonly<Record<string, { readonly schema?: unknown }>> | undefined): string {
	return Object.entries(content ?? {})
		.map(
			([type, media]) =>
				`<details><summary>${escapeHtml(type)}</summary><pre>${escapeHtml(JSON.stringify(media.schema ?? {}, null, 2))}</pre></details>`,
		)
		.join("");
}
