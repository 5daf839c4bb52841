import { z } from "zod";
import { Instant } from "./schemas.ts";

/** Wire schemas of tokens. */

export const TokenRole = z.enum(["admin", "responder", "viewer", "agent", "ingest"]);
export const TokenIssued = z.object({
	id: z.string(),
	token: z.string().describe("shown this once; the server keeps its hash alone"),
	name: z.string(),
	role: TokenRole,
	tenants: z.array(z.string()).nullable().describe("key tenants it may see; null: all"),
	expiresAt: Instant.nullable(),
});
export const TokenView = TokenIssued.omit({ token: true }).extend({
	createdAt: Instant,
	lastUsedAt: Instant.nullable(),
	state: z.enum(["good", "expired", "revoked", "used"]),
});
