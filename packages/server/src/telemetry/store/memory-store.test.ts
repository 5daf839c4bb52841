import { MemoryTelemetryStore } from "./memory-store.ts";
import { describeTelemetryStore } from "./store.cases.ts";

describeTelemetryStore("the store in memory", () => {
	const store = new MemoryTelemetryStore();
	return { store, reopen: () => store.copy() };
});
