import { Link } from "@tanstack/react-router";
import { type ReactNode, useEffect } from "react";
import { useSigned } from "../shell/signed.ts";
import { type TextId, useText } from "../text.ts";
import { pagesFor } from "./pages.ts";

/** A page of the administration: its title, the way to the others, and its first sentence. */
export function AdminPage({ title, children }: { readonly title: TextId; readonly children: ReactNode }) {
	const t = useText();
	const { session } = useSigned();
	useEffect(() => {
		document.title = t(title);
	}, [t, title]);
	return (
		<article className="incident-page">
			<nav className="tabs" aria-label={t("admin.label")}>
				{pagesFor(session).map(({ page, to }) => (
					<Link key={page} to={to}>
						{t(`admin.${page}`)}
					</Link>
				))}
			</nav>
			{children}
		</article>
	);
}
