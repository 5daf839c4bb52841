import { Link } from "@tanstack/react-router";
import { type ReactNode, useEffect } from "react";
import { useText } from "../text.ts";

/** A page of on-call: its title, and the way to the other. */
export function OnCallFrame({ title, children }: { readonly title: string; readonly children: ReactNode }) {
	const t = useText();
	useEffect(() => {
		document.title = title;
	}, [title]);
	return (
		<article className="incident-page">
			<nav className="tabs" aria-label={t("oncall.tabs")}>
				<Link to="/oncall" activeOptions={{ exact: true }}>
					{t("oncall.title")}
				</Link>
				<Link to="/oncall/handover">{t("oncall.handOver")}</Link>
				<Link to="/me">{t("me.title")}</Link>
			</nav>
			{children}
		</article>
	);
}

export function names(people: readonly { readonly displayName: string }[], nobody: string): string {
	return people.length === 0 ? nobody : people.map(({ displayName }) => displayName).join(", ");
}
