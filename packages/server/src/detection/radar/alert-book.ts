import { isVolume, sameAnswer, tenantAlert, wideAlert } from "./alert-record.ts";
import { type Assessment, assess, FULL, hasStopped, type Rise } from "./candidates.ts";
import { MINUTE_MS } from "./clock-minutes.ts";
import type { Episodes } from "./episodes.ts";
import { explain } from "./explain.ts";
import { type Group, isIn } from "./scope.ts";
import { whoseLoss } from "./shared-loss.ts";
import type { TenantSignal } from "./tenant-signal.ts";
import type { RadarAlert, RadarChange, RadarEvent } from "./types.ts";

const QUIET_MINUTES = 60;
const WIDE_QUIET_MINUTES = 30;
/** While an alert is young, later knowledge may still change what it says. */
const YOUNG_MINUTES = 30;
/** What is milder than this over many tenants, a roll-out of a deploy may explain for some minutes. */
const MILD_RATIO = 0.1;
/** So faint over many tenants spends hardly any budget in the minutes that a roll-out takes. */
const FAINT_RATIO = 0.03;
const FAINT_MINUTES = 12;
const PAUSE_MINUTES = 3;
/** What creeps for longer than this is for budgets to tell. */
const STALE_MINUTES = 36 * 60;
/** A loss may be unsure whose it is for so long, then it is taken for one of all. */
const UNSURE_MINUTES = 60;
/** Evidence that any page takes, nats: about one false claim in a million looks. */
const LEAST_NATS = 13;
/** Evidence outside its worst minutes that trouble with few events takes: more than two stray bad events give, nats. */
const LASTING_NATS = 7;
/** Rises of which every minute is still kept. */
const LASTING_MINUTES = 60;

interface OpenAlert {
	alert: RadarAlert;
	readonly openedMinute: number;
	/** Last minute in which what opened it was raised. */
	raisedMinute: number;
	readonly onset: number;
	series: TenantSignal | undefined;
	rise: Rise | undefined;
	members: readonly TenantSignal[];
	peak: number;
	/** Changes that stayed while the trouble stopped. */
	readonly cleared: Set<string>;
}

/** An alert that is over, or goes on, as what it says about its tenant and workload. */
interface Span {
	readonly workload: string;
	readonly tenant: string | undefined;
	readonly tenants: ReadonlySet<string>;
	readonly from: number;
	to: number;
	readonly isWide: boolean;
	isOpen: boolean;
}

interface Track {
	group: Group;
	from: number;
	held: number;
	/** Minutes in which it held. */
	minutes: number;
}

/** Opens, updates and closes alerts: what is worth a page, whose it is, and what belongs to what was told before. */
export class AlertBook {
	readonly #episodes: Episodes;
	readonly #prefix: string;
	readonly #open = new Map<string, OpenAlert>();
	readonly #byPlace = new Map<string, OpenAlert>();
	readonly #wide = new Map<string, OpenAlert>();
	readonly #tracks = new Map<string, Track>();
	readonly #peaks = new Map<TenantSignal, { onset: number; end: number; minutes: number }[]>();
	#spans: Span[] = [];
	#count = 0;

	constructor(episodes: Episodes, prefix: string) {
		this.#episodes = episodes;
		this.#prefix = prefix;
	}

	open(): RadarAlert[] {
		return [...this.#open.values()].map((entry) => entry.alert);
	}

	/** Whether the tenant's workload was in an alert at that minute. */
	isIll(tenant: string, workload: string, minute: number): boolean {
		return this.#spans.some(
			(s) =>
				s.workload === workload &&
				(s.isWide ? true : s.tenant === tenant) &&
				minute >= s.from - 2 &&
				minute <= s.to + 3,
		);
	}

