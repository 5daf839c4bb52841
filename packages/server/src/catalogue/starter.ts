import type { CatalogueFile } from "./types.ts";

const SETTINGS = `# What holds for the whole installation. Every field has a default; docs/configuration.md lists them.
apiVersion: bellwether/v1
kind: Settings
spec:
  organisation: Example Cloud # stands in notices
  # publicUrl: https://bellwether.example.com # links in pages and notices begin with it
  # smtp: # without it no mail leaves
  #   host: mail.example.com
  #   from: Example CRE <cre@example.com>
  #   user: cre
  #   password: \${env:BELLWETHER_SMTP_PASSWORD} # a reference, never the password itself
`;

const TENANT = `# A customer that is watched on its own. Telemetry belongs to it when an attribute of a point, or of its resource,
# equals one of the values under match.
apiVersion: bellwether/v1
kind: KeyTenant
metadata:
  name: woodgrove
  displayName: Woodgrove Bank
spec:
  tier: strategic
  match:
    tenant.id: [3f2a9c1e-0b7d-4e55-9a61-5c2f7d10e8b4]
  workloads: [files] # leave it out when the tenant uses all
  timeZone: America/New_York
  # objectives: { file-open: 0.9995 } # stricter than the SLO's own
  # contacts: # who is told; needs smtp in bellwether.yaml
  #   csam: j.park@example.com
---
apiVersion: bellwether/v1
kind: Tier
metadata:
  name: strategic
  displayName: Strategic
spec:
  rank: 1 # order on the fleet page
`;

const WORKLOAD = `# A service that tenants use, and the team that mends it.
apiVersion: bellwether/v1
kind: Workload
metadata:
  name: files
  displayName: Files
spec:
  owner: Files engineering
  leadSlo: file-open # what the platform's cell shows
  runbook: # the first steps of whoever is paged
    - Compare the tenant with the platform on the incident's page.
    - Look at the last deployments and configuration changes of the tenant's region.
    - Page the owner when both are quiet.
`;

const SLO = `# A promise, held for every tenant that uses the workload. Pure OpenSLO v1, so that other tools can read it.
apiVersion: openslo/v1
kind: SLO
metadata:
  name: file-open
  displayName: File open
  annotations:
    bellwether.dev/sli-kind: availability
    bellwether.dev/unit: file opens # what one event is
spec:
  description: Attempts to open a file that are neither throttled nor failed, of all attempts.
  service: files
  indicator:
    spec:
      ratioMetric:
        counter: true
        good:
          metricSource:
            metricSourceRef: otlp
            spec:
              metric: files.opens
              where: { result: ok }
        total:
          metricSource:
            metricSourceRef: otlp
            spec:
              metric: files.opens
  timeWindow:
    - duration: 28d
      isRolling: true
  budgetingMethod: Occurrences
  objectives:
    - target: 0.999
`;

const MONITOR = `# What watches the SLOs. Without any monitor, exactly this one is assumed.
apiVersion: bellwether/v1
kind: Monitor
metadata:
  name: burn-rate
spec:
  detector: burn-rate
  mode: live # shadow records without paging
  severity: "2.5" # a key tenant is down while the platform is healthy
  evidenceP: 0.0001 # a page needs errors that chance explains less often than this
`;

const ONCALL = `# Who is paged. The phone panel is the console's own; a webhook or mail reaches people who sleep.
apiVersion: bellwether/v1
kind: Person
metadata:
  name: ada
  displayName: Ada Okafor
spec:
  timeZone: Europe/London
  contacts:
    - channel: phone-panel
---
apiVersion: bellwether/v1
kind: Schedule
metadata:
  name: cre
  displayName: CRE on-call
spec:
  timeZone: Europe/London
  startsAt: 2026-01-05T09:00 # in the schedule's time zone
  shift: 7d
  people: [ada] # take turns in this order
---
apiVersion: bellwether/v1
kind: EscalationPolicy
metadata:
  name: default # used where neither monitor nor workload names one
spec:
  repeatEvery: 5m
  acknowledgeWithin: 15m
  steps:
    - notify: { schedule: cre }
`;

/** A commented, valid catalogue to begin with: one tenant, one workload, one SLO, one person on call. */
export function starterFiles(): CatalogueFile[] {
	return [
		{ path: "bellwether.yaml", text: SETTINGS },
		{ path: "tenants/woodgrove.yaml", text: TENANT },
		{ path: "workloads/files.yaml", text: WORKLOAD },
		{ path: "slos/files/file-open.yaml", text: SLO },
		{ path: "monitors/burn-rate.yaml", text: MONITOR },
		{ path: "oncall/cre.yaml", text: ONCALL },
	];
}
