import { createContext, use } from "react";
import type { Actions } from "../api.ts";
import type { Session } from "../api-types.ts";

export interface Signed {
	readonly session: Session;
	readonly actions: Actions;
	/** Where a page puts its details: the right-hand column on wide screens, over the page on narrow ones. */
	readonly side: HTMLElement | null;
}

export const SignedContext = createContext<Signed | undefined>(undefined);

export function useSigned(): Signed {
	const signed = use(SignedContext);
	if (signed === undefined) throw new Error("useSigned is called outside of the signed-in shell.");
	return signed;
}
