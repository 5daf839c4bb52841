import { describeDuration, HOUR_MS, MINUTE_MS } from "@bellwether/model";
import type { ChangeRecord } from "../feeds/index.ts";

/** "deployed build b104 to westeurope", or the change's own title. */
export function changeWords({
	kind,
	title,
	build,
	region,
	ring,
}: Pick<ChangeRecord, "kind" | "title" | "build" | "region" | "ring">): string {
	const isDeploy = kind === "deployment" || kind === "release";
	if (!isDeploy || build === undefined) return title;
	const place = region ?? ring;
	return `deployed build ${build}${place === undefined ? "" : ` to ${place}`}`;
}

/** "4 min before the onset"; from two hours on in whole hours. `isOnsetKnown` false: beside the detection. */
export function leadWords(leadMs: number, isOnsetKnown: boolean): string {
	const end = isOnsetKnown ? "the onset" : "the detection";
	const unit = leadMs < 2 * HOUR_MS ? MINUTE_MS : HOUR_MS;
	return leadMs < MINUTE_MS ? `at ${end}` : `${describeDuration(Math.round(leadMs / unit) * unit)} before ${end}`;
}
