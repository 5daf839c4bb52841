import type { QueryClient } from "@tanstack/react-query";
import {
	createRootRouteWithContext,
	createRoute,
	createRouter,
	lazyRouteComponent,
	redirect,
} from "@tanstack/react-router";
import { FleetPage } from "./fleet/fleet-page.tsx";
import { fleetSearch, incidentsSearch } from "./search.ts";
import { Shell } from "./shell/shell.tsx";
import { NotFound } from "./shell/states.tsx";

const rootRoute = createRootRouteWithContext<{ client: QueryClient }>()({
	component: Shell,
	notFoundComponent: NotFound,
});

const indexRoute = createRoute({
	getParentRoute: () => rootRoute,
	path: "/",
	beforeLoad: () => {
		throw redirect({ to: "/fleet" });
	},
});

const fleetRoute = createRoute({
	getParentRoute: () => rootRoute,
	path: "/fleet",
	component: FleetPage,
	validateSearch: fleetSearch,
});

const incidentsRoute = createRoute({
	getParentRoute: () => rootRoute,
	path: "/incidents",
	component: lazyRouteComponent(() => import("./incidents/incidents-page.tsx"), "IncidentsPage"),
	validateSearch: incidentsSearch,
});

const incidentRoute = createRoute({
	getParentRoute: () => rootRoute,
	path: "/incidents/$id",
	component: lazyRouteComponent(() => import("./incidents/incident-page.tsx"), "IncidentPage"),
});

const programRoute = createRoute({
	getParentRoute: () => rootRoute,
	path: "/reports/program",
	component: lazyRouteComponent(() => import("./reports/program-page.tsx"), "ProgramPage"),
});

const routeTree = rootRoute.addChildren([indexRoute, fleetRoute, incidentsRoute, incidentRoute, programRoute]);

export function makeRouter(client: QueryClient) {
	return createRouter({ routeTree, context: { client }, scrollRestoration: true });
}

declare module "@tanstack/react-router" {
	interface Register {
		router: ReturnType<typeof makeRouter>;
	}
}
