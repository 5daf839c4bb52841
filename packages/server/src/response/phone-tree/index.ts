export { type PhoneTreeFacts, phoneTree, type SheetIncident } from "./phone-tree.ts";
