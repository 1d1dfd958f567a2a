// The status page: requests /status and /notifications with the operator's token and shows the
// replies. Data from outside is set as text, never as HTML, so that it cannot run scripts.
"use strict";

const REFRESH_MS = 5000;
const PATIENCE_MS = 10000;
const PAGE_ITEMS = 50;
const STORAGE_KEY = "couponhook.token";

const byId = (id) => document.getElementById(id);
const count = (value) => value.toLocaleString("en");
const time = (text) => (text ? text.replace("T", " ").replace(/\.\d+Z$/, " UTC") : "–");

class Refused extends Error {}

/** JSON reviver: keeps all digits of integers (such as identifiers) that JavaScript would round. */
function exactly(key, value, context) {
  const rounded = Number.isInteger(value) && !Number.isSafeInteger(value);
  return rounded && context && JSON.rawJSON ? JSON.rawJSON(context.source) : value;
}

/**
 * State of the current view: the token, the filter and the drawn page of the list. A new token or
 * filter starts a new view, and late replies to requests of an earlier view are ignored.
 */
function newLook(token, filter) {
  return { token, filter, older: false, refreshing: false, drawn: "" };
}
let look = newLook(sessionStorage.getItem(STORAGE_KEY), "");

async function ask(path, { token }) {
  if (!/^[\x20-\x7e]+$/.test(token)) throw new Refused("The token has characters that no token can have.");
  const reply = await fetch(path, {
    headers: { Authorization: "Bearer " + token },
    signal: AbortSignal.timeout(PATIENCE_MS),
    cache: "no-store",
  });
  if (reply.status === 401) throw new Refused("This token is not the one in admin.token_file.");
  const body = JSON.parse(await reply.text(), exactly);
  if (!reply.ok) throw new Error(body.message);
  return body;
}

function element(name, content, className = "") {
  const made = document.createElement(name);
  made.append(content);
  made.className = className;
  return made;
}

function row(cells) {
  const made = document.createElement("tr");
  made.append(...cells.map((cell) => (cell instanceof Node ? cell : element("td", cell))));
  return made;
}

/**
 * Draws pairs of label and value into a list element. The optional third element of a pair is the
 * CSS class of the value.
 */
function drawPairs(list, pairs) {
  list.replaceChildren(...pairs.map(([label, value, className]) => {
    const pair = document.createElement("div");
    pair.append(element("dt", label), element("dd", value, className));
    return pair;
  }));
}

const listed = (title, counts) => {
  const parts = Object.entries(counts).map(([name, value]) => `${name} ${count(value)}`);
  return parts.length ? `${title}: ${parts.join(" · ")}` : "";
};

function duration(seconds) {
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172800) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86400)} days`;
}

function size(bytes) {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let unit = 0;
  while (bytes >= 1000 && unit < units.length - 1) {
    bytes /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? bytes : bytes.toFixed(1)} ${units[unit]}`;
}

/** Sets the text of an element that screen readers read aloud; leaves an unchanged text alone. */
function say(id, text, className = "") {
  const shown = byId(id);
  if (shown.textContent === text) return;
  shown.textContent = text;
  shown.className = className;
}

function drawPauses(pauses) {
  byId("paused").hidden = pauses.length === 0;
  byId("pauses").replaceChildren(...pauses.map((pause) =>
    row([pause.handler || "any", pause.events || "any", time(pause.since), pause.by || "–",
      element("td", pause.reason, "long")])));
}

