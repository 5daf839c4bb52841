import type { CellState, IncidentDetail } from "./schemas.ts";

type SloReading = NonNullable<IncidentDetail["current"]["tenant"]>;

export interface PagerPageOptions {
	/** Goes into both forms as the field `csrf`. */
	readonly csrfToken: string;
	/** Of the response's `style-src`; without it the page relies on a policy that allows its one style element. */
	readonly nonce?: string;
	readonly now: number;
	/** IANA zone of the reader, e.g. `Europe/Berlin`. */
	readonly timeZone: string;
	/** Who is signed in. */
	readonly person: string;
	/** May read only: what would be refused is not offered. */
	readonly isReader?: boolean;
	/** What the last form answered, e.g. "Not acknowledged: …". */
	readonly message?: string;
}

/**
 * The page behind the link of a page: what broke, how bad against the platform, and one big button, as complete HTML
 * of at most 30 kB that needs no script. Reading it changes nothing: both actions are forms that POST
 * (`/p/<id>/acknowledge`, `/p/<id>/pass`). Everything that came from outside is escaped.
 */
export function renderPagerPage(data: IncidentDetail, o: PagerPageOptions): string {
	const at = (instant: number) => clockTime(instant, o.now, o.timeZone);
	const path = encodeURIComponent(data.id);
	const nonce = o.nonce === undefined ? "" : ` nonce="${escapeHtml(o.nonce)}"`;
	const isWaiting = data.acknowledgedAt === null && (data.state === "detected" || data.state === "investigating");
	const sections = [
		o.message === undefined ? "" : `<p class="message" role="status">${escapeHtml(clip(o.message, 500))}</p>`,
		`<p class="state"><strong>Sev ${escapeHtml(data.severity.key)}</strong> · ${escapeHtml(data.id)} · ${escapeHtml(STATE_WORDS[data.state])}</p>`,
		`<h1>${escapeHtml(clip(data.title, 200))}</h1>`,
		`<p class="sentence">${escapeHtml(clip(data.sentence, 900))}</p>`,
		comparison(data),
		`<p>Also affected: ${alsoAffected(data.alsoAffected)}.</p>`,
		isWaiting ? waiting(data, o, at, path) : settled(data, at),
		runbook(data.runbook),
		`<p><a class="more" href="/incidents/${path}">Open ${escapeHtml(data.id)} in full</a></p>`,
		`<p class="foot">${escapeHtml(o.person)} · as of ${at(o.now)}. Reload for newer numbers; this page does not change by itself.</p>`,
	];
	return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="referrer" content="same-origin">
<link rel="icon" href="/icon.svg" type="image/svg+xml">
<title>${escapeHtml(`${data.id} ${clip(data.title, 120)}`)}</title>
<style${nonce}>${CSS}</style>
</head>
<body>
<main>
${sections.filter((s) => s !== "").join("\n")}
</main>
</body>
</html>
`;
}

const STATE_WORDS: Readonly<Record<IncidentDetail["state"], string>> = {
	detected: "Not acknowledged",
	acknowledged: "Acknowledged",
	investigating: "Investigating",
	mitigated: "Mitigated",
	resolved: "Resolved",
	reviewed: "Reviewed",
};

const CELL_WORDS: Readonly<Record<CellState, string>> = {
	breach: "✕ Breach",
	"at-risk": "▲ At risk",
	"no-data": "? No data",
	muted: "‖ Muted",
	healthy: "✓ Healthy",
	"not-in-use": "– Not in use",
};

function comparison(data: IncidentDetail): string {
	const own = data.kind === "platform" ? data.current.platform : data.current.tenant;
	const objective = own?.objective ?? data.evidence.objective;
	const name = data.kind === "platform" ? "" : clip(data.tenantDisplayName, 80);
	const tenant = data.kind === "platform" ? "" : reading("This tenant", name, data.current.tenant, objective);
	return `<p class="caption">Good ${escapeHtml(clip(own?.unit ?? "events", 60))} of the last hour</p>
<dl class="numbers">
${tenant}${reading("Platform", "all customers", data.current.platform, objective)}
<div><dt>Objective</dt><dd>${percent(objective, objective, 0)}</dd><dd class="small">${escapeHtml(clip(data.workloadDisplayName, 60))} · ${escapeHtml(clip(own?.displayName ?? data.slo, 80))}</dd></div>
</dl>`;
}

function reading(label: string, detail: string, cell: SloReading | null, objective: number): string {
	const state: CellState = cell?.state ?? "no-data";
	const value = cell === null || cell.sli === null ? "no traffic" : percent(cell.sli, objective, 1);
	return `<div class="${state}"><dt>${label}</dt><dd>${cell === null ? "no data" : value}</dd><dd class="small">${CELL_WORDS[state]}${detail === "" ? "" : ` · ${escapeHtml(detail)}`}</dd></div>`;
}

function alsoAffected(tenants: readonly string[]): string {
	if (tenants.length === 0) return "none";
	const shown = tenants.slice(0, 5).map((t) => escapeHtml(clip(t, 80)));
	const rest = tenants.length - shown.length;
	return rest > 0 ? `${shown.join(", ")} and ${rest} more` : shown.join(", ");
}

function waiting(data: IncidentDetail, o: PagerPageOptions, at: (instant: number) => string, path: string): string {
	const csrf = `<input type="hidden" name="csrf" value="${escapeHtml(o.csrfToken)}">`;
	const passTo = passTarget(data.escalation);
	const button = o.isReader
		? "<p>A responder or an administrator acknowledges; you may read.</p>"
		: `<form method="post" action="/p/${path}/acknowledge">${csrf}<button>Acknowledge ${escapeHtml(data.id)}</button></form>`;
	if (data.escalation.state === "none") return `<p class="clock">${unpaged(data.parent)}</p>\n${button}`;
	const due = data.acknowledgeDueAt;
	const clock =
		due === null
			? "No acknowledgement time is set."
			: due > o.now
				? `Acknowledge by <strong>${at(due)}</strong>: ${duration(due - o.now)} left.`
				: `<strong class="late">Acknowledgement was due at ${at(due)}</strong>, ${duration(o.now - due)} ago.`;
	const pass =
		passTo === undefined || o.isReader
			? ""
			: `
<form method="post" action="/p/${path}/pass">${csrf}<button class="second">Not me – pass to ${escapeHtml(clip(passTo, 80))}</button></form>`;
	return `<p class="clock">${clock} ${nextPage(data.escalation, at)}</p>
${button}${pass}`;
}

/** A platform incident pages for all of its tenants' incidents. */
function unpaged(parent: string | null): string {
	if (parent === null) return "Nobody is paged for this incident.";
	const id = escapeHtml(parent);
	return `Nobody is paged for this incident: it is part of <a href="/p/${encodeURIComponent(parent)}">${id}</a>, which pages.`;
}

type Escalation = IncidentDetail["escalation"];

/** Whom the chain pages if nobody acknowledges: somebody new, or the one who has been paged already once more. */
function nextPage({ steps, nextPerson, nextAt }: Escalation, at: (instant: number) => string): string {
	if (nextPerson === null || nextAt === null) return "Nobody else is paged: this page stops with you.";
	const isStep = steps.some((step) => step.state === "pending" && step.dueAt !== null && step.dueAt <= nextAt);
	const name = escapeHtml(clip(nextPerson, 80));
	if (isStep) return `${name} is paged at ${at(nextAt)}.`;
	const next = steps.find((step) => step.state === "pending");
	const then = next?.dueAt == null ? "" : `, then ${escapeHtml(clip(next.person, 80))} at ${at(next.dueAt)}`;
	return `${name} is paged again at ${at(nextAt)}${then}.`;
}

/** Passing on takes the next step at once, also while the one before is being repeated. */
function passTarget({ steps, nextPerson }: Escalation): string | undefined {
	return nextPerson === null ? undefined : steps.find((step) => step.state === "pending")?.person;
}

function settled(data: IncidentDetail, at: (instant: number) => string): string {
	const facts: string[] = [];
	if (data.acknowledgedAt !== null)
		facts.push(
			`✓ Acknowledged by ${escapeHtml(clip(data.acknowledgedBy ?? "unknown", 80))} at ${at(data.acknowledgedAt)}.`,
		);
	if (data.mitigatedAt !== null) facts.push(`✓ Mitigated at ${at(data.mitigatedAt)}.`);
	if (data.resolvedAt !== null) facts.push(`✓ Resolved at ${at(data.resolvedAt)}.`);
	if (facts.length === 0) facts.push(`${STATE_WORDS[data.state]}.`);
	return `<p class="settled" role="status">${facts.join("<br>")}</p>`;
}

function runbook(steps: readonly string[]): string {
	if (steps.length === 0) return `<h2>First steps</h2>\n<p>No runbook is written for this SLO yet.</p>`;
	const items = steps.slice(0, 3).map((s) => `<li>${escapeHtml(clip(s, 400))}</li>`);
	return `<h2>First steps</h2>\n<ol>${items.join("")}</ol>`;
}

/** One digit more than the objective by default; cut, not rounded, so that 99.996% never reads as 100%. */
function percent(ratio: number, objective: number, extraDigits: number): string {
	const decimals = (String(Number((objective * 100).toFixed(6))).split(".")[1] ?? "").length + extraDigits;
	const scale = 10 ** decimals;
	const cut = Math.floor(ratio * 100 * scale + 1e-6) / scale;
	return ratio >= 1 ? "100%" : `${cut.toFixed(decimals)}%`;
}

/** `03:07 (02:07 UTC)`, for readers in UTC `02:07 UTC`; on another day `22 Nov 2026, 03:07 (02:07 UTC)`. */
function clockTime(instant: number, now: number, timeZone: string): string {
	const time = (zone: string) =>
		new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: zone }).format(
			instant,
		);
	const day = (t: number) =>
		new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone }).format(t);
	const clock = timeZone === "UTC" ? `${time("UTC")} UTC` : `${time(timeZone)} (${time("UTC")} UTC)`;
	return day(instant) === day(now) ? clock : `${day(instant)}, ${clock}`;
}

function duration(ms: number): string {
	const s = Math.floor(ms / 1000);
	if (s < 60) return `${s} s`;
	if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
	return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
}

/** Long texts must not push the page over its size; a person reads the rest on the full page. */
function clip(text: string, length: number): string {
	return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}

const ENTITIES: Readonly<Record<string, string>> = {
	"&": "&amp;",
	"<": "&lt;",
	">": "&gt;",
	'"': "&quot;",
	"'": "&#39;",
	"`": "&#96;",
};

