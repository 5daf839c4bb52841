export * from "./pull-prometheus.ts";
