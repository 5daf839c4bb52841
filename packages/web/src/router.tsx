import type { QueryClient } from "@tanstack/react-query";
import {
	createRootRouteWithContext,
	createRoute,
	createRouter,
	lazyRouteComponent,
	redirect,
} from "@tanstack/react-router";
import { sessionQuery } from "./api.ts";
import { FleetPage } from "./fleet/fleet-page.tsx";
import { mutesSearch } from "./mutes/search.ts";
import { handOverSearch, scheduleSearch } from "./oncall/search.ts";
import { fleetSearch, incidentsSearch, matchSearch, sloSearch, slosSearch, workloadSearch } from "./search.ts";
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

const reportsRoute = createRoute({
	getParentRoute: () => rootRoute,
	path: "/reports",
	beforeLoad: () => {
		throw redirect({ to: "/reports/program" });
	},
});

const tenantsRoute = createRoute({
	getParentRoute: () => rootRoute,
	path: "/tenants",
	beforeLoad: () => {
		throw redirect({ to: "/fleet" });
	},
});

const tenantRoute = createRoute({
	getParentRoute: () => rootRoute,
	path: "/tenants/$tenant",
	component: lazyRouteComponent(() => import("./tenants/tenant-page.tsx"), "TenantPage"),
});

const workloadRoute = createRoute({
	getParentRoute: () => rootRoute,
	path: "/tenants/$tenant/$workload",
	component: lazyRouteComponent(() => import("./tenants/workload-page.tsx"), "WorkloadPage"),
	validateSearch: workloadSearch,
});

const slosRoute = createRoute({
	getParentRoute: () => rootRoute,
	path: "/slos",
	component: lazyRouteComponent(() => import("./slos/slos-page.tsx"), "SlosPage"),
	validateSearch: slosSearch,
});

const sloRoute = createRoute({
	getParentRoute: () => rootRoute,
	path: "/slos/$slo",
	component: lazyRouteComponent(() => import("./slos/slo-page.tsx"), "SloPage"),
	validateSearch: sloSearch,
});

const monitorsRoute = createRoute({
	getParentRoute: () => rootRoute,
	path: "/monitors",
	component: lazyRouteComponent(() => import("./monitors/monitors-page.tsx"), "MonitorsPage"),
	validateSearch: slosSearch,
});

const monitorRoute = createRoute({
	getParentRoute: () => rootRoute,
	path: "/monitors/$monitor",
	component: lazyRouteComponent(() => import("./monitors/monitor-page.tsx"), "MonitorPage"),
});

const onCallRoute = createRoute({
	getParentRoute: () => rootRoute,
	path: "/oncall",
	component: lazyRouteComponent(() => import("./oncall/oncall-page.tsx"), "OnCallPage"),
});

const scheduleRoute = createRoute({
	getParentRoute: () => rootRoute,
	path: "/oncall/schedules/$schedule",
	component: lazyRouteComponent(() => import("./oncall/schedule-page.tsx"), "SchedulePage"),
	validateSearch: scheduleSearch,
});

const meRoute = createRoute({
	getParentRoute: () => rootRoute,
	path: "/me",
	component: lazyRouteComponent(() => import("./me/me-page.tsx"), "MePage"),
});

const handOverRoute = createRoute({
	getParentRoute: () => rootRoute,
	path: "/oncall/handover",
	component: lazyRouteComponent(() => import("./oncall/handover-page.tsx"), "HandOverPage"),
	validateSearch: handOverSearch,
});

const mutesRoute = createRoute({
	getParentRoute: () => rootRoute,
	path: "/mutes",
	component: lazyRouteComponent(() => import("./mutes/mutes-page.tsx"), "MutesPage"),
	validateSearch: mutesSearch,
});

const workloadsRoute = createRoute({
	getParentRoute: () => rootRoute,
	path: "/workloads",
	component: lazyRouteComponent(() => import("./workloads/workloads-page.tsx"), "WorkloadsPage"),
});

const workloadFirstRoute = createRoute({
	getParentRoute: () => rootRoute,
	path: "/workloads/$workload",
	component: lazyRouteComponent(() => import("./workloads/workload-page.tsx"), "WorkloadPage"),
});

const adminRoute = createRoute({
	getParentRoute: () => rootRoute,
	path: "/admin",
	beforeLoad: async ({ context }) => {
		// Whoever is not signed in is asked to on the next page.
		const session = await context.client.ensureQueryData(sessionQuery).catch(() => undefined);
		throw redirect({ to: session?.role === "viewer" ? "/admin/sources" : "/admin/health" });
	},
});

const sourcesRoute = createRoute({
	getParentRoute: () => rootRoute,
	path: "/admin/sources",
	component: lazyRouteComponent(() => import("./operations/sources-page.tsx"), "SourcesPage"),
});

const matchRoute = createRoute({
	getParentRoute: () => rootRoute,
	path: "/admin/match",
	component: lazyRouteComponent(() => import("./operations/match-page.tsx"), "MatchPage"),
	validateSearch: matchSearch,
});

const channelsRoute = createRoute({
	getParentRoute: () => rootRoute,
	path: "/admin/channels",
	component: lazyRouteComponent(() => import("./operations/channels-page.tsx"), "ChannelsPage"),
});

const accessRoute = createRoute({
	getParentRoute: () => rootRoute,
	path: "/admin/access",
	component: lazyRouteComponent(() => import("./agents/access-page.tsx"), "AccessPage"),
});

const healthRoute = createRoute({
	getParentRoute: () => rootRoute,
	path: "/admin/health",
	component: lazyRouteComponent(() => import("./operations/health-page.tsx"), "HealthPage"),
});

const integrationsRoute = createRoute({
	getParentRoute: () => rootRoute,
	path: "/admin/integrations",
	component: lazyRouteComponent(() => import("./integrations/integrations-page.tsx"), "IntegrationsPage"),
});

const routeTree = rootRoute.addChildren([
	indexRoute,
	fleetRoute,
	incidentsRoute,
	incidentRoute,
	programRoute,
	reportsRoute,
	tenantsRoute,
	tenantRoute,
	workloadRoute,
	slosRoute,
	sloRoute,
	monitorsRoute,
	monitorRoute,
	onCallRoute,
	scheduleRoute,
	handOverRoute,
	meRoute,
	mutesRoute,
	workloadsRoute,
	workloadFirstRoute,
	adminRoute,
	sourcesRoute,
	matchRoute,
	channelsRoute,
	healthRoute,
	accessRoute,
	integrationsRoute,
]);

export function makeRouter(client: QueryClient) {
	return createRouter({ routeTree, context: { client }, scrollRestoration: true });
}

declare module "@tanstack/react-router" {
	interface Register {
		router: ReturnType<typeof makeRouter>;
	}
}
