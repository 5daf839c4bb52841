/** `npm run chaos` kills the whole product; `npm run chaos -- telemetry` attacks what holds the counts. */
if (process.argv[2] === "telemetry") await import("./chaos-telemetry/main.ts");
else await import("./chaos-product.ts");
