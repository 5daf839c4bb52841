import { DAY_MS } from "@bellwether/model";
import { Findings } from "../finding.ts";
import { readSource, type SourceDocument } from "../source.ts";
import { type Path, show } from "../wording.ts";
import { type DraftIndicator, filesOf, type SloDraft } from "./draft.ts";
import { checkTotal, indicatorFrom, quotient, ratioShape } from "./error-ratio.ts";
import { parsePromql } from "./promql.ts";
import { asList, asRecord, asText, FoundFault, objectivePercent, promqlAt, strings, warnUnknown } from "./reader.ts";
import { sliKindOf } from "./sli-kind.ts";
import type { Importer } from "./types.ts";

/** Sloth's own default, `--default-slo-period`. */
const DEFAULT_PERIOD_MS = 30 * DAY_MS;

/** Names of one form's fields; the Kubernetes form writes the same in camel case. */
interface Form {
	readonly at: Path;
	readonly errorQuery: string;
	readonly totalQuery: string;
	readonly errorRatioQuery: string;
	readonly pageAlert: string;
	readonly ticketAlert: string;
}
const FILE_FORM: Form = {
	at: [],
	errorQuery: "error_query",
	totalQuery: "total_query",
	errorRatioQuery: "error_ratio_query",
	pageAlert: "page_alert",
	ticketAlert: "ticket_alert",
};
const OBJECT_FORM: Form = {
	at: ["spec"],
	errorQuery: "errorQuery",
	totalQuery: "totalQuery",
	errorRatioQuery: "errorRatioQuery",
	pageAlert: "pageAlert",
	ticketAlert: "ticketAlert",
};

/** Sloth's `prometheus/v1` files and `PrometheusServiceLevel` objects. Each SLO is taken whole or refused. */
export const importSloth: Importer = (files, options) => {
	const findings = new Findings();
	const drafts: SloDraft[] = [];
	let refused = 0;
	for (const document of files.flatMap((file) => readSource(file, findings))) {
		const form = formOf(document, findings);
		if (!form) {
			refused += 1;
			continue;
		}
		const root = form.at.reduce<unknown>((value, step) => asRecord(value)?.[step], document.value);
		const slos = asList(asRecord(root)?.slos);
		if (slos.length === 0) findings.warn(document.place([...form.at, "slos"]), "There are no SLOs here.", "");
		for (const k of slos.keys()) {
			try {
				drafts.push(draftOf(document, form, k, findings, options.periodMs ?? DEFAULT_PERIOD_MS));
			} catch (error) {
				if (!(error instanceof FoundFault)) throw error;
				findings.error(error.place, error.message, error.remedy);
			}
		}
		refused += slos.length;
	}
	const result = filesOf(drafts, findings, options);
	return { ...result, refused: refused - result.taken };
};

function formOf(document: SourceDocument, findings: Findings): Form | undefined {
	const root = asRecord(document.value);
	if (root?.version === "prometheus/v1") return FILE_FORM;
	if (String(root?.apiVersion).startsWith("sloth.slok.dev/") && root?.kind === "PrometheusServiceLevel")
		return OBJECT_FORM;
	const remedy = "Give a file with version: prometheus/v1, or a PrometheusServiceLevel.";
	findings.error(document.place([]), "This is no service level of Sloth.", remedy);
	return undefined;
}

function draftOf(document: SourceDocument, form: Form, k: number, findings: Findings, periodMs: number): SloDraft {
	const root = asRecord(form.at.reduce<unknown>((value, step) => asRecord(value)?.[step], document.value));
	const path: Path = [...form.at, "slos", k];
	const slo = asRecord(asList(root?.slos)[k]);
	const fault = (at: Path, message: string, remedy: string) => new FoundFault(document.place(at), message, remedy);
	if (!slo) throw fault(path, "The SLO is not an object.", "Write name, objective and sli.");
	const name = asText(slo.name);
	if (!name) throw fault([...path, "name"], "The SLO has no name.", "Write name.");
	const service = asText(root?.service);
	if (!service) throw fault([...form.at, "service"], "The file names no service.", "Write service.");
	const known = ["name", "objective", "description", "labels", "sli", "alerting", "plugins"];
	warnUnknown(document, path, slo, known, findings);
	if (slo.plugins !== undefined || root?.sloPlugins !== undefined || root?.slo_plugins !== undefined) {
		const at =
			slo.plugins !== undefined ? [...path, "plugins"] : [...form.at, root?.sloPlugins ? "sloPlugins" : "slo_plugins"];
		findings.warn(
			document.place(at, "key"),
			`Plugins of ${show(name)} are not run here.`,
			"Say what they did in a monitor.",
		);
	}
	const alerting = asRecord(slo.alerting);
	const isOff = (key: string) => asRecord(alerting?.[key])?.disable === true;
	const [noPage, noTicket] = [isOff(form.pageAlert), isOff(form.ticketAlert)];
	if (noPage && noTicket) {
		const message = `${show(name)} has its alerts disabled; here the monitor for all SLOs watches it.`;
		findings.warn(document.place([...path, "alerting"], "key"), message, "Write a monitor with mode: draft for it.");
	}
	const labels = strings({ ...asRecord(root?.labels), ...asRecord(slo.labels) });
	const indicator = indicatorOf(document, form, [...path, "sli"], asRecord(slo.sli));
	return {
		name: `${service}-${name}`,
		workload: service,
		owner: labels.owner ?? labels.team,
		description: asText(slo.description),
		sliKind: sliKindOf(indicator),
		indicator,
		objective: objectivePercent(document, [...path, "objective"], slo.objective),
		periodMs,
		labels,
		only: noPage === noTicket ? undefined : noPage ? "ticket" : "page",
		place: document.place(path),
	};
}

function indicatorOf(
	document: SourceDocument,
	form: Form,
	path: Path,
	sli: Readonly<Record<string, unknown>> | undefined,
): DraftIndicator {
	const events = asRecord(sli?.events);
	const raw = asRecord(sli?.raw);
	if (sli?.plugin !== undefined) {
		const id = asText(asRecord(sli.plugin)?.id) ?? "";
		const message = `The SLI comes from the plugin ${show(id)}, whose queries are not in the file.`;
		throw new FoundFault(document.place([...path, "plugin"]), message, "Write its queries under events.");
	}
	if (events) {
		const total = promqlAt(document, [...path, "events", form.totalQuery], (text) => {
			const expr = parsePromql(withWindow(text));
			checkTotal(expr);
			return expr;
		});
		return promqlAt(document, [...path, "events", form.errorQuery], (text) =>
			indicatorFrom(quotient(parsePromql(withWindow(text)), total)),
		);
	}
	if (raw) {
		return promqlAt(document, [...path, "raw", form.errorRatioQuery], (text) =>
			indicatorFrom(ratioShape(parsePromql(withWindow(text)))),
		);
	}
	throw new FoundFault(document.place(path), "The SLO has no SLI with events or raw.", "Write sli.events.");
}

/** The template's window as a minute, of the same length, so that places stay right. */
function withWindow(text: string): string {
	return text.replace(/\{\{-?\s*\.window\s*-?\}\}/g, (template) => "1m".padEnd(template.length));
}
