import { Button } from "@fluentui/react-components";
import { useText } from "../text.ts";

/** Two people changed the same thing: both versions, and the choice. */
export function Conflict({
	what,
	mine,
	theirs,
	keepMine,
	takeTheirs,
}: {
	readonly what: string;
	readonly mine: string;
	readonly theirs: string;
	readonly keepMine: () => void;
	readonly takeTheirs: () => void;
}) {
	const t = useText();
	return (
		<section className="notice-box" role="alert">
			<h2>{t("conflict.title", { what })}</h2>
			<div className="versions">
				<div>
					<h3>{t("conflict.mine")}</h3>
					<pre>{mine}</pre>
				</div>
				<div>
					<h3>{t("conflict.theirs")}</h3>
					<pre>{theirs}</pre>
				</div>
			</div>
			<div className="actions">
				<Button onClick={keepMine}>{t("conflict.keepMine")}</Button>
				<Button onClick={takeTheirs}>{t("conflict.takeTheirs")}</Button>
			</div>
		</section>
	);
}
