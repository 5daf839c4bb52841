import { z } from "zod";
import * as f from "./fields.ts";
import { OWNERSHIP_STEPS, PARTIES } from "./routing-types.ts";

/** Who is paged and told, and when not. Input shapes; meaning is given in `assemble-routing`. */

const metadata = z
	.strictObject({
		name: f.name("Name by which others refer to it; unique within its kind."),
		displayName: f.text("Name for people. Default: the name.", 120).optional(),
	})
	.describe("Names.");

const matchers = (about: string) =>
	f.worded(
		z.union([z.string().min(1).max(4_096), z.array(z.string().min(1).max(4_096)).min(1).max(100)]).describe(about),
		"is not a matcher or a list of them",
		'Write matchers of PromQL, such as tenant="woodgrove", severity=~"1|2".',
	);

/** `9` and `-1` as numbers too: YAML reads them so. */
const rangeText = z.union([z.string().min(1).max(60), z.number().int()]);
const ranges = (about: string, remedy: string) =>
	f.worded(z.array(rangeText).min(1).max(100).describe(about), "is not a list of ranges", remedy);

const intervalNames = (about: string) => z.array(f.name("TimeInterval.")).min(1).max(50).describe(about).optional();

const tell = z
	.array(
		z.strictObject({
			channel: f.name("Channel.").optional(),
			address: f.text("Address, as the channel wants it.", 2_000).optional(),
			integration: f.name("Integration.").optional(),
		}),
	)
	.max(50)
	.describe("Who hears of it without being woken: a channel with an address, or an integration.")
	.optional();

const routeFields = {
	match: matchers(
		'Matchers of PromQL that must all hold, such as tenant="woodgrove", severity=~"1|2". Labels: tenant, tier, workload, owner, slo, sli_kind, severity, monitor, detector, scope (tenant or platform), and those of key tenants, such as region and ring. A label that is missing is "".',
	).optional(),
	continue: z.boolean().describe("The routes after this one are looked at as well. Default: false.").optional(),
	escalation: f
		.name("Escalation policy that pages. Default: the parent's; at last the monitor's or the workload's.")
		.optional(),
	pageOwnerOf: f
		.choice(OWNERSHIP_STEPS, "Instead of escalation: pages who is accountable for this step of the workload.")
		.optional(),
	page: z
		.boolean()
		.describe("False: nobody is paged by it, who is told is told. Default: the parent's, at last true.")
		.optional(),
	tell,
	groupBy: z
		.array(f.text("Label, or ... alone for no groups.", 255))
		.min(1)
		.max(20)
		.describe(
			"Incidents with equal values of these labels share a page. Default: the parent's, at last [tenant, workload].",
		)
		.optional(),
	groupWait: f
		.duration("How long the first page of a group waits for others. Default: the parent's, at last 10s.")
		.optional(),
	groupInterval: f
		.duration("How long after a page what joined its group is paged. Default: the parent's, at last 5m.")
		.optional(),
	repeatInterval: f
		.duration("How often `tell` hears again of what is not resolved. Default: the parent's, at last 4h.")
		.optional(),
	activeIntervals: intervalNames("It pages only while one of these time intervals holds; what opens outside waits."),
	muteIntervals: intervalNames("It does not page while one of these time intervals holds; what opens meanwhile waits."),
};

/** A route below the root. */
export interface RouteInput extends z.infer<z.ZodObject<typeof routeFields>> {
	name?: string | undefined;
	routes?: RouteInput[] | undefined;
}

const child: z.ZodType<RouteInput> = z.strictObject({
	name: f.name("Name for explanations. Default: its number.").optional(),
	...routeFields,
	get routes() {
		return z.array(child).min(1).max(500).describe("Routes below it, with the same fields.").optional();
	},
}) as unknown as z.ZodType<RouteInput>;

export const Route = z.strictObject({
	apiVersion: f.apiVersion("bellwether/v1"),
	kind: f.kind("Route"),
	metadata,
	spec: z.strictObject({
		...routeFields,
		routes: z
			.array(child)
			.min(1)
			.max(500)
			.describe("Routes below it; the first that matches takes the incident, and its own routes go on from there.")
			.optional(),
	}),
});

export const Inhibition = z.strictObject({
	apiVersion: f.apiVersion("bellwether/v1"),
	kind: f.kind("Inhibition"),
	metadata,
	spec: z.strictObject({
		source: matchers("Matchers of the incident that speaks for others while it burns."),
		target: matchers("Matchers of the incidents that do not page meanwhile."),
		equal: z
			.array(f.text("Label.", 255))
			.min(1)
			.max(20)
			.describe('Labels in which both must be equal; a label that is missing equals "". Default: none.')
			.optional(),
	}),
});

