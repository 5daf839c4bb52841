export { changeWords, leadWords } from "./cause-words.ts";
export { judgeCauses } from "./judge-causes.ts";
export { causesOf, judgedCauses, keepCauses, type ReadCauses } from "./keep-causes.ts";
export { incidentsToJudge } from "./to-judge.ts";
export type { Culprit, IncidentCauses, JudgedCause, OtherTenant, Slices, Surroundings } from "./types.ts";
