import { DAY_MS } from "@bellwether/model";
import { describe, expect, it } from "vitest";
import { exportOpenSlo } from "./exchange/openslo-export.ts";
import { DEFAULT_ATTRIBUTES, formatFinding, keptAttributesOf, keptNames, parseCatalogue } from "./index.ts";
import { sampleFiles } from "./sample-files.ts";
import type { Catalogue } from "./types.ts";

const SLO = "slos/dlp-create.yaml";
const SETTINGS = "bellwether.yaml";

function read(file: string, ...write: readonly (readonly [string, string])[]) {
	const { catalogue, findings } = parseCatalogue(sampleFiles(file, write));
	return { catalogue: catalogue as Catalogue, says: findings.map(formatFinding) };
}

const named = (keep: string): readonly [string, string] => [
	"    bellwether.dev/sli-kind:",
	`    bellwether.dev/keep: ${JSON.stringify(keep)}\n    bellwether.dev/sli-kind:`,
];

describe("Kept attributes", () => {
	it("are those of the settings, or of the SLO's own annotation, each once", () => {
		const plain = read(SLO).catalogue;
		expect(keptAttributesOf(plain.slos[0] ?? {}, plain.settings.telemetry)).toEqual(DEFAULT_ATTRIBUTES.keep);
		expect(read(SLO, named("zone, build,zone")).catalogue.slos[0]?.keep).toEqual(["build", "zone"]);
		const none = read(SLO, named("none")).catalogue;
		expect(keptAttributesOf(none.slos[0] ?? {}, none.settings.telemetry)).toEqual([]);
	});

	it.each(["", "a,,b", "a,b,c,d,e,f,g,h,i"])("cannot be %j: the place and the remedy are told", (text) => {
		expect(keptNames(text)).toBeUndefined();
		const [first] = read(SLO, named(text === "" ? " " : text)).says;
		expect(first).toContain("bellwether.dev/keep");
		expect(first).toContain("with commas between them");
	});

	it("have limits and times of their own", () => {
		const spec = "  telemetry: { attributes: { keep: [zone], perTenant: 8, fleet: 20, minutes: 2d, hours: 90d } }";
		const { catalogue } = read(SETTINGS, ["spec:\n", `spec:\n${spec}\n`]);
		expect(catalogue.settings.telemetry.attributes).toEqual({
			keep: ["zone"],
			perTenant: 8,
			fleet: 20,
			minutesMs: 2 * DAY_MS,
			hoursMs: 90 * DAY_MS,
		});
	});

	it("are written out with the SLO that names them", () => {
		const text = (keep: string): string =>
			exportOpenSlo(read(SLO, named(keep)).catalogue, {})
				.files.map((file) => file.text)
				.join();
		expect(text("zone,build")).toContain("bellwether.dev/keep: build,zone");
		expect(text("none")).toContain("bellwether.dev/keep: none");
	});
});
