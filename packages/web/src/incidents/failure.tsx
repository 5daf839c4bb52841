import { why } from "../api.ts";
import { useText } from "../text.ts";

/** Why something that a person did was not done. */
export function Failure({ error }: { readonly error: Error | null }) {
	const t = useText();
	if (error === null) return null;
	return (
		<p className="failure" role="alert">
			{t("incident.actionFailed", { why: why(error) })}
		</p>
	);
}
