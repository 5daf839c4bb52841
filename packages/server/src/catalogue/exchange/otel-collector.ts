import type { Exporter } from "./types.ts";

export const exportOtelCollector: Exporter = () => ({ files: [], findings: [] });