function drawStatus(status) {
  const { notifications, deliveries, store } = status;
  say("readiness", status.ready ? "ready" : "not ready", status.ready ? "good" : "bad");
  byId("about").textContent = `version ${status.version} · up ${duration(status.uptime_s)}`;
  drawPairs(byId("notifications"), [
    ["stored", count(notifications.stored)],
    ["duplicates", count(notifications.duplicates)],
    ["conflicts", count(notifications.conflicts)],
    ["quarantined", count(notifications.quarantined)],
    ["still sealed", count(notifications.sealed), notifications.sealed > 0 ? "bad" : ""],
    ["unreadable", count(notifications.unreadable), notifications.unreadable > 0 ? "bad" : ""],
    ["probes refused", count(notifications.probes)],
    ["last received", time(notifications.last_received_at)],
  ]);
  byId("by-type").textContent = listed("Stored by type", notifications.by_type);
  byId("rejected").textContent = listed("Rejected since the start", notifications.rejected);
  drawPairs(byId("deliveries"), [
    ["pending", count(deliveries.pending)],
    ["retrying", count(deliveries.retrying)],
    ["dead", count(deliveries.dead), deliveries.dead > 0 ? "bad" : ""],
    ["done", count(deliveries.done)],
    ["oldest pending", duration(deliveries.oldest_pending_s)],
  ]);
  byId("unclaimed").textContent =
    listed("Open deliveries of handlers that are not configured", deliveries.unclaimed);
  drawPauses(status.pauses);
  drawPairs(byId("store"), [
    ["engine", store.engine],
    ["commits", store.ok ? "possible" : "failing", store.ok ? "good" : "bad"],
    ["size", size(store.size_bytes)],
    ["commits made", count(store.commits)],
    ["rows a commit", store.rows_per_commit.toFixed(1)],
  ]);
  byId("keys").replaceChildren(...status.keys.map((key) =>
    row([key.mchid, key.kind.replace("_", " "), key.serial, time(key.expires_at)])));
}

function listPath({ filter }, cursor) {
  const query = new URLSearchParams(filter);
  query.set("limit", PAGE_ITEMS);
  if (cursor) query.set("cursor", cursor);
  return "notifications?" + query;
}

function notificationRow(item) {
  // A quarantined body that could not be parsed has no notification id.
  const open = element("button", item.id || "(no id)");
  open.type = "button";
  open.addEventListener("click", () => attempt(() => askDetails(item)));
  const id = document.createElement("td");
  id.append(open);
  const state = element("td", item.state, ["dead", "quarantined", "unreadable"].includes(item.state) ? "bad" : "");
  const made = row([time(item.received_at), item.type, state, `${item.times_seen}×`, id]);
  made.dataset.key = `${item.received_at}/${item.mchid}/${item.id}`;
  return made;
}

function drawPage(page) {
  // Do not redraw an unchanged list of notifications, or the list under an open dialog: the
  // keyboard focus would be lost.
  const wanted = JSON.stringify(page);
  if (wanted === look.drawn || byId("details").open) return;
  look.drawn = wanted;
  const reading = document.activeElement?.closest("#latest tr")?.dataset.key;
  byId("latest").replaceChildren(...page.items.map(notificationRow));
  drawEnd(page);
  const again = [...byId("latest").rows].find((each) => each.dataset.key === reading);
  again?.querySelector("button").focus({ preventScroll: true });
}

/** Empties the list of notifications; the first page of a new list has not arrived yet. */
function clearList() {
  byId("latest").replaceChildren();
  byId("none").hidden = true;
  byId("more").hidden = true;
}

function appendPage(page) {
  byId("latest").append(...page.items.map(notificationRow));
  drawEnd(page);
}

function drawEnd(page) {
  byId("none").hidden = byId("latest").rows.length > 0;
  byId("more").hidden = page.next_cursor === null;
  byId("more").value = page.next_cursor ?? "";
}

function drawDetails(item) {
  byId("h-details").textContent = `${item.type} ${item.id || "(no id)"}`;
  const facts = ["mchid", "state", "create_time", "received_at", "last_seen_at", "times_seen",
    "conflicts", "source", "flaw", "quarantine_reason", "quarantine_detail"];
  byId("facts").replaceChildren(...facts.filter((name) => name in item).flatMap((name) =>
    [element("dt", name), element("dd", String(item[name]))]));
  byId("delivered").hidden = item.deliveries.length === 0;
  byId("notification-deliveries").replaceChildren(...item.deliveries.map((delivery) =>
    row([delivery.handler, delivery.state, String(delivery.attempts), time(delivery.due_at),
      element("td", delivery.last_error, "long")])));
  byId("resource").textContent = JSON.stringify(item.resource, null, 2);
  byId("details").showModal();
}

