export { type SheetIncident, type PhoneTreeFacts, phoneTree } from "./phone-tree.ts";
