/**
 * The watch over the system itself. Every twenty seconds an event of a synthetic tenant goes in where all telemetry does
 * and must come out as a page at a receiver of our own; then it is audited that each incident which nobody has taken has
 * its next step, and that nothing keeps pages back. Only from a round that found nothing wrong a heartbeat leaves, so that
 * whoever expects it outside knows of every fault, the end of this process included.
 */
export { createSelfCheck } from "./self-check.ts";
export { startStatusFiles } from "./status-files.ts";
export { createWatchdog } from "./watchdog.ts";
