import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Outlet, useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useMemo, useState } from "react";
import { ApiError, actionsOf, sessionQuery } from "../api.ts";
import type { Session } from "../api-types.ts";
import { useStream } from "../live.ts";
import { nextTheme, preferences, setPreferences, usePreferences } from "../preferences.ts";
import { useText } from "../text.ts";
import { Header } from "./header.tsx";
import { useCommandKey, useKeys } from "./keys.ts";
import { Phone } from "./phone.tsx";
import { SignedContext } from "./signed.ts";
import { ErrorState, Loading, SignInNeeded } from "./states.tsx";

const Palette = lazy(() => import("./palette.tsx").then((m) => ({ default: m.Palette })));
const KeysHelp = lazy(() => import("./keys-help.tsx").then((m) => ({ default: m.KeysHelp })));

export function Shell() {
	const t = useText();
	const session = useQuery(sessionQuery);
	useStream(useQueryClient(), session.data !== undefined);
	const retry = () => void session.refetch();
	if (session.data !== undefined) return <SignedIn session={session.data} />;
	if (session.error instanceof ApiError && session.error.status === 401) return <SignInNeeded retry={retry} />;
	return (
		<main className="page">
			{session.error === null ? (
				<Loading />
			) : (
				<ErrorState what={t("what.session")} error={session.error} retry={retry} />
			)}
		</main>
	);
}

function SignedIn({ session }: { readonly session: Session }) {
	const t = useText();
	const [isHelpOpen, setHelpOpen] = useState(false);
	const [isPaletteOpen, setPaletteOpen] = useState(false);
	const openPalette = () => setPaletteOpen(true);
	useCommandKey("k", openPalette);
	const navigate = useNavigate();
	const [side, setSide] = useState<HTMLElement | null>(null);
	const { phone } = usePreferences();
	const isPhoneOpen = phone ?? session.demo;
	const signed = useMemo(() => ({ session, actions: actionsOf(session.csrfToken), side }), [session, side]);
	const openHelp = () => setHelpOpen(true);
	useKeys({
		"g f": () => void navigate({ to: "/fleet" }),
		"g i": () => void navigate({ to: "/incidents" }),
		"g c": () => void navigate({ to: "/oncall" }),
		"g o": () => void navigate({ to: "/slos" }),
		"g n": () => void navigate({ to: "/monitors" }),
		"g r": () => void navigate({ to: "/reports/program" }),
		"g s": () => void navigate({ to: "/admin/sources" }),
		"g m": () => void navigate({ to: "/admin/match" }),
		"g h": () => void navigate({ to: "/admin/health" }),
		t: () => setPreferences({ theme: nextTheme(preferences().theme) }),
		"?": openHelp,
		"Shift+?": openHelp,
	});
	return (
		<SignedContext value={signed}>
			<a className="skip" href="#content">
				{t("app.skip")}
			</a>
			<Header session={session} isPhoneOpen={isPhoneOpen} openKeys={openHelp} openPalette={openPalette} />
			<div className={isPhoneOpen ? "columns with-phone" : "columns"}>
				<main className="page" id="content" tabIndex={-1}>
					<Outlet />
				</main>
				<div className="side">
					<div className="side-details" ref={setSide} />
					{isPhoneOpen ? <Phone /> : null}
				</div>
			</div>
			{isPaletteOpen ? (
				<Suspense>
					<Palette close={() => setPaletteOpen(false)} />
				</Suspense>
			) : null}
			{isHelpOpen ? (
				<Suspense>
					<KeysHelp close={() => setHelpOpen(false)} />
				</Suspense>
			) : null}
		</SignedContext>
	);
}
