// Overview: is anything being lost? Problems first, then figures, handlers, keys and charts.

import { pauseDeliveries, resumeDeliveries } from "../actions.js";
import { get, send } from "../api.js";
import { lineChart, sparkline } from "../chart.js";
import { badge, button, facts, h, link, redraw, route, section, table, timeOf } from "../dom.js";
import { count, daysLeft, duration, milliseconds, size } from "../format.js";
import { hasText, t } from "../i18n.js";
import { Metrics } from "../metrics.js";
import { findProblems } from "../problems.js";

const PAGE = 500;
const DEAD_LOOKED_AT = 1000;
const SPANS = ["hour", "day", "week"];
const HISTORY_MS = 30000;
const SPARK_VALUES = 60;
const LATENCY_WINDOW_MS = 300000;

/** Open deliveries of each handler at the latest refreshes. Kept while the tab is open. */
const backlogs = new Map();
/** Readings of the metrics of the last minutes, oldest first, for the latency of these minutes. */
const readings = [];

function problemItem(problem) {
  const times = [
    problem.since && h("span", {}, t("since"), " ", timeOf(problem.since)),
    problem.last && problem.last !== problem.since && h("span", {}, t("last_seen"), " ", timeOf(problem.last)),
  ];
  const actions = [
    problem.href && link(t("show"), problem.href, { "aria-label": `${t("show")}: ${problem.what}`, class: "action" }),
    problem.pause && button(t("resume"), () => resumeDeliveries(problem.pause), { "data-focus": problem.what, "aria-label": `${t("resume")}: ${problem.what}` }),
  ];
  return h("li", { class: `problem ${problem.tone}` },
    h("div", { class: "what" }, h("strong", {}, problem.what),
      problem.count !== undefined && badge(`${count(problem.count)}×`, problem.tone)),
    problem.detail && h("p", { class: "detail" }, problem.detail),
    problem.remedy && h("p", {}, h("b", {}, t("remedy"), " "), problem.remedy),
    h("p", { class: "times" }, times, actions));
}

function drawProblems(place, problems) {
  redraw(place, problems, () => (problems.length === 0
    ? h("p", { class: "all-well" }, t("all_well"))
    : h("ul", { class: "problems" }, problems.map(problemItem))));
}

function latency(metrics) {
  const now = Date.now();
  readings.push({ at: now, metrics });
  while (readings.length > 1 && now - readings[0].at > LATENCY_WINDOW_MS) readings.shift();
  const before = readings.length > 1 ? readings[0].metrics : undefined;
  const of = (q) => metrics.quantile("couponhook_reply_seconds", q, before) ?? metrics.quantile("couponhook_reply_seconds", q);
  return { p50: of(0.5), p99: of(0.99) };
}

const atMost = (seconds) => (seconds === null ? "–" : seconds === Infinity ? "> 10 s" : `≤ ${milliseconds(seconds)}`);

function drawReceived(place, status, metrics) {
  const { notifications: n } = status;
  const { p50, p99 } = latency(metrics);
  const refused = Object.values(n.rejected).reduce((total, value) => total + value, 0);
  const tone = (value) => (value > 0 ? "bad" : "");
  redraw(place, [n, p50, p99], () => [
    facts([
      [t("n.stored"), count(n.stored)],
      [t("n.duplicates"), count(n.duplicates)],
      [t("n.conflicts"), count(n.conflicts)],
      [t("n.sealed"), count(n.sealed), tone(n.sealed)],
      [t("n.unreadable"), count(n.unreadable), tone(n.unreadable)],
      [t("n.refused"), count(refused)],
      [t("n.probes"), count(n.probes)],
      [t("n.p50"), atMost(p50)],
      [t("n.p99"), atMost(p99)],
    ], "figures"),
    h("p", { class: "quiet" }, t("n.last"), " ", timeOf(n.last_received_at)),
    refused > 0 && table(t("refused.by"), [t("code"), { text: t("count"), class: "number" }, t("meaning")],
      Object.entries(n.rejected).map(([code, value]) => [h("code", {}, code), count(value), hasText(`code.${code}`) ? t(`code.${code}`) : ""])),
    Object.keys(n.by_type).length > 0 && table(t("by_type"), [t("type"), { text: t("n.stored"), class: "number" }],
      Object.entries(n.by_type).map(([type, value]) => [h("code", {}, type), count(value)])),
  ]);
}

