import type { Exporter } from "./types.ts";

export const exportKql: Exporter = () => ({ files: [], findings: [] });
