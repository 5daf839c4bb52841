export { createAzureDevOps } from "./azure-devops.ts";
