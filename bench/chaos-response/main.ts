import { seededRandom } from "@bellwether/model";
import { readOptions } from "../options.ts";
import { runKills } from "./kills.ts";
import { runReceivers } from "./receivers.ts";
import { runStorm, STORMS } from "./storm.ts";

const USAGE = `
Usage: npm run chaos -- response [options]

Kills what pages people, with the clock stepping; receivers that behave badly; storms of breaches.

  --kills 200
  --seed 1
  --only PART   kills, receivers or storm
  -h, --help
`;

/**
 * `npm run chaos -- response --kills 200 --seed 1`: kills what pages people at random moments with 10,000 timers pending
 * while the wall clock steps by +1 h and −2 h; receivers that behave in 14 bad ways beside good ones; 1,000 breaches in
 * ten seconds. `--only kills|receivers|storm` for one of them. Exits 1 when anything is lost, doubled, late or unrecorded.
 */
const { values: options, wrong } = readOptions(
	{ name: "chaos response", usage: USAGE, args: process.argv.slice(3) },
	{
		kills: { type: "string", default: "200" },
		seed: { type: "string", default: "1" },
		only: { type: "string" },
	},
);
const ATTACKS = ["kills", "receivers", "storm"];
if (options.only !== undefined && !ATTACKS.includes(options.only))
	wrong(`--only is "${options.only}": write ${ATTACKS.join(", ")}.`);
const isAsked = (part: string) => options.only === undefined || options.only === part;
const faults: string[] = [];
const require = (isRight: boolean, what: string) => void (isRight || faults.push(what));

if (isAsked("kills")) {
	const found = await runKills(Number(options.kills), seededRandom(Number(options.seed)));
	console.log("kills", JSON.stringify(found, undefined, 1));
	require(found.lost === 0, `${found.lost} timers lost`);
	require(found.double === 0, `${found.double} timers fired twice`);
	require(found.early === 0, `${found.early} timers fired early`);
	require(found.latenessP99Ms <= 1_000, `lateness p99 ${found.latenessP99Ms} ms`);
	require(found.incidentsWithoutNext === 0, `${found.incidentsWithoutNext} incidents without a next step`);
	require(found.pagesTwice <= found.kills, `${found.pagesTwice} pages twice in ${found.kills} kills`);
	require(found.pagesMoreThanTwice === 0, `${found.pagesMoreThanTwice} pages more than twice`);
}
if (isAsked("receivers")) {
	const found = await runReceivers();
	console.log("receivers", JSON.stringify(found, undefined, 1));
	require(found.firstPageMaxMs <= 2_000, `the first page of a good receiver took ${found.firstPageMaxMs} ms`);
	require(found.missed === 0, `${found.missed} good receivers got no page`);
}
if (isAsked("storm")) {
	for (const storm of STORMS) {
		const found = await runStorm(storm);
		console.log(`storm, ${storm.name}`, JSON.stringify(found, undefined, 1));
		require(found.firstPageMs <= 30_000, `${storm.name}: first page after ${found.firstPageMs} ms`);
		require(found.mostInAnHour <= found.cap, `${storm.name}: ${found.mostInAnHour} pages to one person in an hour`);
		require(found.unrecorded === 0, `${storm.name}: ${found.unrecorded} incidents without a page or a record`);
		const most = "mostPaging" in storm ? storm.mostPaging : Number.POSITIVE_INFINITY;
		require(found.pagingIncidents <= most, `${storm.name}: ${found.pagingIncidents} incidents paged`);
		require(found.errors.length === 0, `${storm.name}: ${found.errors[0]}`);
	}
}
for (const fault of faults) console.error(`FAULT ${fault}`);
process.exit(faults.length > 0 ? 1 : 0);
