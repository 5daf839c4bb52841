import { describe, expect, it } from "vitest";
import { type PagerPageOptions, renderPagerPage } from "./pager-page.ts";
import type { IncidentDetail } from "./schemas.ts";

const NOW = Date.UTC(2026, 10, 22, 2, 7, 12);
const MINUTE = 60_000;

const window = { ms: 3_600_000, bad: 59, total: 1000, burn: 11.8 };
const cell = {
	slo: "purview-dlp-create",
	displayName: "DLP policy creation",
	state: "breach" as const,
	sli: 0.941,
	objective: 0.995,
	objectiveSetBy: "tenant" as const,
	burn: 11.8,
	total1h: 1000,
	budgetRemaining: 0.4,
	periodMs: 28 * 86_400_000,
	unit: "requests",
	lastAt: NOW - 14_000,
	breachSince: NOW - 9 * MINUTE,
};

const incident: IncidentDetail = {
	id: "INC-1042",
	title: "Woodgrove Bank: Purview DLP policy creation fails",
	kind: "tenant",
	tenant: "woodgrove",
	tenantDisplayName: "Woodgrove Bank",
	workload: "purview",
	workloadDisplayName: "Purview",
	slo: "purview-dlp-create",
	severity: { key: "2.5", rank: 25 },
	state: "detected",
	parent: null,
	onsetAt: NOW - 9 * MINUTE,
	detectedAt: NOW - 6 * MINUTE,
	acknowledgedAt: null,
	acknowledgedBy: null,
	acknowledgeDueAt: NOW + 9 * MINUTE + 41_000,
	held: null,
	signalClearedAt: null,
	mitigatedAt: null,
	resolvedAt: null,
	verdict: null,
	version: 1,
	sentence: "Woodgrove Bank cannot create DLP policies since 02:58: 94.1% succeed, the platform is at 99.96%.",
	claims: [],
	evidence: {
		tier: { key: "page-fast", factor: 14.4, longMs: 3_600_000, shortMs: 300_000 },
		objective: 0.995,
		long: window,
		short: window,
		episode: window,
		p: 1e-9,
		fleet: { long: window, short: window, episode: window },
		share: 0.0005,
		maskingShare: 0.0134,
		alsoBurning: [],
		since: NOW - 9 * MINUTE,
	},
	current: { tenant: cell, platform: { ...cell, state: "healthy", sli: 0.99968 } },
	alsoAffected: [],
	children: [],
	runbook: ["Check throttling of the tenant.", "Compare with the ring's last deployment.", "Page Purview.", "Fourth."],
	owner: "Purview on-call",
	escalation: {
		state: "running",
		steps: [{ dueAt: NOW + 6 * MINUTE, person: "M. Ito", pages: true, state: "pending" }],
		nextPerson: "M. Ito",
		nextAt: NOW + 6 * MINUTE,
	},
	timeline: [],
	notices: [],
	measures: {
		onset: { status: "recorded", ms: 0 },
		ttd: { status: "recorded", ms: 3 * MINUTE },
		tta: { status: "pending", ms: null },
		firstNotice: { status: "pending", ms: null },
		ttm: { status: "pending", ms: null },
	},
	verdictReason: null,
	suggestedSeverity: null,
	causes: null,
	changes: [],
	openCases: [],
	platformSays: null,
	feeds: { changes: false, cases: false },
	isPrivate: false,
	severityDetail: {
		ground: { key: "2.5", rank: 25 },
		derived: { key: "2.5", rank: 25 },
		reasons: [],
		override: null,
	},
	readers: null,
	canReopenUntil: null,
	reopenedAt: null,
	reviewedAt: null,
	reviewedBy: null,
	mergedInto: null,
	duplicateOf: null,
	roles: [],
	tasks: [],
	links: [],
	runbooks: [],
	tickets: [],
};

const options: PagerPageOptions = {
	csrfToken: "token-1",
	nonce: "n0nce",
	now: NOW,
	timeZone: "Europe/Berlin",
	person: "A. Nowak",
};

