import { Button } from "@fluentui/react-components";
import { DarkTheme20Regular } from "@fluentui/react-icons/svg/dark-theme";
import { Keyboard20Regular } from "@fluentui/react-icons/svg/keyboard";
import { Phone20Regular } from "@fluentui/react-icons/svg/phone";
import { Search20Regular } from "@fluentui/react-icons/svg/search";
import { useQuery } from "@tanstack/react-query";
import { Link, useLocation } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { onCallQuery } from "../api.ts";
import type { Session } from "../api-types.ts";
import { useNow } from "../live.ts";
import { nextTheme, setPreferences, usePreferences } from "../preferences.ts";
import { times, useText } from "../text.ts";

export function Header({
	session,
	isPhoneOpen,
	openKeys,
	openPalette,
}: {
	readonly session: Session;
	readonly isPhoneOpen: boolean;
	readonly openKeys: () => void;
	readonly openPalette: () => void;
}) {
	const t = useText();
	const { theme } = usePreferences();
	const places = useRef<HTMLElement>(null);
	const { pathname } = useLocation();
	// On a phone not all have room: the one that is shown is scrolled to.
	useEffect(() => {
		if (pathname !== "")
			places.current?.querySelector("a.active")?.scrollIntoView({ block: "nearest", inline: "nearest" });
	}, [pathname]);
	return (
		<header className="header">
			<Link to="/fleet" className="brand">
				{t("app.name")}
			</Link>
			<nav aria-label={t("nav.label")} ref={places}>
				<Link to="/fleet">{t("nav.fleet")}</Link>
				<Link to="/incidents">{t("nav.incidents")}</Link>
				<Link to="/oncall">{t("nav.onCall")}</Link>
				<Link to="/slos">{t("nav.slos")}</Link>
				<Link to="/monitors" className="nav-wide">
					{t("monitors.title")}
				</Link>
				<Link to="/workloads" className="nav-wide">
					{t("workloads.title")}
				</Link>
				<Link to="/mutes" className="nav-wide">
					{t("nav.mutes")}
				</Link>
				<Link to="/reports/program">{t("nav.reports")}</Link>
				<Link to="/admin">{t("nav.admin")}</Link>
			</nav>
			<span className="spacer" />
			{session.demo ? <span className="tag demo-tag">{t("header.demo")}</span> : null}
			<OnCall />
			<div className="header-tools">
				<Button
					appearance="subtle"
					icon={<Search20Regular />}
					aria-label={t("palette.open")}
					title={t("palette.open")}
					onClick={openPalette}
				/>
				<Button
					appearance="subtle"
					icon={<Phone20Regular />}
					aria-pressed={isPhoneOpen}
					aria-label={t("phone.title")}
					title={t(isPhoneOpen ? "header.phoneHide" : "header.phoneShow")}
					onClick={() => setPreferences({ phone: !isPhoneOpen })}
				/>
				<Button
					appearance="subtle"
					icon={<DarkTheme20Regular />}
					aria-label={t("header.theme", { theme: t(`theme.${theme}`) })}
					title={t("header.theme", { theme: t(`theme.${theme}`) })}
					onClick={() => setPreferences({ theme: nextTheme(theme) })}
				/>
				<Button
					className="keys-button"
					appearance="subtle"
					icon={<Keyboard20Regular />}
					aria-label={t("header.keys")}
					title={t("header.keys")}
					onClick={openKeys}
				/>
			</div>
		</header>
	);
}

function OnCall() {
	const t = useText();
	const now = useNow(60_000);
	const first = useQuery(onCallQuery).data?.schedules[0];
	if (first === undefined) return null;
	const { personDisplayName: person, until } = first;
	return (
		<span className="on-call">
			{person === null
				? t("header.onCallNobody", { schedule: first.displayName })
				: until === null
					? t("header.onCallAlways", { person })
					: t("header.onCall", { person, until: times.short(until, now) })}
		</span>
	);
}
