import { DAY_MS, HOUR_MS, MINUTE_MS, parseDuration } from "@bellwether/model";
import { assembleAttributes } from "./assemble-attributes.ts";
import { bounded } from "./assemble-oncall.ts";
import { assembleRetention } from "./assemble-retention.ts";
import { assembleWatchdog } from "./assemble-watchdog.ts";
import type { Entry } from "./entries.ts";
import { SECRET_EXAMPLE } from "./fields.ts";
import { ingestLimits } from "./limits.ts";
import { type Context, sortedSet } from "./references.ts";
import type { Settings, SmtpSettings } from "./types.ts";

/** What holds without a bellwether.yaml. Baselines are the programme's published starting figures. */
const DEFAULTS: Settings = {
	organisation: "Your organisation",
	egress: { allow: [] },
	telemetry: {
		latenessMs: 3 * HOUR_MS,
		futureMs: 5 * MINUTE_MS,
		maxStreams: 500_000,
		maxEventIds: 10_000_000,
		maxOtherStreams: 50_000,
		tenantAttributes: ["tenant", "tenant.id", "tenant_id"],
		maxBodyBytes: 20 * 1_048_576,
	},
	baselines: { autoDetectedShare: 0.08, ttdManualMs: 6.7 * DAY_MS, ttdAutoMs: 2.5 * HOUR_MS },
};

export function assembleSettings(context: Context): Settings {
	const [entry] = context.entries.of("Settings");
	if (!entry) return DEFAULTS;
	const { organisation, publicUrl, egress, telemetry = {}, baselines = {}, watchdog } = entry.input.spec;
	const at = (field: string) => ["spec", "telemetry", field];
	const smtp = smtpOf(context);
	const retention = assembleRetention(context, entry, telemetry.retention);
	const attributes = assembleAttributes(context, entry, telemetry.attributes);
	const watches = assembleWatchdog(context, entry, watchdog);
	return {
		organisation: organisation ?? DEFAULTS.organisation,
		...(publicUrl === undefined ? {} : { publicUrl: publicUrl.replace(/\/+$/, "") }),
		egress: {
			allow: sortedSet(egress?.allow ?? []),
			...(egress?.callbacks === undefined ? {} : { callbacks: sortedSet(egress.callbacks) }),
		},
		...(smtp === undefined ? {} : { smtp }),
		...(watches === undefined ? {} : { watchdog: watches }),
		...(entry.input.spec.paging === undefined ? {} : { paging: entry.input.spec.paging }),
		...incidentSettings(context, entry),
		telemetry: {
			latenessMs: bounded(
				context,
				entry,
				at("lateness"),
				telemetry.lateness,
				DEFAULTS.telemetry.latenessMs,
				MINUTE_MS,
				DAY_MS,
			),
			futureMs: bounded(context, entry, at("future"), telemetry.future, DEFAULTS.telemetry.futureMs, 0, HOUR_MS),
			maxStreams: telemetry.maxStreams ?? DEFAULTS.telemetry.maxStreams,
			maxEventIds: telemetry.maxEventIds ?? DEFAULTS.telemetry.maxEventIds,
			maxOtherStreams: telemetry.maxOtherStreams ?? DEFAULTS.telemetry.maxOtherStreams,
			tenantAttributes: sortedSet(telemetry.tenantAttributes ?? DEFAULTS.telemetry.tenantAttributes ?? []),
			maxBodyBytes: telemetry.maxBodyBytes ?? DEFAULTS.telemetry.maxBodyBytes,
			...(retention === undefined ? {} : { retention }),
			...(attributes === undefined ? {} : { attributes }),
			...(telemetry.limits === undefined ? {} : { limits: ingestLimits(telemetry.limits) }),
		},
		baselines: {
			autoDetectedShare: baselines.autoDetectedShare ?? DEFAULTS.baselines.autoDetectedShare,
			ttdManualMs: msOr(baselines.ttdManual, DEFAULTS.baselines.ttdManualMs),
			ttdAutoMs: msOr(baselines.ttdAuto, DEFAULTS.baselines.ttdAutoMs),
			...(baselines.comparisonTenants === undefined ? {} : { comparisonTenants: baselines.comparisonTenants }),
		},
	};
}

function incidentSettings(context: Context, entry: Entry<"Settings">): Pick<Settings, "incidents"> {
	const written = entry.input.spec.incidents?.reopenWithin;
	if (written === undefined) return {};
	const path = ["spec", "incidents", "reopenWithin"];
	return { incidents: { coolDownMs: bounded(context, entry, path, written, HOUR_MS, 0, DAY_MS) } };
}

function smtpOf(context: Context): SmtpSettings | undefined {
	const [entry] = context.entries.of("Settings");
	const smtp = entry?.input.spec.smtp;
	if (!entry || !smtp) return undefined;
	if (smtp.user !== undefined && smtp.password === undefined) {
		context.error(
			entry,
			["spec", "smtp", "user"],
			"spec.smtp.user has no password beside it.",
			`Write password: ${SECRET_EXAMPLE}, or remove user.`,
		);
	}
	const secure = smtp.secure ?? smtp.port === 465;
	return {
		host: smtp.host,
		port: smtp.port ?? (secure ? 465 : 587),
		secure,
		from: smtp.from,
		...(smtp.user === undefined ? {} : { user: smtp.user }),
		...(smtp.password === undefined ? {} : { passwordRef: smtp.password }),
	};
}

function msOr(written: string | undefined, defaultMs: number): number {
	return written === undefined ? defaultMs : (parseDuration(written) ?? defaultMs);
}
