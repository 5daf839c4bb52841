export * from "./entra-tokens.ts";
