/** `npm run chaos` kills the whole product; with `telemetry` it attacks what holds the counts, with `response` what pages people, with `watchdog` the watch over itself. */
if (process.argv[2] === "telemetry") await import("./chaos-telemetry/main.ts");
else if (process.argv[2] === "watchdog") await import("./chaos-watchdog/main.ts");
else if (process.argv[2] === "tickets") await import("./chaos-tickets/main.ts");
else if (process.argv[2] === "response") await import("./chaos-response/main.ts");
else await import("./chaos-product.ts");
