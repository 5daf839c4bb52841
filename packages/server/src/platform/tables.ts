import type { ConfigurationTables } from "./tables/configuration.ts";
import type { EngagementTables } from "./tables/engagement.ts";
import type { FeedTables } from "./tables/feeds.ts";
import type { IncidentTables } from "./tables/incidents.ts";
import type { OnCallTables } from "./tables/on-call.ts";
import type { OwnTables } from "./tables/own.ts";
import type { ResponseTables } from "./tables/response.ts";
import type { TicketTables } from "./tables/tickets.ts";

/**
 * The control plane's tables, one type each. Instants are integer milliseconds UTC, structured values JSON text,
 * booleans 0/1: what SQLite and PostgreSQL both hold. Every row of a tenant names it; '' is the fleet (platform). Those of
 * a room stand in the file of its name; a new table also needs a step in `adapters/sqlite/control-store-migrations.ts`.
 */
export interface ControlTables
	extends OwnTables,
		ConfigurationTables,
		IncidentTables,
		FeedTables,
		TicketTables,
		OnCallTables,
		ResponseTables,
		EngagementTables {}
