import type { Clock } from "@bellwether/model";
import type { SelfCheckResult } from "#api";
import type { Catalogue } from "#catalogue";
import type { BreachClosed, BreachOpened } from "#detection";
import {
	type ChannelSender,
	type ControlStore,
	createEgress,
	enqueue,
	type Ids,
	type Message,
	type Outcome,
	setTimer,
	type TimerHandler,
} from "#platform";
import type { listenToIncidents } from "#response";
import { createWebhookSender } from "../../adapters/webhook/index.ts";
import type { TelemetryThread } from "../telemetry-thread.ts";
import { type LoopbackReceiver, openLoopbackReceiver } from "./loopback-receiver.ts";
import { rehearse } from "./rehearsal.ts";
import { type CheckRow, forgetChecks, idsOf, keepCheck, removeTraces } from "./self-check-rows.ts";
import {
	BAD_EVENTS,
	badRequest,
	eventTime,
	goodRequest,
	SELF_CHECK,
	SELF_CHECK_TENANTS,
	selfCheckTenant,
	withSelfCheck,
} from "./synthetic.ts";

/** In order; each ends when the next part of the system has done its work. */
const STAGES = ["ingest", "window", "breach", "incident", "timer", "page", "acknowledge", "resolve"] as const;
type Stage = (typeof STAGES)[number];

export interface SelfCheckOptions {
	readonly store: ControlStore;
	readonly clock: Clock;
	readonly ids: Ids;
	readonly telemetry: Pick<TelemetryThread, "windows">;
	readonly catalogue: () => Catalogue;
	readonly publicUrl: () => string;
	readonly listenForPages: typeof listenToIncidents;
	/** See `selfCheckKey`. */
	readonly key: string;
}

/** Where the events go in: the port that senders use. */
export interface Entrance {
	readonly otlpUrl: string;
	readonly token: string;
}

export interface SelfCheck {
	open(entrance: Entrance): Promise<void>;
	/** One check from end to end. Never throws. Not again before it has answered. */
	run(): Promise<SelfCheckResult>;
	/** A claim about the self-check's own tenants, in the place of an incident. */
	takeBreach(event: BreachOpened | BreachClosed): Promise<void>;
	readonly timers: Readonly<Record<string, TimerHandler>>;
	/** Of the channel `SELF_CHECK`. */
	readonly sender: ChannelSender;
	/** What became of a message; those of others are ignored. */
	onOutcome(message: Message, outcome: Outcome): void;
	close(): Promise<void>;
}

const PAGE_TIMER = `${SELF_CHECK}.page`;
const PAGE_AFTER_MS = 200;
const BUCKET_MS = 10_000;
const LOOK_EVERY_MS = 25;
/** For the whole check: what is slower would keep a page waiting. */
const DEADLINE_MS = 8_000;

/** Told once, however often it happens. */
interface Mark {
	readonly happened: Promise<void>;
	readonly tell: () => void;
}

interface Running {
	readonly id: string;
	readonly tenant: string;
	readonly claimed: Mark;
	readonly detected: Mark;
	readonly fired: Mark;
	readonly received: Mark;
	readonly recorded: Mark;
	readonly cleared: Mark;
	readonly row: CheckRow;
	/** Why the stage that is waited for did not come. */
	lastError: string | undefined;
}

/**
 * A synthetic tenant fails on purpose: its events go in by the port of all senders, and the page that they cause comes out
 * at a receiver of our own. Nothing of it is in lists, reports or totals, and its rows are removed.
 */
