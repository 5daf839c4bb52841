export { createIcm } from "./icm.ts";
