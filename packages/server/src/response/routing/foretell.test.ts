import { DAY_MS } from "@bellwether/model";
import { expect, test } from "vitest";
import { START } from "../../../testing/catalogue.ts";
import { maintenance, routedCatalogue } from "../../../testing/routing.ts";
import { type Foretelling, foretell } from "./foretell.ts";

const firstOf = (telling: Foretelling) => (telling.status === "told" ? telling.told.steps[0]?.people : telling);
const OF_WOODGROVE = { tenant: "woodgrove", workload: "policy" };

test("what is held back is foretold to page who is on call when the hold ends", () => {
	const [now, later] = [START, START + 7 * DAY_MS].map((at) =>
		firstOf(foretell(routedCatalogue({}), OF_WOODGROVE, at)),
	);
	expect(later).not.toEqual(now);
	const window = { from: START, until: START + 7 * DAY_MS };
	const held = routedCatalogue({ maintenance: [maintenance({ workloads: ["policy"], windows: [window] })] });
	const telling = foretell(held, OF_WOODGROVE, START);
	expect(telling).toMatchObject({ told: { decision: { action: "hold" } } });
	expect(firstOf(telling)).toEqual(later);
});
