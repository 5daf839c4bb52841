import { queryOptions, useQuery } from "@tanstack/react-query";
import { call } from "../api.ts";
import type { Me, PagedPerson } from "../api-types.ts";
import { useNow } from "../live.ts";
import { OnCallFrame } from "../oncall/frame.tsx";
import { Empty, ErrorState, Loading } from "../shell/states.tsx";
import { useText } from "../text.ts";
import { PersonCard } from "./person-card.tsx";

export const meQuery = queryOptions({
	queryKey: ["me"],
	queryFn: ({ signal }) => call<Me>("/me", {}, signal),
	refetchInterval: 10_000,
});

const peopleQuery = queryOptions({
	queryKey: ["me", "people"],
	queryFn: ({ signal }) => call<{ people: readonly PagedPerson[] }>("/people", {}, signal).then(({ people }) => people),
	refetchInterval: 10_000,
});

/** How the reader is paged, and whether that is proven; who administrates sees everybody. */
export function MePage() {
	const t = useText();
	return (
		<OnCallFrame title={t("me.title")}>
			<h1>{t("me.title")}</h1>
			<Own />
		</OnCallFrame>
	);
}

function Own() {
	const t = useText();
	const now = useNow(10_000);
	const query = useQuery(meQuery);
	if (query.data === undefined) {
		if (query.error === null) return <Loading rows={4} />;
		return <ErrorState what={t("what.me")} error={query.error} retry={() => void query.refetch()} />;
	}
	const { name, role, person } = query.data;
	return (
		<>
			{person === null ? (
				<Empty title={t("me.nobody", { name })}>
					<p>{t("me.nobodyBody", { name })}</p>
				</Empty>
			) : (
				<PersonCard person={person} isOwn now={now} />
			)}
			{role === "admin" ? <Everybody except={person?.name} now={now} /> : null}
		</>
	);
}

function Everybody({ except, now }: { readonly except: string | undefined; readonly now: number }) {
	const t = useText();
	const query = useQuery(peopleQuery);
	if (query.data === undefined) {
		if (query.error === null) return <Loading rows={4} />;
		return <ErrorState what={t("what.me")} error={query.error} retry={() => void query.refetch()} />;
	}
	return (
		<section>
			<h2>{t("me.everybody")}</h2>
			{query.data
				.filter(({ name }) => name !== except)
				.map((person) => (
					<PersonCard key={person.name} person={person} isOwn={false} now={now} />
				))}
		</section>
	);
}
