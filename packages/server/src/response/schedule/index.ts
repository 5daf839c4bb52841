/**
 * Who is on call: schedules of layers from the catalogue, and what people and calendars changed about them.
 *
 * Promises: one answer per instant, the same for the page, the console and the calendar feed; hand-overs by the wall
 * clock of the layer's zone, whatever its clocks do; acts of people are stored with their event, audit entry and timers.
 * Refuses: stretches that are over, people and roles that the catalogue does not know. A calendar that cannot be read
 * leaves what it said before in force.
 */
export { type AbsenceRecord, cancelAbsence, listAbsences, makeAbsence } from "./absences.ts";
export { type ActOutcome, MAX_REASON_LENGTH, type OnCallDeps, type OnCallRequest } from "./acts.ts";
export type * from "./calendar-reading.ts";
export { calendarText, type Duty, dutiesOf } from "./calendar-text.ts";
export * from "./calendars.ts";
export { type CalendarFeed, feedOf, isUseWorthNoting, listFeeds, makeFeed, noteFeedUse, revokeFeed } from "./feeds.ts";
export { layerWords, shortFormWords } from "./layer-words.ts";
export {
	loadOf,
	NEAR_RANGE_MS,
	type PersonLoad,
	QUALITY_RANGE_MS,
	type ScheduleQuality,
	scheduleQuality,
} from "./load.ts";
export { type HandOverNote, handOverNotes, MAX_NOTE_LENGTH, writeHandOverNote } from "./notes.ts";
export { NEXT_WITHIN_MS, type RoleNow, rolesNow } from "./now.ts";
export { cancelOverride, listOverrides, makeOverride, type OverrideRecord } from "./overrides.ts";
export { type PageCount, pagesPerPerson } from "./pages-per-person.ts";
export { finalShifts, type Gap, gapsOf, MAX_STEPS, nextChangeAt, type Shift } from "./shifts.ts";
export { loadOnCallState } from "./state.ts";
export { changeSwap, listSwaps, requestSwap, type SwapDeps, type SwapRecord, swapTimers } from "./swaps.ts";
export * from "./types.ts";
export { type BrokenPromise, brokenPromises, type UncoveredTime, uncoveredTime } from "./uncovered.ts";
export { whoIsOnCall } from "./who.ts";