/** Safe in text and in quoted attributes. Control characters, which no browser shows, are dropped. */
function escapeHtml(text: string): string {
	return (
		text
			// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach the page
			.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\u202a-\u202e\u2066-\u2069]/g, "")
			.replace(/[&<>"'`]/g, (c) => ENTITIES[c] ?? "")
	);
}

const CSS = `
:root{color-scheme:light dark;--page:#fff;--text:#242424;--soft:#5c5c5c;--line:#d1d1d1;--action:#0f6cbd;--on-action:#fff;--focus:#0f6cbd;--bad:#b42318;--on-bad:#fff;--good:#0b5a49;--good-fill:#dff2ec;--warn-fill:#ffd98a;--warn:#5c3f00;--none:#43358c}
@media (prefers-color-scheme:dark){:root{--page:#1b1a19;--text:#f3f2f1;--soft:#b8b5b2;--line:#4a4846;--action:#115ea3;--on-action:#fff;--focus:#479ef5;--bad:#f0654f;--on-bad:#240500;--good:#86dcc5;--good-fill:#12332b;--warn-fill:#4d3800;--warn:#ffd67a;--none:#cfc6ff}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--text);font:16px/22px "Segoe UI",system-ui,-apple-system,Roboto,"Noto Sans",sans-serif;font-variant-numeric:tabular-nums}
main{max-width:36rem;margin:0 auto;padding:16px 16px 32px;overflow-wrap:anywhere}
h1{font-size:24px;line-height:30px;margin:4px 0 12px}
h2{font-size:16px;line-height:22px;margin:24px 0 8px}
p{margin:0 0 12px}
.state,.small,.foot,.caption{color:var(--soft)}
.small,.foot,.caption{font-size:13px;line-height:18px}
.sentence{font-size:18px;line-height:26px}
.message{border:2px solid var(--text);border-radius:4px;padding:12px;font-weight:600}
.caption{margin-bottom:4px}
.numbers{display:grid;grid-template-columns:repeat(3,minmax(0,1fr));gap:6px;margin:0 0 16px}
.numbers div{border:1px solid var(--line);border-radius:4px;padding:8px}
.numbers dt{font-size:13px;line-height:18px}
.numbers dd{margin:0;font-size:20px;line-height:28px;font-weight:600}
.numbers dd.small{font-size:13px;line-height:18px;font-weight:400;color:inherit}
.numbers .breach{background:var(--bad);color:var(--on-bad);border-color:var(--bad)}
.numbers .at-risk{background:var(--warn-fill);color:var(--warn)}
.numbers .healthy{background:var(--good-fill);color:var(--good)}
.numbers .no-data{border-style:dashed;color:var(--none)}
.clock{margin-top:16px}
.late{color:var(--bad)}
.settled{border-left:4px solid var(--good);padding:8px 12px;font-weight:600;color:var(--good)}
form{margin:0 0 12px}
button{width:100%;min-height:56px;padding:8px 16px;font:inherit;font-weight:600;font-size:18px;border-radius:4px;border:1px solid var(--action);background:var(--action);color:var(--on-action);cursor:pointer}
button.second{min-height:48px;font-size:16px;background:transparent;color:var(--text);border-color:var(--soft)}
a{color:inherit}
.more{display:inline-block;min-height:44px;padding:11px 0;font-weight:600}
a:focus-visible,button:focus-visible{outline:3px solid var(--focus);outline-offset:2px}
ol{margin:0 0 16px;padding-left:24px}
li{margin-bottom:8px;padding-left:4px}
`;