/** Numbers of each handler from the metrics; the names alone where the metrics have no numbers. */
function handlersOf(metrics) {
  const names = new Set(metrics.all("couponhook_handler_paused").map((each) => each.labels.handler).filter(Boolean));
  for (const { labels } of metrics.all("couponhook_deliveries")) if (labels.handler) names.add(labels.handler);
  return [...names].sort().map((name) => {
    const of = (state) => metrics.value("couponhook_deliveries", { handler: name, state });
    const [pending, retrying, dead] = ["pending", "retrying", "dead"].map(of);
    const known = pending !== undefined || retrying !== undefined;
    return { name, pending, retrying, dead, open: known ? (pending ?? 0) + (retrying ?? 0) : undefined,
      overdue: metrics.value("couponhook_deliveries_overdue_seconds", { handler: name }),
      breaker: metrics.value("couponhook_breaker_open", { handler: name }) === 1 };
  });
}

function remember(handlers) {
  for (const each of handlers) {
    if (each.open === undefined) continue;
    const values = backlogs.get(each.name) ?? [];
    values.push(each.open);
    backlogs.set(each.name, values.slice(-SPARK_VALUES));
  }
}

function handlerRow(each, pauses) {
  const pause = pauses.find((p) => p.handler === each.name);
  const values = backlogs.get(each.name) ?? [];
  const number = (value) => (value === undefined ? "–" : count(value));
  return [
    h("span", {}, link(each.name, route(["deliveries"], { handler: each.name })), " ",
      pause && badge([t("paused"), pause.events].filter(Boolean).join(": "), "warn"), each.breaker && badge(t("breaker"), "bad")),
    number(each.pending),
    number(each.retrying),
    each.dead ? link(count(each.dead), route(["deliveries"], { handler: each.name, state: "dead" }), { class: "bad" }) : number(each.dead),
    each.overdue === undefined ? "–" : duration(each.overdue),
    values.length > 1 ? sparkline(values, t("spark", { handler: each.name })) : "–",
    pause
      ? button(t("resume"), () => resumeDeliveries(pause), { "aria-label": `${t("resume")}: ${each.name}`, "data-focus": `pause ${each.name}` })
      : button(t("pause"), () => pauseDeliveries(each.name, each.open), { "aria-label": `${t("pause")}: ${each.name}`, "data-focus": `pause ${each.name}` }),
  ];
}

function drawDeliveries(place, status, metrics) {
  const { deliveries: d } = status;
  const handlers = handlersOf(metrics);
  remember(handlers);
  redraw(place, [d, handlers, status.pauses, [...backlogs]], () => [
    facts([
      [t("state.pending"), count(d.pending)],
      [t("state.retrying"), count(d.retrying)],
      [t("state.dead"), count(d.dead), d.dead > 0 ? "bad" : ""],
      [t("state.done"), count(d.done)],
      [t("state.skipped"), count(d.skipped)],
      [t("oldest"), duration(d.oldest_pending_s)],
    ], "figures"),
    table(t("handlers"), [t("handler"), { text: t("state.pending"), class: "number" }, { text: t("state.retrying"), class: "number" },
      { text: t("state.dead"), class: "number" }, t("overdue"), t("lately"), t("action")],
    handlers.map((each) => handlerRow(each, status.pauses)), t("no_handlers")),
    h("p", { class: "buttons" }, button(t("pause.any"), () => pauseDeliveries(undefined, undefined, handlers.map((each) => each.name)),
      { "data-focus": "pause any" })),
  ]);
}

function left(expires_at) {
  if (!expires_at) return badge(t("no_end"));
  const days = daysLeft(expires_at);
  const tone = days < 3 ? "bad" : days < 14 ? "warn" : "good";
  return badge(days < 0 ? t("expired") : t("days_left", { n: days }), tone);
}

function drawKeys(place, status) {
  redraw(place, [status.keys, status.certificates], () => table(t("keys"), [t("what"), t("of"), t("ends"), t("left")], [
    ...status.keys.map((key) => [key.kind.replaceAll("_", " "), h("span", { class: "long" }, `${key.mchid} `, h("code", {}, key.serial)), timeOf(key.expires_at), left(key.expires_at)]),
    ...status.certificates.map((each) => [each.what, h("code", { class: "long" }, each.path), timeOf(each.expires_at), left(each.expires_at)]),
  ]));
}

function drawStore(place, status, metrics) {
  const { store } = status;
  const free = metrics.value("couponhook_store_free_bytes");
  const queued = metrics.value("couponhook_store_queued");
  redraw(place, [store, free, queued], () => facts([
    [t("store.engine"), store.engine],
    [t("store.commits"), t(store.ok ? "store.ok" : "store.failing"), store.ok ? "good" : "bad"],
    [t("store.size"), size(store.size_bytes)],
    [t("store.free"), free === undefined ? null : size(free)],
    [t("store.made"), count(store.commits)],
    [t("store.rows"), store.rows_per_commit.toFixed(1)],
    [t("store.queued"), queued === undefined ? null : count(queued)],
  ], "figures"));
}

