export { createFeedEngine } from "./pull-feed.ts";