// Each of the functions askAll, askOlder and askDetails sends requests, and returns a function that
// draws the replies. attempt() calls both functions.

async function askAll() {
  const mine = look;
  mine.refreshing = true;
  try {
    // Once the operator has loaded older notifications, the list is not updated any more until the
    // filter changes.
    const [status, page] = await Promise.all(
      [ask("status", mine), mine.older ? null : ask(listPath(mine), mine)]);
    return () => {
      show("content");
      say("trouble", "");
      drawStatus(status);
      if (page && !mine.older) drawPage(page);
    };
  } finally {
    mine.refreshing = false;
  }
}

async function askOlder() {
  const mine = look;
  const before = mine.older;
  mine.older = true;
  byId("more").disabled = true;
  try {
    const page = await ask(listPath(mine, byId("more").value), mine);
    return () => appendPage(page);
  } catch (error) {
    mine.older = before;
    throw error;
  } finally {
    byId("more").disabled = false;
  }
}

async function askDetails(item) {
  // Quarantined bodies may share an id or have none, and the list already holds all their details.
  if (item.state === "quarantined") return () => drawDetails(item);
  const query = new URLSearchParams({ mchid: item.mchid });
  const whole = await ask(`notifications/${encodeURIComponent(item.id)}?${query}`, look);
  return () => drawDetails(whole);
}

/** Calls `asking` and draws its reply, or shows its error; ignores both if the view has changed. */
async function attempt(asking) {
  const mine = look;
  try {
    const draw = await asking();
    if (mine !== look) return;
    draw();
  } catch (error) {
    if (mine !== look) return;
    if (error instanceof Refused) {
      forget(error.message);
      return;
    }
    show("content");
    if (asking === askAll) say("readiness", "no answer", "bad");
    say("trouble", `No answer: ${error.message}; the figures below may be old.`, "bad");
  }
}

/** Shows either the form in which the token is entered, or the content of the page. */
function show(part) {
  byId("access").hidden = part === "content";
  byId("content").hidden = part !== "content";
  byId("forget").hidden = part !== "content";
}

/** Removes the token, and everything that it gave access to, from the page. */
function forget(reason) {
  sessionStorage.removeItem(STORAGE_KEY);
  look = newLook(null, look.filter);
  byId("details").close();
  for (const drawn of document.querySelectorAll("[data-drawn]")) drawn.replaceChildren();
  clearList();
  byId("refusal").textContent = reason;
  show("access");
  byId("token").focus();
}

byId("access").addEventListener("submit", (event) => {
  event.preventDefault();
  const token = byId("token").value.trim();
  byId("token").value = "";
  sessionStorage.setItem(STORAGE_KEY, token);
  look = newLook(token, look.filter);
  attempt(askAll);
});
byId("filter").addEventListener("submit", (event) => {
  event.preventDefault();
  const chosen = [...new FormData(byId("filter"))].filter(([, value]) => value);
  look = newLook(look.token, new URLSearchParams(chosen).toString());
  clearList();
  attempt(askAll);
});
byId("more").addEventListener("click", () => attempt(askOlder));
byId("forget").addEventListener("click", () => forget(""));

async function refresh() {
  if (look.token && !look.refreshing && !document.hidden) await attempt(askAll);
}

async function keepFresh() {
  await refresh();
  setTimeout(keepFresh, REFRESH_MS);
}

if (look.token) byId("forget").hidden = false;
else forget("");
document.addEventListener("visibilitychange", refresh);
keepFresh();