	/** Whether an alert of that time was more than a blip. */
	wasReal(tenant: string, workload: string, from: number, to: number): boolean {
		return this.#spans.some(
			(s) =>
				s.workload === workload &&
				(s.isWide || s.tenant === tenant) &&
				s.from <= to &&
				s.to >= from - 5 &&
				(s.isWide || s.to - s.from >= 12),
		);
	}

	judgeGroup(
		members: readonly TenantSignal[],
		group: Group | undefined,
		minute: number,
		changes: readonly RadarChange[],
		out: RadarEvent[],
	): void {
		const signal = members[0]?.signal;
		if (signal === undefined) return;
		const key = `${signal.workload}\n${signal.signal}`;
		const track = this.#tracks.get(key);
		if (group === undefined) {
			if (track && minute - track.held > 4) this.#endTrack(key, track, minute);
			return;
		}
		const now = track ?? { group, from: group.onset, held: minute, minutes: minute - group.onset };
		now.group = group;
		now.held = minute;
		now.minutes += 1;
		this.#tracks.set(key, now);
		const open = this.#wide.get(signal.workload);
		if (open) {
			open.raisedMinute = minute;
			open.members = group.raised;
			return;
		}
		const { minutes } = now;
		const hold = this.#holdOfGroup(group, minute);
		if (minutes >= hold) this.#openWide(members, group, minute, minutes, hold, changes, out);
	}

	/** A few that rise together are held as long as many are, and as long as a few were before. */
	#holdOfGroup(group: Group, minute: number): number {
		const isFew = group.raised.length < 4;
		const { severity } = group;
		const least = severity < FAINT_RATIO ? FAINT_MINUTES : severity < MILD_RATIO ? 4 : isFew ? 3 : 2;
		const kinds = isFew ? ["few", "wide"] : ["wide"];
		return Math.max(...kinds.map((kind) => this.#episodes.hold(kind, severity, minute * MINUTE_MS, least, 20, true)));
	}

	#endTrack(key: string, track: Track, minute: number): void {
		this.#tracks.delete(key);
		const { minutes } = track;
		const [workload] = key.split("\n") as [string];
		const isMild = track.group.severity < MILD_RATIO;
		const wasReal = !isMild && this.#spans.some((s) => s.isWide && s.workload === workload && s.to >= track.from);
		if (minutes <= 14 && !wasReal)
			this.#episodes.add({
				kind: wideKind(track.group),
				at: minute * MINUTE_MS,
				severity: track.group.severity,
				minutes,
			});
	}

	judgeTenant(
		series: TenantSignal,
		rises: readonly Rise[],
		minute: number,
		changes: readonly RadarChange[],
		sisters: readonly TenantSignal[],
		out: RadarEvent[],
	): void {
		if (rises.length === 0) return;
		const { workload } = series.signal;
		const { tenant } = series.tenant;
		const place = `${tenant}\n${workload}`;
		const open = this.#byPlace.get(place);
		this.#notePeaks(series, rises, minute);
		if (open) {
			const isRaised = (rise: Rise) =>
				rise.isRising && isSame(rise, open.rise) && rise.minutes >= (rise.channel === "burn" ? 4 : 1);
			if (rises.some(isRaised)) open.raisedMinute = minute;
			return;
		}
		for (const rise of rises) {
			if (rise.minutes < 2.4 || !rise.isRising || this.#isTold(tenant, workload, rise.onset)) continue;
			if (this.#isOfGroup(series, rise, minute)) continue;
			if (minute - rise.onset > STALE_MINUTES) continue;
			const verdict = assess(series, rise, minute);
			const hold = this.#holdOf(series, rise, verdict, minute);
			if (rise.channel === "volume") {
				// Asked anew until a page is due: a few minutes of another signal prove nothing. Later answers would be those of
				// signals that have come back already.
				const isOld = minute - rise.onset >= UNSURE_MINUTES;
				if (series.sharedLoss === rise.onset && (isOld || rise.minutes >= hold)) continue;
				const whose = whoseLoss(series, rise, minute, sisters);
				const isShared = whose === "shared" || (whose === "unsure" && isOld);
				series.sharedLoss = isShared ? rise.onset : undefined;
				if (whose !== "own") continue;
			}
			if (verdict.nats < LEAST_NATS || (rise.minutes < hold && !hasOutlasted(rise, hold, minute))) continue;
			this.#openTenant(series, rise, verdict, hold, minute, changes, out);
			return;
		}
	}

	#holdOf(series: TenantSignal, rise: Rise, verdict: Assessment, minute: number): number {
		const now = minute * MINUTE_MS;
		if (rise.channel === "burn") return this.#episodes.hold("burn", 1, now, 22, 56);
		const least = isVolume(rise) ? 5.3 : verdict.sort === "errors-all" || verdict.sort === "errors-calm" ? 3.8 : 3;
		const hold = this.#episodes.hold(verdict.sort, verdict.severity, now, least, 12);
		if (!isErrors(rise)) return hold;
		const before = (this.#peaks.get(series) ?? []).filter(
			(p) => p.end < rise.onset && p.end > minute - 100 && p.minutes >= 3.5,
		);
		return before.length >= 2 ? Math.min(hold, 3) : hold;
	}

	/** Remembers rises of the last hours, so that what comes again and again is told from a blip. */
	#notePeaks(series: TenantSignal, rises: readonly Rise[], minute: number): void {
		const rise = rises.find((r) => r.channel === "errors");
		if (rise === undefined || rise.minutes < 1) return;
		const peaks = this.#peaks.get(series) ?? [];
		this.#peaks.set(series, peaks);
		const last = peaks.at(-1);
		if (last && last.onset === rise.onset) {
			if (rise.minutes >= last.minutes) {
				last.minutes = rise.minutes;
				last.end = minute;
			}
			return;
		}
		peaks.push({ onset: rise.onset, end: minute, minutes: rise.minutes });
		if (peaks.length > 12) peaks.shift();
	}

	/** What is told already: while something wider is ill, and whatever began before the end of an earlier alert. */
	#isTold(tenant: string, workload: string, onset: number): boolean {
		return this.#spans.some(
			(s) => s.workload === workload && s.tenants.has(tenant) && ((s.isWide && s.isOpen) || onset <= s.to + 5),
		);
	}

	/** Part of something wider that may yet be told as one, or goes by. */
	#isOfGroup(series: TenantSignal, rise: Rise, minute: number): boolean {
		if (isVolume(rise)) return false;
		const track = this.#tracks.get(`${series.signal.workload}\n${series.signal.signal}`);
		return (
			track !== undefined &&
			minute - track.held <= 3 &&
			rise.onset >= track.from - 5 &&
			isIn(series, track.group.cohort)
		);
	}

	#openTenant(
		series: TenantSignal,
		rise: Rise,
		verdict: Assessment,
		hold: number,
		minute: number,
		changes: readonly RadarChange[],
		out: RadarEvent[],
	): void {
		const { workload } = series.signal;
		const { tenant } = series.tenant;
		const alert = tenantAlert(series, rise, verdict, hold, minute, changes, this.#nextId());
		const entry: OpenAlert = {
			alert,
			openedMinute: minute,
			raisedMinute: minute,
			onset: rise.onset,
			series,
			rise,
			members: [],
			peak: rise.minutes,
			cleared: new Set(),
		};
		this.#open.set(alert.id, entry);
		this.#byPlace.set(`${tenant}\n${workload}`, entry);
		this.#spans.push({
			workload,
			tenant,
			tenants: new Set([tenant]),
			from: rise.onset,
			to: minute,
			isWide: false,
			isOpen: true,
		});
		out.push({ type: "opened", at: minute, alert });
	}

	#openWide(
		members: readonly TenantSignal[],
		group: Group,
		minute: number,
		minutes: number,
		hold: number,
		changes: readonly RadarChange[],
		out: RadarEvent[],
	): void {
		const signal = members[0]?.signal;
		if (signal === undefined) return;
		const { workload } = signal;
		// A tenant's page that was this all along becomes the wide one.
		let reused: OpenAlert | undefined;
		for (const series of members) {
			const place = `${series.tenant.tenant}\n${workload}`;
			const entry = this.#byPlace.get(place);
			if (!entry || minute - entry.openedMinute > 14 || entry.onset < group.onset - 6) continue;
			if (!isIn(series, group.cohort)) continue;
			this.#byPlace.delete(place);
			this.#open.delete(entry.alert.id);
			if (reused === undefined) reused = entry;
			else out.push({ type: "closed", at: minute, id: entry.alert.id, reason: "forgotten" });
		}
		const id = reused?.alert.id ?? this.#nextId();
		const alert = wideAlert(members, group, minute, minutes, hold, changes, id);
		const entry: OpenAlert = {
			alert,
			openedMinute: reused?.openedMinute ?? minute,
			raisedMinute: minute,
			onset: group.onset,
			series: undefined,
			rise: undefined,
			members: group.raised,
			peak: minutes,
			cleared: new Set(),
		};
		this.#open.set(id, entry);
		this.#wide.set(workload, entry);
		this.#spans.push({
			workload,
			tenant: undefined,
			tenants: new Set(members.filter((s) => isIn(s, group.cohort)).map((s) => s.tenant.tenant)),
			from: group.onset,
			to: minute,
			isWide: true,
			isOpen: true,
		});
		out.push({ type: reused ? "updated" : "opened", at: minute, alert });
	}

	/** Young alerts learn more; those that have been quiet for long enough close. */
	review(minute: number, changes: readonly RadarChange[], out: RadarEvent[]): void {
		for (const entry of [...this.#open.values()]) {
			const isWide = entry.alert.scope !== "tenant";
			for (const span of this.#spans)
				if (span.isOpen && span.workload === entry.alert.workload && span.tenant === entry.alert.tenant)
					span.to = Math.max(span.to, entry.raisedMinute);
			if (!isWide) this.#refresh(entry, minute, changes, out);
			if (minute - entry.raisedMinute < (isWide ? WIDE_QUIET_MINUTES : QUIET_MINUTES)) continue;
			this.#open.delete(entry.alert.id);
			if (isWide) this.#wide.delete(entry.alert.workload);
			else this.#byPlace.delete(`${entry.alert.tenant}\n${entry.alert.workload}`);
			for (const span of this.#spans)
				if (span.workload === entry.alert.workload && span.tenant === entry.alert.tenant) span.isOpen = false;
			out.push({ type: "closed", at: minute, id: entry.alert.id, reason: "recovered" });
		}
		if (minute % 60 === 0) this.#spans = this.#spans.filter((s) => s.isOpen || s.to > minute - 2880);
	}

	#refresh(entry: OpenAlert, minute: number, changes: readonly RadarChange[], out: RadarEvent[]): void {
		const { series, rise } = entry;
		const age = minute - entry.openedMinute;
		if (!series || !rise || age < 1 || age > YOUNG_MINUTES) return;
		if (entry.raisedMinute !== minute) {
			if (minute - entry.raisedMinute >= PAUSE_MINUTES && hasStopped(series, rise, entry.raisedMinute, minute))
				this.#withdraw(entry, minute, changes, out);
			return;
		}
		const verdict = assess(series, rise, minute);
		const { id, evidence } = entry.alert;
		const left = changes.filter((change) => !entry.cleared.has(change.id));
		const alert = tenantAlert(series, rise, verdict, evidence.threshold, minute, left, id);
		if (sameAnswer(alert, entry.alert)) return;
		entry.alert = alert;
		out.push({ type: "updated", at: minute, alert });
	}

	/** Trouble that stops while a change stays was hardly brought by one that touched much more than the tenant. */
	#withdraw(entry: OpenAlert, minute: number, changes: readonly RadarChange[], out: RadarEvent[]): void {
		const { culprits, tenant } = entry.alert;
		for (const { id, scope } of changes)
			if (scope.tenant !== tenant && !culprits.some((c) => scope[c.attribute] === c.value)) entry.cleared.add(id);
		const kept = entry.alert.changes.filter((id) => !entry.cleared.has(id));
		if (kept.length === entry.alert.changes.length) return;
		const alert = { ...entry.alert, changes: kept };
		entry.alert = { ...alert, explanation: explain(alert) };
		out.push({ type: "updated", at: minute, alert: entry.alert });
	}

	#nextId(): string {
		this.#count += 1;
		return `${this.#prefix}${this.#count}`;
	}
}

/** Burns and outages are two views of the same errors, parts and the whole of the same loss. */
const isSame = (rise: Rise, opening: Rise | undefined): boolean =>
	opening !== undefined &&
	(rise.channel === opening.channel ||
		(isErrors(rise) && isErrors(opening)) ||
		(isVolume(rise) && isVolume(opening)) ||
		(opening.channel === "burn" && isErrors(rise)));

const isErrors = (rise: Rise): boolean => rise.channel === "errors" || rise.channel === "slice";

/**
 * Whether trouble with few events has outlasted its like by the clock: the evidence would be enough, and goes on outside
 * any stretch that is as long as they were. A minute with hardly an event never gives a full minute of evidence. What is
 * older than an hour may be several blips.
 */
function hasOutlasted(rise: Rise, hold: number, minute: number): boolean {
	if ((!isErrors(rise) && rise.channel !== "slow") || minute - rise.onset >= LASTING_MINUTES) return false;
	return rise.minutes * FULL.errors >= LEAST_NATS && rise.outside(Math.ceil(hold)) * FULL.errors >= LASTING_NATS;
}

/** A few tenants may be raised together by chance; many are not. */
const wideKind = (group: Group): string => (group.raised.length < 4 ? "few" : "wide");
