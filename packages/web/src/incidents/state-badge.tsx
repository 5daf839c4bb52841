import type { CellState, IncidentSummary } from "../api-types.ts";
import { StateIcon } from "../state-icon.tsx";
import { useText } from "../text.ts";

const LOOKS: Readonly<Record<IncidentSummary["state"], CellState>> = {
	detected: "breach",
	acknowledged: "at-risk",
	investigating: "at-risk",
	mitigated: "muted",
	resolved: "healthy",
	reviewed: "healthy",
};

export function IncidentStateBadge({ state }: { readonly state: IncidentSummary["state"] }) {
	const t = useText();
	return (
		<span className={`badge state-${LOOKS[state]}`}>
			<StateIcon state={LOOKS[state]} /> {t(`incident.state.${state}`)}
		</span>
	);
}
