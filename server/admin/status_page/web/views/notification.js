// One notification: its facts, deliveries with every attempt, and content.

import { discardQuarantined, openQuarantined } from "../actions.js";
import { getIfThere, path } from "../api.js";
import { badge, button, code, facts, h, link, redraw, route, section, table, timeOf } from "../dom.js";
import { count, duration } from "../format.js";
import { hasText, t } from "../i18n.js";
import { deliveryButtons, stateBadge } from "./deliveries.js";

const HIDDEN = "••••••";
const isPersonal = (name) => /openid/i.test(name);

/** Copy of a value in which the values of members that name a person are hidden. */
export function withoutPersons(value) {
  if (Array.isArray(value)) return value.map(withoutPersons);
  if (value === null || typeof value !== "object" || (JSON.isRawJSON && JSON.isRawJSON(value))) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, isPersonal(name) ? HIDDEN : withoutPersons(each)]));
}

function attemptsOf(delivery) {
  const history = delivery.history ?? [];
  if (history.length === 0) return null;
  return table(t("attempts_of", { id: delivery.id }), ["#", t("began"), t("took"), t("result"), { text: t("answer"), class: "wide" }],
    [...history].reverse().map((each) => [String(each.attempt), timeOf(each.began_at),
      each.ended_at ? duration((new Date(each.ended_at) - new Date(each.began_at)) / 1000) : "–",
      badge(hasText(`outcome.${each.outcome}`) ? t(`outcome.${each.outcome}`) : each.outcome, { done: "good", dead: "bad", retry: "warn" }[each.outcome]),
      h("span", { class: "long" }, each.error || "–")]));
}

function deliveryCard(delivery, item) {
  const whole = { ...delivery, notification_id: item.id, mchid: item.mchid };
  return h("article", { class: "card" },
    h("h3", {}, `${delivery.handler} `, stateBadge(delivery), " ", h("code", {}, `#${delivery.id}`)),
    facts([[t("attempts"), count(delivery.attempts)], [t("due"), delivery.due_at ? timeOf(delivery.due_at) : null],
      [t("finished"), delivery.finished_at ? timeOf(delivery.finished_at) : null], [t("last_error"), delivery.last_error || null]]),
    attemptsOf(delivery), deliveryButtons(whole));
}

/** Coupon of a notification's content, for the link to the ledger. */
function couponOf({ resource }, fact) {
  const stock = fact?.stock_id || resource?.stock_id;
  const coupon = fact?.coupon || resource?.coupon_code || resource?.coupon_id;
  return stock && coupon ? [String(stock), String(coupon)] : null;
}

/** \param fact what the notification says about a coupon, in a result of GET /search */
export function notificationParts(item, fact) {
  const coupon = couponOf(item, fact);
  const isSealed = item.state === "quarantined";
  const canReread = isSealed || (item.flaw ?? "").startsWith("unreadable");
  const content = h("div");
  let revealed = false;
  const drawContent = () => content.replaceChildren(
    code(JSON.stringify(revealed ? item.resource : withoutPersons(item.resource), null, 2) ?? "", t("content")),
    h("p", { class: "buttons" }, button(t(revealed ? "persons.hide" : "persons.show"), () => {
      revealed = !revealed;
      drawContent();
    })));
  drawContent();
  return [
    facts([
      [t("id"), h("code", {}, item.id || "–")], [t("type"), h("code", {}, item.type)], [t("merchant"), item.mchid],
      [t("state"), badge(hasText(`nstate.${item.state}`) ? t(`nstate.${item.state}`) : item.state, { dead: "bad", quarantined: "bad", done: "good" }[item.state])],
      [t("created"), timeOf(item.create_time)], [t("received_at"), timeOf(item.received_at)],
      [t("last_seen"), timeOf(item.last_seen_at)], [t("times_seen"), count(item.times_seen)],
      [t("n.conflicts"), item.conflicts ? count(item.conflicts) : null], [t("source"), item.source],
      [t("flaw"), item.flaw], [t("reason"), item.quarantine_reason], [t("detail"), item.quarantine_detail],
      [t("transaction"), fact?.transaction_id || null],
      [t("coupon"), coupon && link(coupon.join(" / "), route(["coupons", ...coupon]))],
    ]),
    canReread && h("p", { class: "buttons" }, button(t("open"), () => openQuarantined(item)),
      button(t("discard"), () => discardQuarantined(item), { class: "danger" })),
    section(t("deliveries"), item.deliveries.length ? item.deliveries.map((each) => deliveryCard(each, item)) : h("p", { class: "quiet" }, t("no_deliveries"))),
    item.resource && section(t("content"), content),
  ];
}

export function mount(place, call) {
  const [id] = call.segments;
  return async () => {
    const item = await getIfThere(path("notifications", id ?? ""), { mchid: call.query.mchid }, call.signal);
    redraw(place, item, () => (item ? notificationParts(item) : h("p", {}, t("notification.none", { id }))));
  };
}
