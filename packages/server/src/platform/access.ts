declare const scopeBrand: unique symbol;

/**
 * Which tenants a repository call may touch. Only AccessControl makes one, from a principal; nobody else can,
 * because the brand is not exported. `all` includes the fleet's own rows (tenant ''). What is private to named people is
 * read by those whose `reader` name it carries, and by whoever `seesPrivate`.
 */
export type TenantScope = { readonly [scopeBrand]: true; readonly reader: string; readonly seesPrivate: boolean } & (
	| { readonly all: true }
	| { readonly all: false; readonly tenants: ReadonlySet<string> }
);

/** `agent` reads and proposes: nothing it asks for happens before a person or a policy lets it. */
export type Role = "admin" | "responder" | "viewer" | "agent" | "ingest" | "system";

/** Who acts. `name` stands in timelines and the audit log. */
export interface Principal {
	readonly name: string;
	readonly role: Role;
	/** Tenants the principal may see; undefined: all. */
	readonly tenants?: readonly string[] | undefined;
	/** What it proved itself with; undefined: the product itself, or a test. */
	readonly tokenId?: string | undefined;
}

/** The product itself: timers, detectors, dispatcher. */
export const SYSTEM: Principal = { name: "bellwether", role: "system" };

export function scopeOf(principal: Principal): TenantScope {
	const scope = principal.tenants ? { all: false, tenants: new Set(principal.tenants) } : { all: true };
	const seesPrivate = principal.role === "admin" || principal.role === "system";
	return { ...scope, reader: principal.name, seesPrivate } as unknown as TenantScope;
}

export function inScope(scope: TenantScope, tenant: string): boolean {
	return scope.all || scope.tenants.has(tenant);
}

/** `readers` undefined: whoever sees the tenant may read. An administrator of some tenants only is bound to them all the same. */
export function mayRead(scope: TenantScope, readers: readonly string[] | undefined): boolean {
	return readers === undefined || scope.seesPrivate || readers.includes(scope.reader);
}
