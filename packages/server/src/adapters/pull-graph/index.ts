export * from "./pull-graph.ts";
