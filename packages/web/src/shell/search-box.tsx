import { Search20Regular } from "@fluentui/react-icons/svg/search";
import { useRef } from "react";
import { useKeys } from "./keys.ts";

/** The page's filter: `/` goes to it, Esc empties and leaves it. */
export function SearchBox({
	label,
	placeholder,
	value,
	change,
}: {
	readonly label: string;
	readonly placeholder: string;
	readonly value: string | undefined;
	readonly change: (value: string | undefined) => void;
}) {
	const field = useRef<HTMLInputElement>(null);
	useKeys({
		"/": (event) => {
			event.preventDefault();
			field.current?.focus();
		},
	});
	return (
		<span className="filter">
			<Search20Regular />
			<input
				ref={field}
				type="search"
				placeholder={placeholder}
				aria-label={label}
				value={value ?? ""}
				onChange={(event) => change(event.target.value || undefined)}
				onKeyDown={(event) => {
					if (event.key !== "Escape") return;
					event.stopPropagation();
					change(undefined);
					event.currentTarget.blur();
				}}
			/>
		</span>
	);
}
