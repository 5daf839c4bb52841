import { type Columns, resized } from "../core/columns.ts";
import type { RoleSet } from "../selection/selection.ts";

const MAX_ROLES = 8;
/** Bytes of a row: tenant and number of roles, 32 bits each; then for each role the pair, 32 bits unused, bad, total. */
const ROW_BYTES = 8 + MAX_ROLES * 24;

/**
 * Role sets whose points the core can count: one value, no thresholds, no latencies, one role per pair, nothing special. Kept as a
 * table that it can read; see `assembly/applying.ts`.
 */
export class UsualRoles {
	readonly #columns: Columns;
	readonly #rows = new Map<RoleSet, number>();
	#count = 0;
	table: Uint8Array;
	/** Roles of the largest set so far. */
	most = 1;

	constructor(columns: Columns) {
		this.#columns = columns;
		this.table = columns.bytes(64 * ROW_BYTES);
	}

	/** The row of a role set, made if need be; −1: it is not a usual one. */
	rowOf(roles: RoleSet): number {
		let row = this.#rows.get(roles);
		if (row === undefined) {
			row = isUsual(roles) ? this.#add(roles) : -1;
			this.#rows.set(roles, row);
		}
		return row;
	}

	#add({ tenant, pairs, bad, total }: RoleSet): number {
		const row = this.#count++;
		if ((row + 1) * ROW_BYTES > this.table.length)
			this.table = resized(this.#columns, this.table, this.table.length * 2);
		const view = new DataView(this.table.buffer, this.table.byteOffset + row * ROW_BYTES, ROW_BYTES);
		view.setInt32(0, tenant, true);
		view.setInt32(4, pairs.length, true);
		pairs.forEach((pair, k) => {
			view.setInt32(8 + k * 24, pair, true);
			view.setFloat64(16 + k * 24, bad[k] as number, true);
			view.setFloat64(24 + k * 24, total[k] as number, true);
		});
		this.most = Math.max(this.most, pairs.length);
		return row;
	}
}

function isUsual({ bounds, thresholds, special, pairs, touched, sketched, bucket }: RoleSet): boolean {
	const isOneValue = bounds.length === 1 && bounds[0] === Number.POSITIVE_INFINITY;
	return (
		isOneValue &&
		thresholds.length === 0 &&
		special === undefined &&
		sketched.length === 0 &&
		bucket === undefined &&
		touched === pairs &&
		pairs.length <= MAX_ROLES
	);
}
