import "./styles/tokens.css";
import "./styles/controls.css";
import "./styles/shell.css";
import "./styles/fleet.css";
import "./styles/drawer.css";
import "./styles/incident.css";
import "./styles/incident-work.css";
import "./styles/channels.css";
import "./styles/operations.css";
import "./styles/oncall.css";
import "./styles/routing.css";
import "./styles/slos.css";
import "./styles/phone.css";
import "./styles/print.css";
import { createDOMRenderer, RendererProvider } from "@fluentui/react-components";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { IntlProvider } from "react-intl";
import { ApiError } from "./api.ts";
import { messages } from "./messages.en.ts";
import { makeRouter } from "./router.tsx";
import { Theme } from "./shell/theme.tsx";

const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content;
const renderer = createDOMRenderer(document, nonce ? { styleElementAttributes: { nonce } } : {});

const client = new QueryClient({
	defaultOptions: {
		queries: {
			// A refusal does not change by asking again; a server that is not reached may come back.
			retry: (count, error) => count < 2 && error instanceof ApiError && (error.status === 0 || error.status >= 500),
			refetchOnWindowFocus: true,
			staleTime: 5_000,
		},
	},
});

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no element with the id root; build the console again.");
createRoot(root).render(
	<StrictMode>
		<RendererProvider renderer={renderer} targetDocument={document}>
			<IntlProvider locale="en" messages={messages}>
				<QueryClientProvider client={client}>
					<Theme>
						<RouterProvider router={makeRouter(client)} />
					</Theme>
				</QueryClientProvider>
			</IntlProvider>
		</RendererProvider>
	</StrictMode>,
);
