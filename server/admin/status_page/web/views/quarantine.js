// Quarantine: signed notifications that could not be decrypted or parsed, and stored ones whose
// content this release could not read.

import { discardQuarantined, openAllQuarantined, openQuarantined } from "../actions.js";
import { get } from "../api.js";
import { button, h, link, redraw, route, section, table, timeOf } from "../dom.js";
import { count } from "../format.js";
import { hasText, t } from "../i18n.js";

const LIMIT = 100;

function buttonsOf(item) {
  const key = item.quarantine_id ?? item.id;
  const name = (text) => ({ "aria-label": `${text} ${key}`, "data-focus": `${text} ${key}` });
  return h("span", { class: "row-buttons" }, button(t("open"), () => openQuarantined(item), name(t("open"))),
    button(t("discard"), () => discardQuarantined(item), name(t("discard"))));
}

const reasonOf = (reason) => h("span", {}, h("code", {}, reason), hasText(`code.${reason}`) ? ` ${t(`code.${reason}`)}` : "");

/** A list with its own "older" button, refreshed while only its first page is shown. */
class PagedList {
  constructor(call, path, query, columns, rowOf, title, empty) {
    Object.assign(this, { call, path, query, columns, rowOf, title, empty });
    this.items = [];
    this.cursor = null;
    this.isPaged = false;
    this.list = h("div");
    this.more = button(t("older"), () => call.attempt(() => this.older()), { hidden: true });
    this.place = h("div", {}, this.list, this.more);
  }

  draw() {
    redraw(this.list, this.items, () => table(this.title, this.columns, this.items.map(this.rowOf), this.empty));
    this.more.hidden = this.cursor === null;
  }

  async refresh() {
    if (this.isPaged) return;
    const page = await get(this.path, { ...this.query, limit: LIMIT }, this.call.signal);
    this.items = page.items;
    this.cursor = page.next_cursor;
    this.draw();
  }

  async older() {
    const page = await get(this.path, { ...this.query, limit: LIMIT, cursor: this.cursor }, this.call.signal);
    this.isPaged = true;
    this.items = [...this.items, ...page.items];
    this.cursor = page.next_cursor;
    this.draw();
  }
}

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
