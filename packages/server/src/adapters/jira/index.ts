export { createJira } from "./jira.ts";
