// The ledger: one coupon's state and history.

import { getIfThere, path } from "../api.js";
import { badge, facts, h, link, redraw, route, section, table, timeOf } from "../dom.js";
import { count, yuan } from "../format.js";
import { hasText, t } from "../i18n.js";

function couponForm([stock = "", coupon = ""]) {
  const field = (name, label, value) => h("label", {}, label, h("input", { name, value, required: true, spellcheck: "false", autocomplete: "off" }));
  const form = h("form", { class: "filter" }, field("stock", t("stock"), stock), field("coupon", t("coupon"), coupon),
    h("span", { class: "buttons" }, h("button", { class: "primary" }, t("show"))));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const values = new FormData(form);
    location.hash = route(["coupons", values.get("stock").trim(), values.get("coupon").trim()]);
  });
  return form;
}

const named = (prefix, value) => (hasText(`${prefix}.${value}`) ? t(`${prefix}.${value}`) : value);

function moneyOf({ amount, coupon_share: share }) {
  if (!amount && !share) return "–";
  return [amount && t("money.refund", { refund: yuan(amount.refund), total: yuan(amount.total) }),
    share && t("money.share", { amount: yuan(share.refund_amount) })].filter(Boolean).join(" · ");
}

export function ledgerParts(ledger) {
  const sums = ledger.refunds;
  return [
    facts([
      [t("stock"), h("code", {}, ledger.stock_id)], [t("coupon"), h("code", {}, ledger.coupon)],
      [t("state"), badge(named("cstate", ledger.state), ledger.state === "redeemed" ? "good" : "")],
      [t("refunds"), sums && `${count(sums.count)} · ${yuan(sums.refund)}`],
      [t("coupon_refund"), sums && yuan(sums.coupon_refund)],
    ]),
    section(t("history"), table(t("history"), [t("when"), t("kind"), { text: t("business_key"), class: "wide" }, t("transaction"), t("money"), t("notification"), t("source")],
      ledger.history.map((each) => [timeOf(each.occurred_at), named("kind", each.kind), h("code", { class: "long" }, each.business_key),
        h("code", { class: "long" }, each.transaction_id || "–"), moneyOf(each),
        link(each.notification_id, route(["notifications", each.notification_id]), { class: "long" }), each.source]))),
  ];
}

export function mount(place, call) {
  const found = h("div");
  place.append(couponForm(call.segments), found);
  const [stock, coupon] = call.segments;
  return async () => {
    if (!stock || !coupon) return;
    const ledger = await getIfThere(path("coupons", stock, coupon), {}, call.signal);
    redraw(found, ledger, () => (ledger ? ledgerParts(ledger) : h("p", {}, t("coupon.none"))));
  };
}
