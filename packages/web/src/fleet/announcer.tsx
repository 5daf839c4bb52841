import { useEffect, useRef, useState } from "react";
import type { FleetView } from "../api-types.ts";
import { type TextId, useText } from "../text.ts";
import { type Change, changesBetween, enqueue, namesOf } from "./announce.ts";

const EVERY_MS = 5000;

/** Says breaches and recoveries to screen readers, nothing else, at most once in five seconds. */
export function Announcer({ view }: { readonly view: FleetView }) {
	const t = useText();
	const before = useRef(view);
	const waiting = useRef<readonly Change[]>([]);
	const saidAt = useRef(0);
	const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
	const [said, setSaid] = useState("");
	useEffect(() => {
		waiting.current = enqueue(waiting.current, changesBetween(before.current, view));
		before.current = view;
		if (waiting.current.length === 0 || timer.current !== undefined) return;
		const say = () => {
			timer.current = undefined;
			const part = (kind: Change["kind"], id: TextId) => {
				const those = namesOf(waiting.current, kind);
				return those === undefined ? "" : t(id, those);
			};
			const text = `${part("breach", "announce.breach")} ${part("recovery", "announce.recovery")}`.trim();
			waiting.current = [];
			saidAt.current = Date.now();
			if (text !== "") setSaid(text);
		};
		timer.current = setTimeout(say, Math.max(0, saidAt.current + EVERY_MS - Date.now()));
	}, [view, t]);
	useEffect(() => () => clearTimeout(timer.current), []);
	return (
		<div className="hidden" aria-live="polite">
			{said}
		</div>
	);
}
