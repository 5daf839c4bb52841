import { FluentProvider, type Theme as FluentTheme, webDarkTheme, webLightTheme } from "@fluentui/react-components";
import { type ReactNode, useLayoutEffect } from "react";
import { useIsDark } from "../preferences.ts";

const fontFamilyBase = '"Segoe UI", system-ui, -apple-system, Roboto, "Noto Sans", sans-serif';
const light: FluentTheme = { ...webLightTheme, fontFamilyBase };
const dark: FluentTheme = { ...webDarkTheme, fontFamilyBase, colorNeutralBackground1: "#1b1a19" };

export function Theme({ children }: { readonly children: ReactNode }) {
	const isDark = useIsDark();
	useLayoutEffect(() => {
		document.documentElement.dataset.theme = isDark ? "dark" : "light";
	}, [isDark]);
	return (
		<FluentProvider className="fluent" theme={isDark ? dark : light}>
			{children}
		</FluentProvider>
	);
}
