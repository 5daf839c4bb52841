export { MAX_CALENDAR_BYTES, readCalendar } from "./read-calendar.ts";
