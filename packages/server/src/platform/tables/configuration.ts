import type { Generated } from "kysely";

/** Which configuration ran when, and whose ids it named. */
export interface ConfigurationTables {
	config_versions: { hash: string; applied_at: number; applied_by: string; files: string; active: number };
	/** Which ids a key tenant had, from one configuration to the next; open (`until_at` null) in the one that runs. `ids`: JSON of match and aliases. */
	register_versions: {
		seq: Generated<number>;
		tenant: string;
		since_at: number;
		until_at: number | null;
		applied_by: string;
		config: string;
		ids: string;
	};
}
