import type { CellState } from "../api-types.ts";
import { StateIcon } from "../state-icon.tsx";

export function Badge({ look, word }: { readonly look: CellState; readonly word: string }) {
	return (
		<span className={`badge state-${look}`}>
			<StateIcon state={look} /> {word}
		</span>
	);
}