describe("the pager page", () => {
	const html = renderPagerPage(incident, options);

	it("tells what broke, then how bad against the platform, then what to do, in this order", () => {
		const order = [
			"<h1>Woodgrove Bank",
			"cannot create DLP policies",
			"<dd>94.10%",
			"<dd>99.96%",
			"<dd>99.5%",
			"Also affected: none",
			"Acknowledge by",
			"Acknowledge INC-1042",
			"Not me – pass to M. Ito",
			"Check throttling",
			"/incidents/INC-1042",
		].map((text) => html.indexOf(text));
		expect(order.every((at) => at > 0)).toBe(true);
		expect(order).toEqual([...order].sort((a, b) => a - b));
	});

	it("acknowledges and passes on by forms that carry the token, never by a link", () => {
		expect(html).toContain('<form method="post" action="/p/INC-1042/acknowledge">');
		expect(html).toContain('<form method="post" action="/p/INC-1042/pass">');
		expect(html.match(/name="csrf" value="token-1"/g)).toHaveLength(2);
		expect(html.match(/<a /g)).toHaveLength(1);
	});

	it("holds no script, no event handler and nothing from elsewhere", () => {
		expect(html).not.toMatch(/<script|\son\w+=|javascript:|https?:\/\/|@import|url\(/i);
		expect(html).toContain('<style nonce="n0nce">');
	});

	it("names times in the reader's zone and in UTC", () => {
		expect(html).toContain("Acknowledge by <strong>03:16 (02:16 UTC)</strong>: 9 min 41 s left.");
		expect(html).toContain("M. Ito is paged at 03:13 (02:13 UTC).");
	});

	it("tells a page that is repeated from one that goes to somebody new, and passes on to the latter", () => {
		const steps = [
			{ dueAt: NOW, person: "S. Haas", pages: true, state: "done" as const },
			{ dueAt: NOW + 5 * MINUTE, person: "K. Abara", pages: true, state: "pending" as const },
		];
		const escalation = { ...incident.escalation, steps, nextPerson: "S. Haas", nextAt: NOW + 2 * MINUTE };
		const page = renderPagerPage({ ...incident, escalation }, options);
		expect(page).toContain("S. Haas is paged again at 03:09 (02:09 UTC), then K. Abara at 03:12 (02:12 UTC).");
		expect(page).toContain("Not me – pass to K. Abara");
	});

	it("offers no passing on at the end of the chain", () => {
		const steps = [{ dueAt: NOW, person: "S. Haas", pages: true, state: "done" as const }];
		const escalation = { ...incident.escalation, steps, nextPerson: "S. Haas" };
		expect(renderPagerPage({ ...incident, escalation }, options)).not.toContain("/pass");
	});

	it("leads from an incident that pages nobody to the one that pages for it", () => {
		const escalation = { state: "none" as const, steps: [], nextPerson: null, nextAt: null };
		const page = renderPagerPage({ ...incident, parent: "INC-1001", acknowledgeDueAt: null, escalation }, options);
		expect(page).toContain('it is part of <a href="/p/INC-1001">INC-1001</a>, which pages.');
		expect(page).toContain("Acknowledge INC-1042");
		expect(page).not.toContain("stops with you");
	});

	it("names the window of its numbers", () => {
		expect(html).toContain("Good requests of the last hour");
	});

	it("does not say the same time twice to a reader in UTC", () => {
		expect(renderPagerPage(incident, { ...options, timeZone: "UTC" })).toContain("<strong>02:16 UTC</strong>");
	});

	it("adds the date to a time of another day", () => {
		const page = renderPagerPage({ ...incident, acknowledgeDueAt: NOW - 24 * 60 * MINUTE }, options);
		expect(page).toContain("Acknowledgement was due at 21 Nov 2026, 03:07 (02:07 UTC)</strong>, 24 h 0 min ago.");
	});

	it("shows the first three steps of the runbook", () => {
		expect(html.match(/<li>/g)).toHaveLength(3);
		expect(renderPagerPage({ ...incident, runbook: [] }, options)).toContain("No runbook is written for this SLO yet.");
	});

	it("never rounds up to 100%", () => {
		const current = { ...incident.current, platform: { ...cell, sli: 0.999999 } };
		expect(renderPagerPage({ ...incident, current }, options)).toContain("<dd>99.99%</dd>");
	});

	it("calls 0 of 0 no traffic and a missing reading no data", () => {
		const page = renderPagerPage({ ...incident, current: { tenant: { ...cell, sli: null }, platform: null } }, options);
		expect(page).toContain("<dd>no traffic</dd>");
		expect(page).toContain("<dd>no data</dd>");
	});

	it("offers no button once somebody acknowledged, and says who and when", () => {
		const page = renderPagerPage(
			{ ...incident, state: "acknowledged", acknowledgedAt: NOW - MINUTE, acknowledgedBy: "M. Ito" },
			options,
		);
		expect(page).not.toContain("<form");
		expect(page).toContain("Acknowledged by M. Ito at 03:06 (02:06 UTC).");
	});

	it("says when nobody is next, and then offers no passing on", () => {
		const escalation = { ...incident.escalation, nextPerson: null, nextAt: null };
		const page = renderPagerPage({ ...incident, escalation }, options);
		expect(page).toContain("Nobody else is paged: this page stops with you.");
		expect(page).not.toContain("/pass");
	});

	it("shows what the last form answered", () => {
		expect(renderPagerPage({ ...incident }, { ...options, message: "Not acknowledged: the form is old." })).toContain(
			'<p class="message" role="status">Not acknowledged: the form is old.</p>',
		);
	});
});

const HOSTILE = [
	"<script>alert(1)</script>",
	'"><script>alert(1)</script>',
	"'><img src=x onerror=alert(1)>",
	'"><svg/onload=alert(1)>',
	"</title><script>alert(1)</script>",
	"</style><script>alert(1)</script>",
	"<iframe srcdoc='<script>alert(1)</script>'>",
	'" autofocus onfocus=alert(1) x="',
	"' onmouseover='alert(1)",
	"`onclick=alert(1)`",
	"<a href=javascript:alert(1)>x</a>",
	"<!--<img src=--><img src=x onerror=alert(1)//>",
	"<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
	"\u0000<\u0000script>alert(1)</script>",
	"\u202e<scr\u0000ipt>alert(1)</scr\u0000ipt>",
	"&lt;script&gt;alert(1)&lt;/script&gt;",
	"<form action=//evil><button>Acknowledge</button></form>",
	"{{constructor.constructor('alert(1)')()}}",
];

describe("hostile text in every field", () => {
	it.each(HOSTILE)("stays text: %s", (text) => {
		const page = renderPagerPage(
			{
				...incident,
				id: text,
				title: text,
				tenantDisplayName: text,
				workloadDisplayName: text,
				slo: text,
				sentence: text,
				alsoAffected: [text, text],
				runbook: [text],
				escalation: {
					...incident.escalation,
					nextPerson: text,
					steps: [{ dueAt: NOW, person: text, pages: true, state: "pending" }],
				},
				current: { tenant: { ...cell, displayName: text }, platform: null },
			},
			{ ...options, csrfToken: text, nonce: text, person: text, message: text },
		);
		const tags = [...page.matchAll(/<\/?([a-z][a-z0-9]*)/gi)].map((m) => m[1]?.toLowerCase());
		const plain = renderPagerPage(
			{ ...incident, alsoAffected: ["a", "b"], runbook: ["r"], current: { tenant: cell, platform: null } },
			{ ...options, message: "m" },
		);
		expect(tags).toEqual([...plain.matchAll(/<\/?([a-z][a-z0-9]*)/gi)].map((m) => m[1]?.toLowerCase()));
		const attributes = (html: string) => [...html.matchAll(/<[a-z][^>]*>/gi)].map((m) => m[0].split('"').length);
		expect(attributes(page)).toEqual(attributes(plain));
	});

	it("keeps the page under 30 kB however long the texts are", () => {
		const long = "&".repeat(20_000);
		const page = renderPagerPage(
			{
				...incident,
				title: long,
				sentence: long,
				alsoAffected: Array.from({ length: 200 }, () => long),
				runbook: Array.from({ length: 50 }, () => long),
				tenantDisplayName: long,
			},
			{ ...options, message: long },
		);
		expect(Buffer.byteLength(page)).toBeLessThanOrEqual(30_000);
	});
});

it("offers those who may only read no act that would be refused, and shows everything else", () => {
	const options = { csrfToken: "c", now: NOW, timeZone: "UTC", person: "V. Viewer" };
	const html = renderPagerPage(incident, { ...options, isReader: true });
	expect(html).not.toContain("<form");
	expect(html).toContain("you may read");
	expect(renderPagerPage(incident, options)).toContain("<form");
});
