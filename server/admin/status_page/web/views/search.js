// Search: one field for the ids of a notification, coupon, stock, transaction or refund, and for an
// openid, which is hashed here: neither an address nor a request ever contains it.

import { get } from "../api.js";
import { button, h, link, redraw, route } from "../dom.js";
import { t } from "../i18n.js";
import { sha256 } from "../sha256.js";
import { ledgerParts } from "./coupons.js";
import { notificationParts } from "./notification.js";

/** WeChat's openids: 28 characters, the first is an o. */
const OPENID = /^o[\w-]{27}$/;
const HASHED = /^openid:[0-9a-f]{64}$/i;

/**
 * Returns the query for an entered text: the text, or openid:HASH for an openid.
 * \param isOpenid true if the text is an openid whatever it looks like
 */
export async function searchable(text, isOpenid = false) {
  const given = text.trim();
  if (HASHED.test(given)) return given.toLowerCase();
  const plain = given.replace(/^openid:\s*/i, "");
  if (isOpenid || plain !== given || OPENID.test(given)) return `openid:${await sha256(plain)}`;
  // A coupon may be entered as "STOCK COUPON"; no identifier has blanks in it.
  return given.replace(/\s+/g, "/");
}

function searchForm(q) {
  const input = h("input", { id: "q", name: "q", type: "search", value: q, required: true, spellcheck: "false", autocomplete: "off" });
  const isOpenid = h("input", { type: "checkbox", name: "openid" });
  const form = h("form", { class: "filter search", role: "search", "aria-label": t("nav.search") },
    h("label", { class: "grow", for: "q" }, t("search.label"), input),
    h("label", { class: "check" }, isOpenid, t("search.openid")),
    h("span", { class: "buttons" }, h("button", { class: "primary" }, t("search"))));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const wanted = await searchable(input.value, isOpenid.checked);
    input.value = wanted;
    isOpenid.checked = false;
    location.hash = route(["search"], { q: wanted });
  });
  return form;
}

const matchedBy = (item) => item.matched && h("span", { class: "quiet" }, " ", t("search.matched", { what: t(`matched.${item.matched}`) }));

function itemCard(item) {
  if (item.kind === "coupon") {
    return h("article", { class: "card" }, h("h2", {}, t("coupon"), matchedBy(item)), ledgerParts(item.coupon));
  }
  const { id, mchid } = item.notification;
  const name = id ? link(`${t("notification")} ${id}`, route(["notifications", id], { mchid })) : t("notification");
  return h("article", { class: "card" }, h("h2", {}, name, matchedBy(item)), notificationParts(item.notification, item.fact));
}

export function mount(place, call) {
  const { q = "" } = call.query;
  const found = h("div", { id: "found" });
  const more = button(t("older"), () => call.attempt(older), { hidden: true });
  let items = [];
  let last = null;
  let isPaged = false;
  place.append(searchForm(q), h("p", { class: "quiet" }, t("search.help")), found, more);
  if (!q) place.querySelector("#q").focus();

  function draw() {
    more.hidden = !last.next_cursor;
    redraw(found, [items, last.more], () => (items.length === 0
      ? h("p", {}, t("search.none"))
      : [...items.map(itemCard), last.more && h("p", { class: "quiet" }, t("search.more"))]));
  }

  async function older() {
    last = await get("search", { q, cursor: last.next_cursor }, call.signal);
    isPaged = true;
    items = [...items, ...last.items];
    draw();
  }

  return async () => {
    if (!q || isPaged) return;
    last = await get("search", { q }, call.signal);
    items = last.items;
    draw();
  };
}
