/** The wire contract's types: the only place where the console looks at the server's source, and only at types. */
import type * as wire from "../../server/src/api/schemas.ts";

type Out<T extends { _zod: { output: unknown } }> = T["_zod"]["output"];

export type FleetView = Out<typeof wire.FleetView>;
export type FleetRow = Out<typeof wire.FleetRow>;
export type Cell = Out<typeof wire.Cell>;
export type PlatformWord = NonNullable<Cell["platformSays"]>;
export type ChangeBefore = IncidentDetail["changes"][number];
export type CustomerCase = IncidentDetail["openCases"][number];
export type CellState = Out<typeof wire.CellState>;
export type SloCell = Out<typeof wire.SloCell>;
export type IncidentSummary = Out<typeof wire.IncidentSummary>;
export type IncidentDetail = Out<typeof wire.IncidentDetail>;
export type Notice = Out<typeof wire.Notice>;
export type Measure = Out<typeof wire.Measure>;
export type Verdict = Out<typeof wire.Verdict>;
export type PhoneMessage = Out<typeof wire.PhoneMessage>;
export type ProgramReport = Out<typeof wire.ProgramReport>;
export type ProgramNumber = Out<typeof wire.ProgramNumber>;
export type WindowsView = Out<typeof wire.WindowsView>;
export type Session = Out<typeof wire.Session>;
export type Problem = Out<typeof wire.Problem>;
export type OnCallView = Out<typeof wire.OnCallView>;
