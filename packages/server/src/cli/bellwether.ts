import { beginEarly } from "../app/early-start.ts";

/** Entry of the program. Nothing else is imported here: what takes long to load begins first. */
beginEarly(process.argv.slice(2));
await import("./main.ts");
