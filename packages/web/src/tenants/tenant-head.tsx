import { Link } from "@tanstack/react-router";
import type { CellState, FleetRow } from "../api-types.ts";
import { Badge } from "../operations/state-badge.tsx";
import { Empty } from "../shell/states.tsx";
import { useText } from "../text.ts";

/** Who it is, how it is, and what is open. */
export function TenantHead({
	row,
	title,
	state,
	incident = row.incident?.id ?? null,
}: {
	readonly row: FleetRow;
	readonly title: string;
	readonly state: CellState;
	readonly incident?: string | null;
}) {
	const t = useText();
	return (
		<header>
			<h1>{title}</h1>
			<p className="incident-meta">
				<Badge look={state} word={t(`state.${state}`)} />
				{row.tier === null ? null : <span>{t("tenant.tier", { tier: row.tier.displayName })}</span>}
				{incident === null ? null : (
					<Link to="/incidents/$id" params={{ id: incident }}>
						{t("incident.open", { id: incident })}
					</Link>
				)}
			</p>
		</header>
	);
}

export function UnknownTenant() {
	const t = useText();
	return (
		<Empty title={t("tenant.unknown")}>
			<p>{t("tenant.unknownBody")}</p>
			<p>
				<Link to="/fleet">{t("nav.fleet")}</Link>
			</p>
		</Empty>
	);
}
