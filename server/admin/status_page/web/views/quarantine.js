// Quarantine: signed notifications that could not be decrypted or parsed, and stored ones whose
// content this release could not read.

import { discardQuarantined, openAllQuarantined, openQuarantined } from "../actions.js";
import { button, h, link, route, section, timeOf } from "../dom.js";
import { count } from "../format.js";
import { hasText, t } from "../i18n.js";
import { PagedList } from "../paged_list.js";

function buttonsOf(item) {
  const key = item.quarantine_id ?? item.id;
  const name = (text) => ({ "aria-label": `${text} ${key}`, "data-focus": `${text} ${key}` });
  return h("span", { class: "row-buttons" }, button(t("open"), () => openQuarantined(item), name(t("open"))),
    button(t("discard"), () => discardQuarantined(item), name(t("discard"))));
}

const reasonOf = (reason) => h("span", {}, h("code", {}, reason), hasText(`code.${reason}`) ? ` ${t(`code.${reason}`)}` : "");

export function mount(place, call) {
  const sealed = new PagedList(call, "quarantine", {}, ["#", t("id"), t("merchant"), t("type"), { text: t("reason"), class: "wide" },
    t("received_at"), { text: t("times_seen"), class: "number" }, t("action")],
  (each) => [h("code", {}, each.quarantine_id), h("span", { class: "long" }, each.id || "–"), each.mchid, h("code", {}, each.type || "–"),
    h("span", { class: "long" }, reasonOf(each.reason), h("br"), h("span", { class: "quiet" }, each.detail)), timeOf(each.received_at),
    count(each.times_seen), buttonsOf(each)], t("nav.quarantine"), t("quarantine.none"));
  const unreadable = new PagedList(call, "notifications", { state: "unreadable" }, [t("id"), t("merchant"), t("type"),
    { text: t("flaw"), class: "wide" }, t("received_at"), t("action")],
  (each) => [link(each.id, route(["notifications", each.id], { mchid: each.mchid }), { class: "long" }), each.mchid, h("code", {}, each.type),
    h("span", { class: "long" }, each.flaw), timeOf(each.received_at), buttonsOf({ id: each.id, mchid: each.mchid })], t("n.unreadable"), t("unreadable.none"));
  const openAll = h("p", { class: "buttons", hidden: true }, button(t("open.all"), () => openAllQuarantined(sealed.items), { id: "open-all" }));
  place.append(
    section(t("quarantine.sealed"), h("p", { class: "quiet" }, t("quarantine.help")), openAll, sealed.place),
    section(t("quarantine.unreadable"), h("p", { class: "quiet" }, t("unreadable.help")), unreadable.place));
  return async () => {
    await Promise.all([sealed.refresh(), unreadable.refresh()]);
    openAll.hidden = sealed.items.length < 2;
  };
}
