// Deliveries: a filtered list, with retry and skip of one delivery or of all that match the filter.

import { retryDelivery, skipDelivery } from "../actions.js";
import { get } from "../api.js";
import { changeAll } from "../bulk.js";
import { badge, button, h, link, redraw, route, table, timeOf } from "../dom.js";
import { count } from "../format.js";
import { t } from "../i18n.js";

const LIMIT = 50;
const STATES = ["pending", "retrying", "dead", "done", "skipped"];
const TONES = { dead: "bad", retrying: "warn", done: "good" };

export const stateBadge = (delivery) => h("span", {},
  badge(t(`state.${delivery.state}`), TONES[delivery.state]),
  delivery.in_progress && badge(t("in_progress")),
  delivery.paused && badge(t("paused"), "warn"));

/** Buttons of one delivery. Ended deliveries (done, skipped) have none. */
export function deliveryButtons(delivery) {
  if (["done", "skipped"].includes(delivery.state)) return "–";
  const name = (text) => ({ "aria-label": `${text} ${delivery.id}`, "data-focus": `${text} ${delivery.id}` });
  return h("span", { class: "row-buttons" },
    button(t("retry"), () => retryDelivery(delivery), name(t("retry"))),
    button(t("skip"), () => skipDelivery(delivery), name(t("skip"))));
}

const notificationLink = (each) => link(each.notification_id, route(["notifications", each.notification_id], { mchid: each.mchid }), { class: "long" });

function rowOf(each) {
  return [h("code", {}, each.id), each.handler, h("code", {}, each.type), stateBadge(each), count(each.attempts),
    timeOf(each.due_at ?? each.finished_at ?? each.created_at), h("span", { class: "long" }, each.last_error || "–"),
    notificationLink(each), deliveryButtons(each)];
}

/** Local time of a datetime-local field as RFC 3339 in UTC, and back. */
const toUtc = (text) => (text ? new Date(text).toISOString() : "");
function toLocal(text) {
  if (!text) return "";
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? "" : new Date(date.getTime() - date.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
}

function filterForm(query, handlers, types) {
  const field = (name, label, attributes = {}) => h("label", {}, label,
    h("input", { name, value: query[name] ?? "", spellcheck: "false", autocomplete: "off", ...attributes }));
  const form = h("form", { class: "filter" },
    field("handler", t("handler"), { list: "known-handlers" }), handlers,
    h("label", {}, t("state"), h("select", { name: "state" }, h("option", { value: "" }, t("any")),
      STATES.map((each) => h("option", { value: each, selected: each === query.state }, t(`state.${each}`))))),
    field("type", t("type"), { list: "known-types" }), types,
    field("error", t("error.contains")),
    field("since", t("filter.since"), { type: "datetime-local", value: toLocal(query.since) }),
    field("until", t("filter.until"), { type: "datetime-local", value: toLocal(query.until) }),
    h("span", { class: "buttons" }, h("button", { class: "primary" }, t("filter")), link(t("filter.clear"), route(["deliveries"]))));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const values = Object.fromEntries(new FormData(form));
    location.hash = route(["deliveries"], { ...values, since: toUtc(values.since), until: toUtc(values.until) });
  });
  return form;
}

export function mount(place, call) {
  const { handler, state, type, error, since, until, mchid } = call.query;
  const filter = Object.fromEntries(Object.entries({ handler, state, type, error, since, until, mchid }).filter(([, value]) => value));
  const handlers = h("datalist", { id: "known-handlers" });
  const types = h("datalist", { id: "known-types" });
  const list = h("div", { id: "list" });
  const more = button(t("older"), () => call.attempt(older), { hidden: true });
  const isOpen = !["done", "skipped"].includes(state);
  const isFiltered = Object.keys(filter).length > 0;
  let items = [];
  let cursor = null;
  let isPaged = false;

  place.append(filterForm(call.query, handlers, types),
    isOpen && h("p", { class: "buttons" },
      button(t("retry.all"), () => changeAll("retry", filter, call.refreshNow), { id: "retry-all" }),
      isFiltered && button(t("skip.all"), () => changeAll("skip", filter, call.refreshNow), { id: "skip-all" })) || "",
    list, more);

  function draw() {
    redraw(list, items, () => table(t("deliveries"), ["#", t("handler"), t("type"), t("state"), { text: t("attempts"), class: "number" },
      t("when"), { text: t("last_error"), class: "wide" }, t("notification"), t("action")], items.map(rowOf)));
    more.hidden = cursor === null;
  }

  async function older() {
    more.disabled = true;
    try {
      const page = await get("deliveries", { ...filter, limit: LIMIT, cursor }, call.signal);
      isPaged = true;
      items = [...items, ...page.items];
      cursor = page.next_cursor;
      draw();
    } finally {
      more.disabled = false;
    }
  }

  return async (status) => {
    redraw(types, Object.keys(status.notifications.by_type), () => Object.keys(status.notifications.by_type).map((each) => h("option", { value: each })));
    const names = [...new Set([...items.map((each) => each.handler), ...Object.keys(status.deliveries.unclaimed)])];
    redraw(handlers, names, () => names.map((each) => h("option", { value: each })));
    // With older pages on the screen, only their rows are shown again; new ones would shift them.
    const page = await get("deliveries", { ...filter, limit: isPaged ? Math.min(500, items.length) : LIMIT }, call.signal);
    if (isPaged) {
      const fresh = new Map(page.items.map((each) => [each.id, each]));
      items = items.map((each) => fresh.get(each.id) ?? each);
    } else {
      items = page.items;
      cursor = page.next_cursor;
    }
    draw();
  };
}
