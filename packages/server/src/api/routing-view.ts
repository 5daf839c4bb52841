import { type Catalogue, intervalHolds, type Maintenance, whenIntervals } from "#catalogue";
import type { Incident } from "#incidents";
import { type HandOff, type Mute, maintenanceAt, type Receiver, type RoutingView } from "#response";
import type { IncidentRouting, MaintenanceView, MuteView } from "./schemas-routing.ts";

export function wireMute(mute: Mute): MuteView {
	return {
		...mute,
		matchers: [...mute.matchers],
		holding: [...mute.holding],
		changedBy: mute.changedBy ?? null,
		changedAt: mute.changedAt ?? null,
		endedBy: mute.endedBy ?? null,
		endedAt: mute.endedAt ?? null,
		remindedAt: mute.remindedAt ?? null,
	};
}

/** Planned work that the caller may know of: such of his tenants, and such that names none. */
export function maintenanceViews(
	catalogue: Catalogue,
	now: number,
	mayKnow: (maintenance: Maintenance) => boolean,
): MaintenanceView[] {
	const intervals = catalogue.routing?.intervals ?? [];
	return (catalogue.routing?.maintenance ?? []).filter(mayKnow).map((each): MaintenanceView => {
		const on = maintenanceAt(each, intervals, now);
		const recurring = intervals.filter((interval) => each.during.includes(interval.name));
		const isRecurring = recurring.some((interval) => intervalHolds(interval, now));
		const recursAt = recurring.length > 0 && !isRecurring ? whenIntervals(recurring, true, now) : undefined;
		const next = [
			...each.windows.filter((window) => window.from > now).map((window) => window.from),
			...(recursAt === undefined ? [] : [recursAt]),
		];
		return {
			name: each.name,
			displayName: each.displayName,
			owner: each.owner,
			text: each.text,
			tenants: [...each.tenants],
			workloads: [...each.workloads],
			isOn: on !== undefined,
			until: on?.until ?? null,
			nextAt: next.length > 0 ? Math.min(...next) : null,
			place: each.place,
		};
	});
}

export function incidentRouting(
	incident: Incident,
	view: RoutingView | undefined,
	handOffs: readonly HandOff[],
	receivers: readonly Receiver[],
): IncidentRouting {
	return {
		state: view?.state ?? null,
		routes: [...(view?.routes ?? [])],
		policy: view?.policy ?? null,
		lead: view?.leadId ?? null,
		names: [...(view?.names ?? [])],
		pageAt: view?.pageAt ?? null,
		explanation: [...(view?.explanation ?? [])],
		holds: (view?.holds ?? []).map((hold) => ({ ...hold, until: hold.until ?? null, endedAt: hold.endedAt ?? null })),
		matchers: likeThis(incident),
		handOffs: handOffs.map(({ incidentId: _, ...each }) => ({
			...each,
			takenBy: each.takenBy ?? null,
			endedAt: each.endedAt ?? null,
		})),
		receivers: receivers.map(({ party, steps }) => ({
			party: party.name,
			team: party.team,
			takeWithinMs: party.takeWithinMs,
			accountableFor: [...steps],
		})),
	};
}

/** The set of matchers that a mute of this incident begins with. */
function likeThis({ tenant, slo, kind }: Incident): string {
	const whose = kind === "platform" ? 'scope="platform"' : `tenant=${JSON.stringify(tenant)}`;
	return `${whose}, slo=${JSON.stringify(slo)}`;
}
