/** Start steps and their undoing: each start step registers its own stop step, undone in reverse. */
export interface Lifecycle {
	onStop(name: string, stop: () => Promise<void> | void): void;
	/** Undoes everything once, last first; a step that fails is reported and the others still run. */
	stop(): Promise<void>;
}

export function createLifecycle(onError: (step: string, error: unknown) => void): Lifecycle {
	const steps: { readonly name: string; readonly stop: () => Promise<void> | void }[] = [];
	let stopping: Promise<void> | undefined;
	async function undo(): Promise<void> {
		for (let step = steps.pop(); step; step = steps.pop()) {
			try {
				await step.stop();
			} catch (error) {
				onError(step.name, error);
			}
		}
	}
	return {
		onStop: (name, stop) => void steps.push({ name, stop }),
		stop() {
			stopping ??= undo();
			return stopping;
		},
	};
}
