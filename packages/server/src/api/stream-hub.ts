import type { Clock } from "@bellwether/model";

export type StreamEventType = "fleet" | "incident" | "phone" | "heartbeat";

/** Where one subscriber's bytes go. `bufferedBytes` is what the other side has not taken yet. */
export interface StreamSink {
	write(chunk: string): void;
	end(): void;
	bufferedBytes(): number;
}

interface StreamEvent {
	readonly id: number;
	readonly type: StreamEventType;
	readonly tenant: string | undefined;
	readonly readers: readonly string[] | undefined;
	readonly data: string;
}

interface Subscriber {
	readonly sink: StreamSink;
	readonly sees: Sees;
}

/** Whether a subscriber may hear of something of a tenant; `readers`: those whom it is private to. */
type Sees = (tenant: string, readers: readonly string[] | undefined) => boolean;

const MAX_KEPT = 256;
const MAX_BUFFERED_BYTES = 1_048_576;
const MAX_SUBSCRIBERS = 500;

/**
 * Server-sent events to every open console. Keeps the last events for `Last-Event-ID`; a subscriber that asks for older
 * ones gets a `fleet` hint and reads the current state. One that does not take its bytes is cut: it reconnects and resumes.
 */
export class StreamHub {
	readonly #clock: Clock;
	readonly #kept: StreamEvent[] = [];
	readonly #subscribers = new Set<Subscriber>();
	/** Ids go on across restarts: they start at the clock, so an old id is never ahead of a new one. */
	#lastId: number;
	constructor(clock: Clock) {
		this.#clock = clock;
		this.#lastId = clock.now();
	}

	get size(): number {
		return this.#subscribers.size;
	}

	/** `tenant` undefined: for everyone. `readers`: names of those who alone may hear of it, besides administrators. */
	publish(type: StreamEventType, data: unknown, tenant?: string, readers?: readonly string[]): void {
		const event = { id: ++this.#lastId, type, tenant, readers, data: JSON.stringify(data) };
		this.#kept.push(event);
		if (this.#kept.length > MAX_KEPT) this.#kept.shift();
		for (const subscriber of this.#subscribers) this.#send(subscriber, event);
	}

	heartbeat(): void {
		const chunk = `event: heartbeat\ndata: ${JSON.stringify({ at: this.#clock.now() })}\n\n`;
		for (const subscriber of this.#subscribers) this.#write(subscriber, chunk);
	}

	/** Returns how to leave, or undefined when no more subscribers fit. */
	subscribe(sink: StreamSink, sees: Sees, lastEventId: number | undefined): (() => void) | undefined {
		if (this.#subscribers.size >= MAX_SUBSCRIBERS) return undefined;
		const subscriber: Subscriber = { sink, sees };
		this.#subscribers.add(subscriber);
		sink.write(`retry: 2000\n\n`);
		const oldest = this.#kept[0]?.id ?? this.#lastId + 1;
		if (lastEventId !== undefined && lastEventId >= oldest - 1 && lastEventId <= this.#lastId) {
			for (const event of this.#kept) if (event.id > lastEventId) this.#send(subscriber, event);
		} else {
			this.#write(subscriber, `id: ${this.#lastId}\nevent: fleet\ndata: {"resync":true}\n\n`);
		}
		return () => this.#subscribers.delete(subscriber);
	}

	close(): void {
		for (const { sink } of this.#subscribers) sink.end();
		this.#subscribers.clear();
	}

	#send(subscriber: Subscriber, event: StreamEvent): void {
		if (event.tenant !== undefined && !subscriber.sees(event.tenant, event.readers)) return;
		this.#write(subscriber, `id: ${event.id}\nevent: ${event.type}\ndata: ${event.data}\n\n`);
	}

	#write(subscriber: Subscriber, chunk: string): void {
		if (subscriber.sink.bufferedBytes() > MAX_BUFFERED_BYTES) {
			this.#subscribers.delete(subscriber);
			subscriber.sink.end();
			return;
		}
		subscriber.sink.write(chunk);
	}
}
