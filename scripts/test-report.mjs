/**
 * Cases of one Vitest JSON report. A file that could not be loaded has no cases and counts as one failure; so does a run that
 * ended badly without a failed case (an unhandled error, no test file, a crash before the report was written).
 * A skipped case counts as failed: a check that did not run has not passed.
 */
export function countCases(report, exitCode) {
	let passed = 0;
	let failed = 0;
	for (const file of report?.testResults ?? []) {
		const cases = file.assertionResults ?? [];
		if (cases.length === 0 && file.status === "failed") failed++;
		for (const { status } of cases) {
			if (status === "passed") passed++;
			else failed++;
		}
	}
	if (exitCode !== 0 && failed === 0) failed = 1;
	if (exitCode === 0 && passed + failed === 0) failed = 1;
	return { passed, failed };
}
