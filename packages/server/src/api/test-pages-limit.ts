import { MAX_TESTS_PER_HOUR, testsInLastHour } from "#response";
import type { ApiContext } from "./context.ts";
import { ApiProblem } from "./problem.ts";

const RETRY_AFTER_S = 600;

/** Throws when a person was sent as many test pages as an hour allows: whoever holds one token must not ring a phone all night. */
export async function requireFewTests(context: ApiContext, person: string): Promise<void> {
	const sent = await testsInLastHour(context.store.db, person, context.clock.now());
	if (sent < MAX_TESTS_PER_HOUR) return;
	throw new ApiProblem(
		429,
		"rate_limited",
		`${sent} test pages were sent there within the last hour; ${MAX_TESTS_PER_HOUR} is the most.`,
		"Wait a while; real pages go out all the same.",
		{ headers: { "retry-after": String(RETRY_AFTER_S) } },
	);
}
