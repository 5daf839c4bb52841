export * from "./pull-kusto.ts";