const timeOfDay = f.worded(
	z
		.string()
		.regex(/^(?:(?:[01]\d|2[0-3]):[0-5]\d|24:00)$/)
		.describe("Hours and minutes."),
	"is not a time of day",
	'Write hours and minutes such as "09:00", at most "24:00", in quotes.',
);

export const TimeInterval = z.strictObject({
	apiVersion: f.apiVersion("bellwether/v1"),
	kind: f.kind("TimeInterval"),
	metadata,
	spec: z.strictObject({
		intervals: z
			.array(
				z.strictObject({
					times: z
						.array(
							z.strictObject({
								startTime: timeOfDay.describe("From this time of day on."),
								endTime: timeOfDay.describe("Until before this time of day; 24:00 is the end of the day."),
							}),
						)
						.min(1)
						.max(50)
						.describe("Times of the day. Default: the whole day.")
						.optional(),
					weekdays: ranges(
						"Days of the week, such as monday:friday, both ends included. Default: all.",
						"Write a list such as [monday:friday, sunday].",
					).optional(),
					daysOfMonth: ranges(
						"Days of the month, such as 1:5 or -3:-1 (the last three). Default: all.",
						'Write a list such as ["1:5", "-1"].',
					).optional(),
					months: ranges(
						"Months, such as january:march or 4:6. Default: all.",
						"Write a list such as [january:march, december].",
					).optional(),
					years: ranges("Years, such as 2026:2028. Default: all.", 'Write a list such as ["2026:2028"].').optional(),
					location: f.timeZone("Time zone. Default: UTC.").optional(),
				}),
			)
			.min(1)
			.max(100)
			.describe("It holds while one of these does; in each of them everything that is written must hold."),
	}),
});

export const Maintenance = z.strictObject({
	apiVersion: f.apiVersion("bellwether/v1"),
	kind: f.kind("Maintenance"),
	metadata,
	spec: z.strictObject({
		tenants: z.array(f.name("Key tenant.")).min(1).max(1_000).describe("Only these tenants. Default: all.").optional(),
		workloads: z
			.array(f.name("Workload."))
			.min(1)
			.max(1_000)
			.describe("Only these workloads. Default: all. One of tenants and workloads is needed.")
			.optional(),
		windows: z
			.array(
				z.strictObject({
					from: f.localTime("When it begins.", "Write 2026-01-05T22:00 for its time zone, or 2026-01-05T22:00Z."),
					until: f.localTime("When it is over.", "Write 2026-01-06T02:00 for its time zone, or 2026-01-06T02:00Z."),
				}),
			)
			.min(1)
			.max(500)
			.describe("Windows, at most 14d each.")
			.optional(),
		timeZone: f.timeZone("Time zone of the windows. Default: UTC.").optional(),
		during: intervalNames("Or: it recurs while one of these time intervals holds."),
		owner: f.text("Who answers for it."),
		text: f.paragraph("What customers may read of it.", 500),
	}),
});

const parts = z.partialRecord(z.enum(PARTIES), f.choice(["R", "A", "C", "I", "RA", "AR"], "Part the party has."));

export const Ownership = z.strictObject({
	apiVersion: f.apiVersion("bellwether/v1"),
	kind: f.kind("Ownership"),
	metadata,
	spec: z.strictObject({
		workload: f.name("Workload."),
		team: f.text("Team that owns it. Default: the workload's owner.").optional(),
		parties: z
			.strictObject(
				Object.fromEntries(
					PARTIES.map((party) => [
						party,
						z
							.strictObject({
								team: f.text("Name of the team for people. Default: the party's.", 120).optional(),
								escalation: f.name("Escalation policy that pages it. Default: it cannot be paged.").optional(),
								takeWithin: f.duration("What is handed to it must be taken within this time. Default: 30m.").optional(),
							})
							.describe(`${party} of this workload.`)
							.optional(),
					]),
				),
			)
			.describe("Who the parties are and how they are reached.")
			.optional(),
		raci: z
			.strictObject(
				Object.fromEntries(
					OWNERSHIP_STEPS.map((step) => [step, parts.describe(`Of step ${step}: party to R, A, C or I.`).optional()]),
				),
			)
			.describe("Step to party to R, A, C or I (RA: both). Each step has exactly one A."),
	}),
});
