export { createPagerDuty } from "./pagerduty.ts";
