// Activity: who did what, from the audit rows of the store.

import { h, timeOf } from "../dom.js";
import { t } from "../i18n.js";
import { PagedList } from "../paged_list.js";

export function mount(place, call) {
  const rows = new PagedList(call, "audit", {}, [t("when"), t("who"), t("from"), t("action"), t("target"),
    { text: t("reason"), class: "wide" }, t("result")],
  (each) => [timeOf(each.at), each.by, each.from || "–", h("code", {}, each.action), h("span", { class: "long" }, each.target || "–"),
    h("span", { class: "long" }, each.reason || "–"), h("span", { class: "long" }, each.result || "–")], t("nav.activity"), t("activity.none"));
  place.append(h("p", { class: "quiet" }, t("activity.help")), rows.place);
  return () => rows.refresh();
}
