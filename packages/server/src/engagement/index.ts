/**
 * What the customer's side is told: notices to the CSAM, to support and to the customer.
 *
 * Promises: a draft for each audience with every tenant incident, from the catalogue's templates and from facts about
 * that tenant alone; CSAM and support told at once, the customer only after a person approved; recipients taken from
 * the tenant's own contacts at approval, bound by a digest and checked again as each message leaves; a customer's
 * notice at most once, `uncertain` when nobody can know, and never sent again by itself.
 * Refuses: to approve what names another tenant, internal hosts, raw ids, burn rates or staff, each with place and
 * remedy; to edit what was approved. A template that fails leaves an entry in the timeline, never an incident undone.
 * When late: an approved notice leaves when the dispatcher can; a contact removed meanwhile no longer gets it.
 */
export { approveNotice, discardNotice, editNotice } from "./approval.ts";
export { listenToIncidents } from "./drafting.ts";
export { findLeaks } from "./leak-check.ts";
export * from "./proposals/index.ts";
export { renderNotice } from "./render.ts";
export { getNotice, listNotices, type NoticeFilter } from "./rows.ts";
export { guardNotices, recordNoticeOutcome } from "./sending.ts";
export * from "./subscriptions/index.ts";
export * from "./types.ts";
