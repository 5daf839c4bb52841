import { Button } from "@fluentui/react-components";
import { type ReactNode, useEffect, useState } from "react";
import { ApiError } from "../api.ts";
import { times, useText } from "../text.ts";

/** Nothing for 300 ms, so that quick answers do not flicker; then the page's final geometry, empty. */
export function Loading({ rows = 12 }: { readonly rows?: number }) {
	const t = useText();
	const [isShown, setShown] = useState(false);
	useEffect(() => {
		const timer = setTimeout(() => setShown(true), 300);
		return () => clearTimeout(timer);
	}, []);
	if (!isShown) return null;
	return (
		<div className="skeleton" role="status" aria-label={t("loading")}>
			{Array.from({ length: rows }, (_, i) => `row-${i}`).map((key) => (
				<div key={key} />
			))}
		</div>
	);
}

export function ErrorState({
	what,
	error,
	retry,
}: {
	readonly what: string;
	readonly error: Error;
	readonly retry: () => void;
}) {
	const t = useText();
	const [isCopied, setCopied] = useState(false);
	const problem = error instanceof ApiError ? error : undefined;
	const details = `${location.href}\n${new Date().toISOString()}\n${problem?.status ?? ""} ${problem?.code ?? ""}\n${error.message}\n${problem?.requestId ?? ""}`;
	return (
		<section className="notice-box" role="alert">
			<h2>{t("error.title", { what })}</h2>
			<p>
				{error.message} {problem?.remedy}
			</p>
			<p>{t("error.still")}</p>
			{problem?.requestId ? <p className="soft">{t("error.requestId", { id: problem.requestId })}</p> : null}
			<div className="actions">
				<Button appearance="primary" onClick={retry}>
					{t("error.retry")}
				</Button>
				<Button onClick={() => void navigator.clipboard?.writeText(details).then(() => setCopied(true))}>
					{isCopied ? t("error.copied") : t("error.copy")}
				</Button>
			</div>
		</section>
	);
}

/** Above data that could not be refreshed. */
export function RefreshFailed({
	error,
	since,
	now,
}: {
	readonly error: Error;
	readonly since: number;
	readonly now: number;
}) {
	const t = useText();
	return (
		<p className="banner" role="status">
			{t("error.old", { time: times.at(since, now), why: error.message })}
		</p>
	);
}

export function Empty({ title, children }: { readonly title: string; readonly children?: ReactNode }) {
	return (
		<section className="notice-box">
			<h2>{title}</h2>
			{children}
		</section>
	);
}

export function NotFound() {
	const t = useText();
	return (
		<Empty title={t("error.notFound")}>
			<p>{t("error.notFoundBody")}</p>
		</Empty>
	);
}

export function SignInNeeded({ retry }: { readonly retry: () => void }) {
	const t = useText();
	return (
		<main className="signin">
			<h1>{t("signin.title")}</h1>
			<p>{t("signin.body")}</p>
			<p>{t("signin.again")}</p>
			<div className="actions">
				<Button appearance="primary" onClick={retry}>
					{t("signin.retry")}
				</Button>
				<a className="button-link" href={`/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`}>
					{t("signin.token")}
				</a>
			</div>
		</main>
	);
}
