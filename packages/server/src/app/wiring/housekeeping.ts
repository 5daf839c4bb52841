import { startCalendarPulls } from "../calendar-pulls.ts";
import { startForgetting } from "../forgetting.ts";
import type { Ground } from "./ground.ts";

const HEARTBEAT_MS = 15_000;

/** What comes round whatever happens: signs of life to open consoles, old rows that go, on-call calendars that are fetched. */
export function startHousekeeping({ clock, log, lifecycle, store, hub, catalogue }: Ground): void {
	const heartbeat = setInterval(() => hub.heartbeat(), HEARTBEAT_MS);
	lifecycle.onStop("live streams", () => {
		clearInterval(heartbeat);
		hub.close();
	});
	const forgetting = startForgetting(store, clock, (error) =>
		log.error({ err: error }, "old rows could not be removed"),
	);
	lifecycle.onStop("forgetting", () => forgetting.stop());
	const calendars = startCalendarPulls({
		store,
		clock,
		catalogue,
		onError: (error) => log.error({ err: error }, "an on-call calendar could not be kept"),
	});
	lifecycle.onStop("calendars", () => calendars.stop());
}
