import { Link } from "@tanstack/react-router";
import { type ReactNode, useEffect } from "react";
import { useText } from "../text.ts";

/** A page of what is promised and what watches it: its title, and the way to the other list. */
export function SloPageFrame({ title, children }: { readonly title: string; readonly children: ReactNode }) {
	const t = useText();
	useEffect(() => {
		document.title = title;
	}, [title]);
	return (
		<article className="incident-page">
			<nav className="tabs" aria-label={t("slos.tabs")}>
				<Link to="/slos">{t("slos.title")}</Link>
				<Link to="/monitors">{t("monitors.title")}</Link>
			</nav>
			{children}
		</article>
	);
}
