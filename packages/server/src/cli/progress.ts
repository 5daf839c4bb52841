/** What a long command shows while it runs: a bar that is drawn again on a terminal, else a line every ten seconds. */
export interface Progress {
	/** How much is done, 0 to 1, and how many rows (or what `unit` says) that is. */
	update(doneRatio: number, amount: number): void;
	/** Removes the bar. */
	end(): void;
}

/** Where progress is shown: standard error, so that answers can be piped on. */
export interface Terminal {
	readonly isTerminal: boolean;
	readonly err: (text: string) => void;
	/** ms, monotonic. */
	readonly now: () => number;
}

export interface ProgressOptions extends Terminal {
	readonly title: string;
	/** Of what is counted. Default: rows. */
	readonly unit?: string | undefined;
}

const REDRAW_MS = 200;
const LINE_EVERY_MS = 10_000;
const BAR_CELLS = 24;

export function progress({ title, unit = "rows", isTerminal, err, now }: ProgressOptions): Progress {
	const beganAt = now();
	let shownAt = isTerminal ? Number.NEGATIVE_INFINITY : beganAt;
	let isDrawn = false;
	return {
		update(doneRatio, amount) {
			const at = now();
			if (at - shownAt < (isTerminal ? REDRAW_MS : LINE_EVERY_MS)) return;
			shownAt = at;
			const text = progressText(title, doneRatio, amount, at - beganAt, unit);
			err(isTerminal ? `\r\u001b[K${text}` : `${text}\n`);
			isDrawn = true;
		},
		end() {
			if (isDrawn && isTerminal) err("\r\u001b[K");
		},
	};
}

export function progressText(title: string, doneRatio: number, amount: number, tookMs: number, unit = "rows"): string {
	const done = Math.min(1, Math.max(0, doneRatio));
	const filled = Math.round(done * BAR_CELLS);
	const bar = `[${"#".repeat(filled)}${".".repeat(BAR_CELLS - filled)}]`;
	const parts = [`${Math.floor(done * 100)} %`, `${count(amount)} ${unit}`];
	if (tookMs >= 1_000) parts.push(`${count(Math.round(amount / (tookMs / 1000)))} ${unit}/s`);
	if (tookMs >= 1_000 && done > 0) parts.push(`${clockText((tookMs / done) * (1 - done))} left`);
	return `${title} ${bar} ${parts.join(" · ")}`;
}

function count(value: number): string {
	return value.toLocaleString("en-US");
}

/** 3:07, or 1:02:05. */
function clockText(ms: number): string {
	const seconds = Math.ceil(ms / 1000);
	const two = (value: number) => String(value).padStart(2, "0");
	const hours = Math.floor(seconds / 3600);
	const minutes = Math.floor(seconds / 60) % 60;
	return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}