export function createSelfCheck(options: SelfCheckOptions): SelfCheck {
	const { store, clock, ids, telemetry, key } = options;
	let current: Running | undefined;
	let entrance: Entrance | undefined;
	let receiver: LoopbackReceiver | undefined;
	let turn = 0;
	const closing = mark();
	let isClosed = false;

	async function send(body: string): Promise<void> {
		if (!entrance) throw new Error("the port for telemetry is not open yet");
		const url = `${entrance.otlpUrl}/v1/metrics`;
		const egress = createEgress({ allow: [new URL(url).host], timeoutMs: 5_000 });
		const headers = { "content-type": "application/json", authorization: `Bearer ${entrance.token}` };
		const answer = await egress.post(url, headers, body);
		if (answer.status !== "answered") throw new Error(answer.reason);
		if (answer.statusCode !== 200) throw new Error(`HTTP ${answer.statusCode}: ${answer.body.slice(0, 300)}`);
		const { partialSuccess } = JSON.parse(answer.body || "{}") as { partialSuccess?: Record<string, unknown> };
		if (Number(partialSuccess?.rejectedDataPoints ?? 0) > 0)
			throw new Error(`points were rejected: ${String(partialSuccess?.errorMessage).slice(0, 300)}`);
	}

	async function counted({ id, tenant }: Running, at: number): Promise<void> {
		const from = at - (at % BUCKET_MS);
		while (current?.id === id) {
			const query = { tenant, slo: SELF_CHECK, from, to: from + BUCKET_MS, resolutionMs: BUCKET_MS };
			const [bucket] = (await telemetry.windows(query)) ?? [];
			if (bucket && bucket.bad >= BAD_EVENTS) return;
			await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
		}
	}

	async function acknowledge(check: Running): Promise<void> {
		await store.transaction((tx) => keepCheck(tx, { ...check.row, state: "acknowledged" }));
	}

	async function resolve(check: Running, at: number, index: number, stages: CheckRow["stages"]): Promise<void> {
		const since = clock.monotonic();
		await send(goodRequest(index, key, at));
		await check.cleared.happened;
		if (current !== check) return;
		await store.transaction(async (tx) => {
			const all = { ...stages, resolve: Math.round(clock.monotonic() - since) };
			await keepCheck(tx, { ...check.row, state: "resolved", endedAt: clock.now(), stages: all });
			await removeTraces(tx, check.id);
			await forgetChecks(tx, check.id);
		});
	}

	async function run(): Promise<SelfCheckResult> {
		const began = clock.monotonic();
		const startedAt = clock.now();
		const index = turn;
		const tenant = selfCheckTenant(index);
		const at = eventTime(startedAt, BUCKET_MS);
		const id = ids.next("chk");
		const row = { id, tenant, state: "detected", startedAt, stages: {}, detail: "" } as const;
		const check: Running = {
			...{ id, tenant, row, lastError: undefined },
			...{ claimed: mark(), detected: mark(), fired: mark(), received: mark(), recorded: mark(), cleared: mark() },
		};
		current = check;
		const work: Readonly<Record<Stage, () => Promise<unknown>>> = {
			ingest: () => send(badRequest(index, key, at)),
			window: () => counted(check, at),
			breach: () => check.claimed.happened,
			incident: () => check.detected.happened,
			timer: () => check.fired.happened,
			page: () => Promise.all([check.received.happened, check.recorded.happened]),
			acknowledge: () => acknowledge(check),
			resolve: () => resolve(check, at, index, stages),
		};
		const stages: Partial<Record<Stage, number>> = {};
		let failure: SelfCheckResult["failure"];
		for (const stage of STAGES) {
			const since = clock.monotonic();
			try {
				const leftMs = Math.max(0, DEADLINE_MS - (since - began));
				await within(Promise.race([work[stage](), closing.happened]), leftMs, stage);
				if (isClosed) throw new Error("the server is being stopped");
			} catch (error) {
				const detail = check.lastError ?? (error as Error).message;
				failure = { stage, detail };
				break;
			} finally {
				stages[stage] = Math.round(clock.monotonic() - since);
			}
		}
		if (failure && !isClosed) await leave(check, index, at, stages, failure);
		current = undefined;
		return { id, startedAt, tookMs: Math.round(clock.monotonic() - began), stages, failure };
	}

	/** After a failure: the next check takes another tenant, and this one's claim is ended if that is possible. */
	async function leave(
		check: Running,
		index: number,
		at: number,
		stages: CheckRow["stages"],
		failure: NonNullable<SelfCheckResult["failure"]>,
	): Promise<void> {
		turn = (index + 1) % SELF_CHECK_TENANTS;
		const kept = store.transaction(async (tx) => {
			const { stage: failedStage, detail } = failure;
			await keepCheck(tx, { ...check.row, state: "failed", endedAt: clock.now(), stages, failedStage, detail });
			await removeTraces(tx, check.id);
			await forgetChecks(tx, check.id);
		});
		const ended =
			failure.stage === "ingest" || failure.stage === "resolve" ? undefined : send(goodRequest(index, key, at));
		// What failed may keep these from working as well; the failure itself is told.
		await within(Promise.allSettled([kept, ended]), 2_000, failure.stage).catch(() => {});
	}

	async function takeBreach(event: BreachOpened | BreachClosed): Promise<void> {
		const check = current;
		// Of an earlier check, or of before a restart: nobody waits for it.
		if (!check || event.tenant !== check.tenant) return;
		if (event.type === "breach.closed") return check.cleared.tell();
		check.claimed.tell();
		try {
			const catalogue = withSelfCheck(options.catalogue(), key);
			const { listenForPages } = options;
			await rehearse({ store, ids, catalogue, publicUrl: options.publicUrl(), listenForPages, breach: event });
			await store.transaction(async (tx) => {
				await keepCheck(tx, check.row);
				const now = clock.now();
				const data = { check: check.id };
				const timer = { kind: PAGE_TIMER, tenant: check.tenant, dueAt: now + PAGE_AFTER_MS, data };
				await setTimer(tx, idsOf(check.id, ids), now, timer);
			});
		} catch (error) {
			check.lastError = (error as Error).message;
			// The queue would try this one again while the next check is on: once is enough.
			return;
		}
		check.detected.tell();
	}

	return {
		async open(where) {
			entrance = where;
			receiver = await openLoopbackReceiver((messageId) => {
				if (current && messageId === `msg_${current.id}`) current.received.tell();
			});
		},
		run,
		takeBreach,
		timers: {
			[PAGE_TIMER]: async (tx, timer, now) => {
				const check = current;
				if (!check || timer.data.check !== check.id || !receiver) return;
				await enqueue(tx, idsOf(check.id, ids), now, {
					kind: "page",
					delivery: "at-least-once",
					tenant: check.tenant,
					channel: SELF_CHECK,
					address: receiver.url,
					payload: {
						subject: "Self-check",
						text: "A check of the system by itself.",
						data: { type: "self-check.page" },
					},
				});
				check.fired.tell();
			},
		},
		sender: {
			async send(message) {
				if (!receiver) return { status: "refused", detail: "the self-check has no receiver" };
				const { host, secret } = receiver;
				const egress = createEgress({ allow: [host], timeoutMs: 5_000 });
				return createWebhookSender({ egress, clock, secret: () => secret }).send(message);
			},
		},
		onOutcome(message, outcome) {
			if (!current || message.id !== `msg_${current.id}`) return;
			if (outcome.status === "sent") current.recorded.tell();
			else current.lastError = outcome.detail;
		},
		async close() {
			isClosed = true;
			current = undefined;
			closing.tell();
			await receiver?.close();
		},
	};
}

function mark(): Mark {
	let tell = () => {};
	const happened = new Promise<void>((resolve) => {
		tell = resolve;
	});
	return { happened, tell };
}

/** What hangs must not hang the check: it fails, and says where. */
async function within(work: Promise<unknown>, ms: number, stage: string): Promise<void> {
	let timer: NodeJS.Timeout | undefined;
	const late = new Promise<never>((_, reject) => {
		timer = setTimeout(
			() => reject(new Error(`nothing came of "${stage}" within the check's ${DEADLINE_MS / 1000} s`)),
			ms,
		);
	});
	try {
		await Promise.race([work, late]);
	} finally {
		clearTimeout(timer);
	}
}
