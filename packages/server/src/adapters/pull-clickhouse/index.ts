export * from "./pull-clickhouse.ts";
