export * from "./pull-postgresql.ts";
