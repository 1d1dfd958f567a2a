// The console's frame: token, navigation, routes (location.hash), banners, and the refreshing of the
// view that is shown.

import { closeDialogs, connectActions, explain } from "./actions.js";
import { get, hasToken, removeToken, setToken, Unauthorized } from "./api.js";
import { badge, h, link, redraw, route } from "./dom.js";
import { duration, time, zone } from "./format.js";
import { language, t } from "./i18n.js";
import { Live } from "./live.js";
import { drawPauses } from "./pauses.js";

/** The views by the first segment of the route. Each module exports mount(place, call). */
const VIEWS = {
  overview: () => import("./views/overview.js"),
  search: () => import("./views/search.js"),
  deliveries: () => import("./views/deliveries.js"),
  quarantine: () => import("./views/quarantine.js"),
  coupons: () => import("./views/coupons.js"),
  activity: () => import("./views/activity.js"),
  configuration: () => import("./views/configuration.js"),
  notifications: () => import("./views/notification.js"),
};
const IN_NAV = ["overview", "search", "deliveries", "quarantine", "coupons", "activity", "configuration"];

const byId = (id) => document.getElementById(id);
let live = null;
/** The view that is shown: {refresh, controller}. A late reply for another view is ignored. */
let current = null;
let status = null;

function parseRoute() {
  const [where, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const segments = where.split("/").filter(Boolean).map((each) => {
    try {
      return decodeURIComponent(each);
    } catch {
      return each;
    }
  });
  if (!(segments[0] in VIEWS)) segments[0] = "overview";
  return { segments, query: Object.fromEntries(new URLSearchParams(query)) };
}

function fixedTexts() {
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  byId("skip").textContent = t("skip_link");
  byId("forget").textContent = t("token.remove");
  byId("access-title").textContent = t("token.title");
  byId("access-help").textContent = t("token.help");
  byId("token-label").textContent = t("token.label");
  byId("enter").textContent = t("token.enter");
  byId("quick-input").placeholder = t("search.quick");
  byId("quick-input").setAttribute("aria-label", t("search.label"));
  byId("quick").setAttribute("aria-label", t("nav.search"));
  byId("nav").setAttribute("aria-label", t("nav.label"));
  byId("nav").replaceChildren(...IN_NAV.map((name) => link(t(`nav.${name}`), route([name]), { "data-view": name })));
}

/** Shows either the form in which the token is entered, or the content of the page. */
function show(content) {
  byId("access").hidden = content;
  for (const id of ["main", "nav", "forget", "quick"]) byId(id).hidden = !content;
}

/** Removes the token, and everything that it gave access to, from the page. */
function endSession(refusal) {
  live?.stop();
  live = null;
  current?.controller.abort();
  current = null;
  status = null;
  removeToken();
  closeDialogs();
  for (const id of ["main", "banners", "said", "readiness", "live", "foot"]) {
    byId(id).replaceChildren();
    delete byId(id).signature;
  }
  byId("readiness").className = "";
  byId("quick-input").value = "";
  document.title = "couponhook";
  byId("refusal").textContent = refusal instanceof Unauthorized ? t(`token.${refusal.message}`) : "";
  show(false);
  byId("token").focus();
}

function startSession() {
  show(true);
  live = new Live(refresh);
  openView(false);
}

function drawFrame() {
  const pill = byId("readiness");
  const tone = status.ready ? "good" : "bad";
  redraw(pill, [status.ready], () => t(status.ready ? "ready" : "not_ready"));
  pill.className = tone;
  redraw(byId("live"), [live?.streaming], () => badge(t(live?.streaming ? "live.stream" : "live.poll"), live?.streaming ? "good" : ""));
  drawPauses(byId("banners"), status.pauses);
  byId("foot").textContent = t("foot", { version: status.version, uptime: duration(status.uptime_s), zone: zone() });
}

function trouble(error) {
  const place = current?.place.querySelector(":scope > .trouble");
  if (!place) return;
  place.textContent = error ? `${explain(error)}${error.status === 0 ? ` ${t("old_figures", { time: time(new Date()) })}` : ""}` : "";
}

/** Requests the state of the service and redraws the current view. Never throws. */
async function refresh() {
  const view = current;
  try {
    status = await get("status");
    if (!live) return;
    drawFrame();
    if (view && view === current) {
      await view.refresh(status);
      // The time of the first view with data, for tests and for the browser's developer tools.
      if (performance.getEntriesByName("view-drawn").length === 0) performance.mark("view-drawn");
      if (view === current && !view.failed) trouble(null);
      view.failed = false;
    }
  } catch (error) {
    fail(view, error);
  }
}

function fail(view, error) {
  if (error instanceof Unauthorized) {
    endSession(error);
    return;
  }
  if (view !== current || error.name === "AbortError") return;
  if (error.status === 0) {
    byId("readiness").textContent = t("no_answer");
    delete byId("readiness").signature;
    byId("readiness").className = "bad";
  }
  trouble(error);
}

async function openView(moveFocus = true) {
  if (!live) return;
  const { segments, query } = parseRoute();
  current?.controller.abort();
  const place = h("div", { class: `view view-${segments[0]}` });
  const body = h("div");
  const name = segments[0] === "notifications" ? "notification" : segments[0];
  const title = h("h1", { tabindex: "-1" }, t(`nav.${name}`));
  place.append(title, h("p", { class: "trouble error", role: "alert" }), body);
  const view = { place, controller: new AbortController(), refresh: async () => {} };
  current = view;
  for (const each of byId("nav").children) {
    if (each.dataset.view === segments[0]) each.setAttribute("aria-current", "page");
    else each.removeAttribute("aria-current");
  }
  document.title = `${title.textContent} · couponhook`;
  byId("main").replaceChildren(place);
  if (moveFocus) {
    scrollTo(0, 0);
    title.focus({ preventScroll: true });
  }
  const call = {
    segments: segments.slice(1),
    query,
    signal: view.controller.signal,
    refreshNow: () => live?.now(),
    /** For requests that a control of the view starts: shows their errors. */
    attempt: async (act) => {
      try {
        await act();
        if (view === current) trouble(null);
      } catch (error) {
        view.failed = true;
        fail(view, error);
      }
    },
  };
  try {
    const module = await VIEWS[segments[0]]();
    if (view !== current) return;
    view.refresh = module.mount(body, call);
    live?.now();
  } catch (error) {
    fail(view, error);
  }
}

fixedTexts();
connectActions(() => live?.now(), endSession);
byId("access").addEventListener("submit", (event) => {
  event.preventDefault();
  setToken(byId("token").value.trim());
  byId("token").value = "";
  byId("refusal").textContent = "";
  startSession();
});
byId("forget").addEventListener("click", () => endSession());
byId("skip").addEventListener("click", (event) => {
  event.preventDefault();
  byId(hasToken() ? "main" : "token").focus();
});
byId("quick").addEventListener("submit", async (event) => {
  event.preventDefault();
  const { searchable } = await import("./views/search.js");
  const input = byId("quick-input");
  const q = await searchable(input.value);
  input.value = "";
  if (q) location.hash = route(["search"], { q });
});
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, select, textarea, dialog");
  if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey || !hasToken()) return;
  event.preventDefault();
  byId("quick-input").focus();
});
addEventListener("hashchange", () => openView());

if (hasToken()) startSession();
else endSession();
