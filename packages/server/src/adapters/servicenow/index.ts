export { createServiceNow } from "./servicenow.ts";
