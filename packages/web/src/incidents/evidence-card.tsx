import { Link } from "@tanstack/react-router";
import type { IncidentDetail } from "../api-types.ts";
import { formatBurn, formatDuration, formatShare } from "../format.ts";
import { type TextId, times, useText } from "../text.ts";

type Evidence = IncidentDetail["evidence"];
type Window = Evidence["long"];

function maskingText({ fleet, tier, share, maskingShare }: Evidence): TextId {
	if (tier !== null && (fleet.long.burn ?? 0) > tier.factor && (fleet.short.burn ?? 0) > tier.factor)
		return "incident.fleetToo";
	return share < maskingShare ? "incident.masking" : "incident.visible";
}

/** Why the detector claimed a breach, and why a rule over the whole fleet did not. */
export function EvidenceCard({ incident }: { readonly incident: IncidentDetail }) {
	const t = useText();
	const { evidence } = incident;
	const cell = (w: Window) =>
		w.total === 0 || w.burn === null
			? t("incident.evidenceNone")
			: t("incident.evidenceCell", {
					burn: formatBurn(w.burn),
					bad: Math.round(w.bad).toLocaleString("en"),
					total: Math.round(w.total).toLocaleString("en"),
				});
	if (evidence.reported !== undefined)
		return (
			<section className="card">
				<h2>{t("incident.evidence")}</h2>
				{evidence.says === undefined ? null : <p>{evidence.says}</p>}
				<p className="soft">{t("incident.reported")}</p>
			</section>
		);
	const isTenant = incident.kind === "tenant";
	const windows = ["long", "short"] as const;
	return (
		<section className="card">
			<h2>{t("incident.evidence")}</h2>
			{evidence.says === undefined ? null : <p>{evidence.says}</p>}
			<table className="plain-table">
				<thead>
					<tr>
						<th scope="col">{t("incident.evidenceWindow")}</th>
						{isTenant ? <th scope="col">{t("incident.evidenceTenant")}</th> : null}
						<th scope="col">{t("incident.evidenceFleet")}</th>
					</tr>
				</thead>
				<tbody>
					{windows.map((key) => (
						<tr key={key}>
							<th scope="row">{formatDuration(evidence[key].ms)}</th>
							{isTenant ? <td>{cell(evidence[key])}</td> : null}
							<td>{cell(evidence.fleet[key])}</td>
						</tr>
					))}
				</tbody>
			</table>
			{isTenant ? (
				<p>
					{t(maskingText(evidence), {
						masking: formatShare(evidence.maskingShare),
						share: formatShare(evidence.share),
					})}
				</p>
			) : null}
			<OtherClaims claims={incident.claims.slice(1)} />
			<p className="soft">{t("incident.chance", { p: evidence.p === 0 ? "< 1e-300" : evidence.p.toExponential(1) })}</p>
		</section>
	);
}

/** What other detectors claimed of it; the card itself shows the strongest. */
function OtherClaims({ claims }: { readonly claims: IncidentDetail["claims"] }) {
	const t = useText();
	if (claims.length === 0) return null;
	return (
		<>
			<h3>{t("incident.otherClaims")}</h3>
			<ul className="steps">
				{claims.map(({ monitor, at, endedAt, says }) => (
					<li key={`${monitor} ${at}`}>
						<Link to="/monitors/$monitor" params={{ monitor }}>
							{monitor}
						</Link>
						, {times.dated(at)}
						{endedAt === null ? "" : ` ${t("incident.claimEnded", { at: times.dated(endedAt) })}`}: {says}
					</li>
				))}
			</ul>
		</>
	);
}
