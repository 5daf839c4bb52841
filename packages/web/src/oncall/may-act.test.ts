import { expect, test } from "vitest";
import { mayActOnCall } from "./may-act.ts";

test("responders and administrators of all tenants act; viewers and those limited to tenants are offered nothing", () => {
	expect(mayActOnCall({ role: "responder", allTenants: true })).toBe(true);
	expect(mayActOnCall({ role: "admin", allTenants: true })).toBe(true);
	expect(mayActOnCall({ role: "viewer", allTenants: true })).toBe(false);
	expect(mayActOnCall({ role: "responder", allTenants: false })).toBe(false);
});
