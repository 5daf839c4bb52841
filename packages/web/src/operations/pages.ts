import type { Session } from "../api-types.ts";

const PAGES = [
	{ page: "health", to: "/admin/health" },
	{ page: "sources", to: "/admin/sources" },
	{ page: "match", to: "/admin/match" },
	{ page: "access", to: "/admin/access" },
	{ page: "channels", to: "/admin/channels" },
	{ page: "integrations", to: "/admin/integrations" },
] as const;

/** Pages of the administration that a person may open; the server decides all the same. */
export function pagesFor({ role, allTenants }: Pick<Session, "role" | "allTenants">) {
	const isFit: Partial<Record<(typeof PAGES)[number]["page"], boolean>> = {
		health: role !== "viewer",
		match: allTenants,
		channels: allTenants,
		access: role === "admin",
		integrations: role !== "viewer",
	};
	return PAGES.filter(({ page }) => isFit[page] !== false);
}