/** Charts of GET /history; hidden until the first answer. */
class Charts {
  #asked = 0;
  #span = "hour";

  constructor(place, call) {
    this.place = place;
    this.call = call;
    this.body = h("div", { class: "charts" });
    this.spans = h("div", { class: "spans", role: "group", "aria-label": t("charts") }, SPANS.map((span) =>
      button(t(`span.${span}`), () => this.choose(span), { "aria-pressed": String(span === this.#span), "data-span": span })));
    place.hidden = true;
    place.append(section(t("charts"), this.spans, this.body));
  }

  choose(span) {
    this.#span = span;
    this.#asked = 0;
    for (const each of this.spans.children) each.setAttribute("aria-pressed", String(each.dataset.span === span));
    this.call.attempt(() => this.refresh());
  }

  async refresh() {
    if (Date.now() - this.#asked < HISTORY_MS) return;
    this.#asked = Date.now();
    const span = this.#span;
    const found = await get("history", { span }, this.call.signal);
    if (span !== this.#span) return;
    this.place.hidden = false;
    const { series: s, from, to } = found;
    const line = (name, tone, key) => ({ name, tone, values: s[key] ?? [] });
    redraw(this.body, found, () => [
      lineChart({ title: t("chart.received"), from, to, series: [line(t("n.stored"), "a", "stored"), line(t("n.duplicates"), "b", "duplicates"),
        line(t("n.refused"), "c", "refused"), line(t("n.quarantined"), "d", "quarantined")] }),
      lineChart({ title: t("chart.deliveries"), from, to, series: [line(t("state.done"), "a", "deliveries_done"), line(t("state.dead"), "d", "deliveries_dead")] }),
      lineChart({ title: t("chart.ack"), from, to, unit: "ms", series: [line("p50", "a", "ack_p50_ms"), line("p99", "c", "ack_p99_ms")] }),
    ]);
  }
}

/**
 * Rows of a list. They are requested again when their number (`version`) has changed, and now and
 * then, because a row may have come for one that has gone.
 */
class Rows {
  #version;
  #asked = 0;
  items = [];

  async refresh(version, total, path, query, max, signal) {
    if (total === 0) this.items = [];
    if (total === 0 || (version === this.#version && Date.now() - this.#asked < HISTORY_MS)) return;
    this.#asked = Date.now();
    const items = [];
    let cursor;
    do {
      const page = await get(path, { ...query, limit: PAGE, cursor }, signal);
      items.push(...page.items);
      cursor = page.next_cursor;
    } while (cursor && items.length < max);
    this.items = items;
    this.#version = version;
  }
}

export function mount(place, call) {
  const at = Object.fromEntries(["problems", "received", "deliveries", "keys", "store", "charts"].map((name) => [name, h("div", { id: name })]));
  place.append(
    h("section", { class: "lead" }, h("h2", {}, t("problems")), at.problems),
    at.charts,
    section(t("deliveries"), at.deliveries),
    h("div", { class: "columns" }, section(t("received"), at.received),
      h("div", { class: "stack" }, section(t("keys"), at.keys), section(t("store"), at.store))));
  const charts = new Charts(at.charts, call);
  const dead = new Rows();
  const sealed = new Rows();
  return async (status) => {
    const { deliveries: d, notifications: n } = status;
    const [ready, text] = await Promise.all([
      send("GET", "readyz", { signal: call.signal }),
      send("GET", "metrics", { signal: call.signal }),
      dead.refresh(`${d.dead}/${d.skipped}`, d.dead, "deliveries", { state: "dead" }, DEAD_LOOKED_AT, call.signal),
      sealed.refresh(`${n.sealed}/${n.quarantined}`, n.sealed, "quarantine", {}, PAGE, call.signal),
    ]);
    const metrics = new Metrics(text.text);
    const reasons = ready.ok ? [] : JSON.parse(ready.text).reasons ?? [];
    drawProblems(at.problems, findProblems({ status, reasons, metrics, dead: dead.items, sealed: sealed.items }));
    drawReceived(at.received, status, metrics);
    drawDeliveries(at.deliveries, status, metrics);
    drawKeys(at.keys, status);
    drawStore(at.store, status, metrics);
    await charts.refresh();
  };
}
