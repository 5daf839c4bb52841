import { createSeriesDetector, type SeriesDetector } from "#detection";
import { EXIT } from "./command-options.ts";
import { readHeader, readSample } from "./series-lines.ts";

/**
 * `bellwether detect`: the product's own detectors over data from standard input, so that anyone can score them on data of
 * their own. `series` is here; each further stream has a file of its own.
 */
export interface DetectOptions {
	readonly input: AsyncIterable<string | Uint8Array>;
	readonly out: (text: string) => void;
	readonly err: (text: string) => void;
}

/** A line that is longer is no sample; it would only fill the memory. */
const MAX_LINE_LENGTH = 65_536;
const SCORE_DIGITS = 6;

/**
 * Judges one series. Reads the header and `timestamp,value` lines; writes `timestamp,score,alert` for each sample as soon as
 * its line is whole. Empty lines, further `#` lines and a `timestamp,value` title are passed over. The first line that
 * cannot be read ends it with exit code 1, after the answers to all lines before.
 */
export async function runDetectSeries({ input, out, err }: DetectOptions): Promise<number> {
	const decoder = new TextDecoder();
	const judge = lineJudge();
	let rest = "";
	let lineNumber = 0;
	let hasLines = false;
	const refuse = (fault: string): number => {
		err(`bellwether detect series: line ${lineNumber}: ${fault}.\n`);
		return EXIT.findings;
	};
	for await (const chunk of input) {
		rest += typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true });
		const lines = rest.split("\n");
		rest = lines.pop() as string;
		let answers = "";
		for (const line of lines) {
			lineNumber++;
			hasLines ||= line.trim() !== "";
			const answer = judge(line.trim());
			if (typeof answer !== "string") {
				out(answers);
				return refuse(answer.fault);
			}
			answers += answer;
		}
		if (answers !== "") out(answers);
		if (rest.length > MAX_LINE_LENGTH) {
			lineNumber++;
			return refuse(`it is longer than ${MAX_LINE_LENGTH} characters; write one sample a line`);
		}
	}
	lineNumber++;
	if (rest.trim() !== "") {
		const answer = judge(rest.trim());
		if (typeof answer !== "string") return refuse(answer.fault);
		out(answer);
	} else if (!hasLines) {
		return refuse('nothing came; begin with # {"step_seconds":60,"direction":"both","kind":"latency"}');
	}
	return EXIT.fine;
}

/** Answers one line: the text to write, empty when the line holds no sample. */
function lineJudge(): (line: string) => string | { readonly fault: string } {
	let detector: SeriesDetector | undefined;
	return (line) => {
		if (line === "") return "";
		if (!detector) {
			const header = readHeader(line);
			if ("fault" in header) return header;
			detector = createSeriesDetector(header);
			return "";
		}
		if (line.startsWith("#") || line === "timestamp,value") return "";
		const sample = readSample(line);
		if ("fault" in sample) return sample;
		const { score, isAlert } = detector.observe(sample.at, sample.value);
		return `${sample.timestamp},${Number(score.toPrecision(SCORE_DIGITS))},${isAlert ? 1 : 0}\n`;
	};
}
