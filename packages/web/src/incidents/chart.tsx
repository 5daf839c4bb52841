import "uplot/dist/uPlot.min.css";
import type { IncidentDetail } from "../api-types.ts";
export function Chart(_: { readonly incident: IncidentDetail }) {
	return null;
}
