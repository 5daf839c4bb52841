import type { OnCallView as DomainView } from "#response";
import type { OnCallView } from "./schemas-oncall.ts";

/** The view as it goes over the wire: what is not there is null. */
export function wireOnCall(view: DomainView): OnCallView {
	return {
		at: view.at,
		schedules: view.schedules.map((schedule) => ({
			name: schedule.name,
			displayName: schedule.displayName,
			timeZone: schedule.timeZone,
			person: schedule.person ?? null,
			personDisplayName: schedule.personDisplayName ?? null,
			until: schedule.until ?? null,
			next: schedule.next ?? null,
			nextDisplayName: schedule.nextDisplayName ?? null,
			roles: schedule.roles.map((role) => ({
				role: role.role,
				people: [...role.people],
				by: [...role.by],
				until: role.until ?? null,
				next: [...role.next],
			})),
		})),
	};
}
