import { Link } from "@tanstack/react-router";
import { type ReactNode, useEffect } from "react";
import type { Session } from "../api-types.ts";
import { useSigned } from "../shell/signed.ts";
import { type TextId, useText } from "../text.ts";

/** What a person may open; the server decides all the same. */
export function pagesFor({ role, allTenants }: Pick<Session, "role" | "allTenants">) {
	return PAGES.filter(({ page }) => (page === "health" ? role !== "viewer" : page === "match" ? allTenants : true));
}

const PAGES = [
	{ page: "health", to: "/admin/health" },
	{ page: "sources", to: "/admin/sources" },
	{ page: "match", to: "/admin/match" },
] as const;

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
