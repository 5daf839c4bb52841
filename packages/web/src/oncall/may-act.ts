import type { Session } from "../api-types.ts";

/** Acts of on-call are the whole server's: viewers read, and a token that is limited to tenants is refused. */
export function mayActOnCall({ role, allTenants }: Pick<Session, "role" | "allTenants">): boolean {
	return allTenants && (role === "responder" || role === "admin");
}
