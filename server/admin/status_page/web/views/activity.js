// Activity: who did what, from the audit rows of the store.

import { getIfThere } from "../api.js";
import { button, h, redraw, table, timeOf } from "../dom.js";
import { t } from "../i18n.js";

const LIMIT = 100;

export function mount(place, call) {
  const list = h("div");
  const more = button(t("older"), () => call.attempt(older), { hidden: true });
  let items = [];
  let cursor = null;
  let isPaged = false;
  place.append(h("p", { class: "quiet" }, t("activity.help")), list, more);

  function draw() {
    redraw(list, items, () => table(t("nav.activity"), [t("when"), t("who"), t("from"), t("action"), t("target"),
      { text: t("reason"), class: "wide" }, t("result")],
    items.map((each) => [timeOf(each.at), each.by, each.from || "–", h("code", {}, each.action), h("span", { class: "long" }, each.target || "–"),
      h("span", { class: "long" }, each.reason || "–"), h("span", { class: "long" }, each.result || "–")]), t("activity.none")));
    more.hidden = !cursor;
  }

  async function older() {
    const page = await getIfThere("audit", { limit: LIMIT, cursor }, call.signal);
    isPaged = true;
    items = [...items, ...page.items];
    cursor = page.next_cursor;
    draw();
  }

  return async () => {
    if (isPaged) return;
    const page = await getIfThere("audit", { limit: LIMIT }, call.signal);
    if (page === null) {
      redraw(list, "unsupported", () => h("p", {}, t("activity.unsupported")));
      return;
    }
    items = page.items;
    cursor = page.next_cursor;
    draw();
  };
}
