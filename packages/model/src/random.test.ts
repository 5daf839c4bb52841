import { describe, expect, it } from "vitest";
import { seededRandom } from "./random.ts";

const draw = (seed: number, count: number) => Array.from({ length: count }, seededRandom(seed));

describe("seeded numbers", () => {
	it("are those that recorded runs were made with", () => {
		expect(draw(1, 3)).toEqual([0.6270739405881613, 0.002735721180215478, 0.5274470399599522]);
	});

	it("are the same for the same seed, whatever another generator draws between", () => {
		const random = seededRandom(7);
		const other = seededRandom(8);
		const drawn = Array.from({ length: 5 }, () => {
			other();
			return random();
		});
		expect(drawn).toEqual(draw(7, 5));
		expect(drawn).not.toEqual(draw(8, 5));
	});

	it("take a seed modulo 2³²", () => {
		expect(draw(2 ** 32 + 5, 3)).toEqual(draw(5, 3));
		expect(draw(-1, 3)).toEqual(draw(2 ** 32 - 1, 3));
	});

	it("fill [0, 1) evenly", () => {
		const tenths = new Array<number>(10).fill(0);
		for (const value of draw(3, 20_000)) {
			const tenth = Math.floor(value * 10);
			tenths[tenth] = (tenths[tenth] ?? Number.NaN) + 1;
		}
		for (const count of tenths) expect(Math.abs(count - 2_000)).toBeLessThan(200);
		expect(tenths).toHaveLength(10);
	});
});
