/** The wire contract's types: the only place where the console looks at the server's source, and only at types. */
import type * as wire from "../../server/src/api/schemas.ts";
import type * as feeds from "../../server/src/api/schemas-feeds.ts";
import type * as operations from "../../server/src/api/schemas-operations.ts";

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
export type SourcesView = Out<typeof operations.SourcesView>;
export type SourceView = Out<typeof operations.SourceView>;
export type SourceTrial = Out<typeof operations.Trial>;
export type Rejection = Out<typeof operations.RejectionView>;
export type MatchView = Out<typeof operations.MatchView>;
export type SeenValue = MatchView["items"][number];
export type MadeTenant = Out<typeof operations.MadeTenant>;
export type RegisterView = Out<typeof operations.RegisterView>;
export type HealthDetails = Out<typeof operations.HealthDetails>;
export type HealthPart = HealthDetails["parts"][number];
export type FeedState = Out<typeof feeds.FeedStateView>;
export type Change = Out<typeof feeds.Change>;
