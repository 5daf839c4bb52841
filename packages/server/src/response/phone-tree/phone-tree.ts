import { DAY_MS, formatDuration, MINUTE_MS } from "@bellwether/model";
import type { Catalogue, EscalationStep, EscalationTarget } from "#catalogue";
import { onCallView, personName } from "../on-call.ts";
import { NO_ON_CALL_STATE, type OnCallState } from "../schedule/index.ts";

/** What a sheet says besides who is on call; what is not known is left out. */
export interface PhoneTreeFacts {
	/** Address of the console. */
	readonly url?: string | undefined;
	readonly openIncidents?: readonly SheetIncident[] | undefined;
	/** Overrides, swaps and absences. Undefined: the schedules alone. */
	readonly state?: OnCallState | undefined;
}

export interface SheetIncident {
	readonly id: string;
	readonly severity: string;
	readonly state: string;
	readonly title: string;
	readonly detectedAt: number;
}

const AHEAD_MS = 7 * DAY_MS;
const MOST_HANDOVERS = 60;

/**
 * A sheet in Markdown for the time when this system is gone: whom to call, now and in the next seven days, in what order,
 * what was open, and what to do. Ways to reach a person are named, and addresses cut short: the sheet is copied around.
 */
export function phoneTree(catalogue: Catalogue, at: number, facts: PhoneTreeFacts = {}): string {
	return [
		`# Whom to call when Bellwether is down`,
		`Written ${instant(at)}${facts.url === undefined ? "" : ` by ${facts.url}`}. On-call below holds until ${instant(at + AHEAD_MS)}, unless somebody changed it since.`,
		`## What to do`,
		runbook(catalogue),
		`## On call`,
		onCallTable(catalogue, at, facts.state ?? NO_ON_CALL_STATE),
		`## In what order`,
		policies(catalogue),
		`## How to reach them`,
		people(catalogue),
		`## Who owns what`,
		workloads(catalogue),
		...(facts.openIncidents === undefined ? [] : ["## Open when this was written", incidents(facts.openIncidents)]),
	]
		.join("\n\n")
		.concat("\n");
}

function runbook({ settings }: Catalogue): string {
	return [
		`1. Call who is on call below: while Bellwether is down, nobody is paged for ${plain(settings.organisation)}'s key tenants.`,
		"2. On its machine: does the process run, is the disk full, is the clock right? `bellwether doctor --data DATA --catalogue CATALOGUE` says what is wrong.",
		"3. Start it again: what was acknowledged is stored, overdue steps page at once. Senders keep what they could not send.",
		"4. If the machine is lost: `bellwether restore BACKUP --data NEW` on another one, then start it there.",
		"5. Until it is back, look at the platform's own dashboards for the workloads below, and call the owners.",
	].join("\n");
}

function onCallTable(catalogue: Catalogue, from: number, state: OnCallState): string {
	if (catalogue.schedules.length === 0) return "No schedule is configured.";
	const rows: string[][] = [];
	const last = new Map<string, string>();
	let at = from;
	for (let step = 0; step < MOST_HANDOVERS && at <= from + AHEAD_MS; step++) {
		const { schedules } = onCallView(catalogue, at, state);
		let nextAt = Number.POSITIVE_INFINITY;
		for (const schedule of schedules) {
			for (const { role, people, until } of schedule.roles) {
				const names = people.map(({ displayName }) => displayName).join(", ") || "**nobody**";
				const key = `${schedule.name} ${role}`;
				if (last.get(key) !== names) rows.push([instant(at), schedule.displayName, role, names]);
				last.set(key, names);
				nextAt = Math.min(nextAt, until ?? Number.POSITIVE_INFINITY);
			}
		}
		// A schedule that does not move on must not be asked for ever.
		if (nextAt <= at) nextAt = at + MINUTE_MS;
		at = nextAt;
	}
	return table(["from", "schedule", "role", "who"], rows);
}

function policies(catalogue: Catalogue): string {
	if (catalogue.escalations.length === 0) return "No escalation policy is configured.";
	return catalogue.escalations
		.map(({ name, steps, lead }) => {
			const lines = steps.map(
				(step, index) => `${index + 1}. after ${formatDuration(step.afterMs)}: ${stepWords(catalogue, step)}`,
			);
			const end =
				lead === undefined ? [] : [`${lines.length + 1}. if nobody is reached: ${targetWords(catalogue, lead)}`];
			return [`**${plain(name)}**\n`, ...lines, ...end].join("\n");
		})
		.join("\n\n");
}

function stepWords(catalogue: Catalogue, { notify, act }: EscalationStep): string {
	return notify === undefined ? (act?.kind ?? "nothing") : targetWords(catalogue, notify);
}

function targetWords(catalogue: Catalogue, target: EscalationTarget): string {
	const named = (names: readonly string[]) => names.map((name) => plain(personName(catalogue.people, name))).join(", ");
	if ("schedule" in target) {
		const schedule = catalogue.schedules.find(({ name }) => name === target.schedule);
		return `${target.role ?? "primary"} of ${plain(schedule?.displayName ?? target.schedule)}`;
	}
	if ("person" in target) return named([target.person]);
	if ("persons" in target) return named(target.persons);
	if ("inTurn" in target) return `in turn ${named(target.inTurn)}`;
	return "team" in target ? `team ${plain(target.team)}` : `channel ${plain(target.channel)}`;
}

function people(catalogue: Catalogue): string {
	if (catalogue.people.length === 0) return "Nobody is configured.";
	const rows = catalogue.people.map(({ name, displayName, timeZone, contacts }) => {
		const ways = contacts.map(({ channel, address }) => `${channel} ${shortened(address)}`).join("; ") || "none";
		return [`${displayName} (${name})`, timeZone, ways];
	});
	return `${table(["person", "zone", "ways"], rows)}\n\nAddresses are cut short; whole they stand under the person's name in the catalogue.`;
}

function workloads(catalogue: Catalogue): string {
	const rows = catalogue.workloads.map(({ displayName, owner, runbook: links }) => [
		displayName,
		owner,
		links.join(" ") || "none",
	]);
	return rows.length === 0 ? "No workload is configured." : table(["workload", "owner", "runbook"], rows);
}

function incidents(open: readonly SheetIncident[]): string {
	if (open.length === 0) return "No incident was open.";
	return table(
		["incident", "severity", "state", "since", "what"],
		open.map(({ id, severity, state, detectedAt, title }) => [id, severity, state, instant(detectedAt), title]),
	);
}

/** A number's end and a mail's name tell the right one from the others, and are no use to who finds the sheet. */
function shortened(address: string): string {
	if (/^https?:/.test(address)) return URL.canParse(address) ? new URL(address).host : "…";
	const at = address.indexOf("@");
	if (at > 0) return address;
	return address.length <= 4 ? address : `…${address.slice(-4)}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
	const line = (cells: readonly string[]) => `| ${cells.map(plain).join(" | ")} |`;
	return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** Names must not break out of a table's cell or begin a link. */
function plain(text: string): string {
	return text
		.replace(/[\r\n]+/g, " ")
		.replace(/[|<>[\]`\\]/g, (character) =>
			character === "|" ? "\\|" : character === "<" ? "&lt;" : character === ">" ? "&gt;" : `\\${character}`,
		);
}

function instant(at: number): string {
	return `${new Date(at).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
