import { describe, expect, it } from "vitest";
import { runDetectSeries } from "./detect-command.ts";

const HEADER = '# {"step_seconds":3600,"direction":"both","kind":"latency"}\n';

async function detect(chunks: readonly (string | Uint8Array)[]) {
	const answer = { out: "", err: "", exitCode: -1 };
	answer.exitCode = await runDetectSeries({
		input: (async function* () {
			yield* chunks;
		})(),
		out: (text) => {
			answer.out += text;
		},
		err: (text) => {
			answer.err += text;
		},
	});
	return answer;
}

function hours(count: number, textOf: (hour: number) => number | string): string[] {
	return Array.from({ length: count }, (_, hour) => {
		const at = new Date(Date.UTC(2026, 2, 2) + hour * 3_600_000).toISOString().replace(".000Z", "Z");
		return `${at},${textOf(hour)}\n`;
	});
}

describe("bellwether detect series", () => {
	it("writes one line for each sample: its timestamp, score and alert", async () => {
		const lines = hours(300, (hour) => (hour === 250 || hour === 251 ? 900 : 100 + (hour % 3)));
		const { out, err, exitCode } = await detect([HEADER, ...lines]);
		const answers = out.trimEnd().split("\n");
		expect({ err, exitCode }).toEqual({ err: "", exitCode: 0 });
		expect(answers.map((each) => each.split(",")[0])).toEqual(lines.map((each) => each.split(",")[0]));
		expect(answers.filter((each) => each.endsWith(",1"))).toEqual([answers[250]]);
		expect(Number(answers[250]?.split(",")[1])).toBeGreaterThan(1);
	});

	it("gives the same answer however the bytes are cut", async () => {
		const text = HEADER + hours(60, (hour) => (hour % 7 === 0 ? "" : hour)).join("");
		const bytes = new TextEncoder().encode(text);
		const whole = await detect([text]);
		const single = await detect([...bytes].map((byte) => Uint8Array.of(byte)));
		expect(single).toEqual(whole);
		expect(whole.out.trimEnd().split("\n")).toHaveLength(60);
		expect(await detect([text.replaceAll("\n", "\r\n")])).toEqual(whole);
		expect(await detect([text.trimEnd()])).toEqual(whole);
	});

	it("answers a line before the next one comes", async () => {
		let written = "";
		const seen: number[] = [];
		await runDetectSeries({
			input: (async function* () {
				yield HEADER;
				for (const line of hours(5, () => 1)) {
					yield line;
					seen.push(written.split("\n").length - 1);
				}
			})(),
			out: (text) => {
				written += text;
			},
			err: () => {},
		});
		expect(seen).toEqual([1, 2, 3, 4, 5]);
	});

	it("passes over empty lines, remarks and a title", async () => {
		const { out, exitCode } = await detect([HEADER, "timestamp,value\n\n# remark\n2026-03-02T00:00:00Z,1\n"]);
		expect({ out, exitCode }).toEqual({ out: "2026-03-02T00:00:00Z,0,0\n", exitCode: 0 });
	});

	it.each([
		["nothing at all", "", /line 1: nothing came; begin with # \{/],
		["no header", "2026-03-02T00:00:00Z,1\n", /line 1: "2026-03-02T00:00:00Z,1" is no header; begin with/],
		["a header that is no JSON", "# step 60\n", /line 1: "# step 60" is not # and a JSON object; write it such as/],
		["a header of null", "# null\n", /line 1: .* no JSON object/],
		["no step", "# {}\n", /line 1: step_seconds is missing; give the seconds/],
		["empty lines alone", "\n\r\n\n", /nothing came; begin with # \{/],
		["a step without end", '# {"step_seconds":1e308}\n', /line 1: step_seconds is "1e\+308"; give the seconds/],
		["a step beyond numbers", '# {"step_seconds":1e999}\n', /line 1: step_seconds is "null"; give the seconds/],
		["a step shorter than instants", '# {"step_seconds":1e-300}\n', /line 1: step_seconds is "1e-300"; give/],
		["a step of zero", '# {"step_seconds":0}\n', /line 1: step_seconds is "0"; give the seconds/],
		[
			"a direction that is none",
			'# {"step_seconds":60,"direction":"left"}\n',
			/direction is .*left.*; give one of up, down/,
		],
		["no comma", `${HEADER}2026-03-02T00:00:00Z\n`, /line 2: .* has no comma; write timestamp,value/],
		["an instant without a zone", `${HEADER}2026-03-02 00:00,1\n`, /line 2: timestamp is "2026-03-02 00:00"; write an/],
		["a day that is none", `${HEADER}2026-13-45T00:00:00Z,1\n`, /line 2: timestamp is/],
		["a word for a value", `${HEADER}2026-03-02T00:00:00Z,much\n`, /line 2: value is "much"; write a number/],
		[
			"a comma in the number",
			`${HEADER}2026-03-02T00:00:00Z,1,5\n`,
			/line 2: value is "1,5"; write a number with a point/,
		],
		["infinity", `${HEADER}2026-03-02T00:00:00Z,Infinity\n`, /line 2: value is "Infinity"/],
		["a line without end", `${HEADER}${"x".repeat(70_000)}`, /line 2: it is longer than 65536 characters/],
	])("refuses %s, with the line and what to write", async (_name, text, message) => {
		const { err, exitCode } = await detect([text]);
		expect(err).toMatch(message);
		expect(exitCode).toBe(1);
	});

	it("answers all lines before the one it refuses", async () => {
		const { out, err } = await detect([`${HEADER}2026-03-02T00:00:00Z,1\n2026-03-02T01:00:00Z,x\n`]);
		expect(out).toBe("2026-03-02T00:00:00Z,0,0\n");
		expect(err).toMatch(/line 3/);
	});
});
