// The status page: asks /status and /notifications with the operator's token and draws what they
// say. Whatever came from outside is set as text, never as markup.
"use strict";

const REFRESH_MS = 5000;
const PATIENCE_MS = 10000;
const PAGE_ITEMS = 50;
const STORAGE_KEY = "couponhook.token";

const byId = (id) => document.getElementById(id);
const count = (value) => value.toLocaleString("en");
const time = (text) => (text ? text.replace("T", " ").replace(/\.\d+Z$/, " UTC") : "–");

class Refused extends Error {}

/** Keeps a number as it was sent where JavaScript would round it: it may be an identifier. */
function exactly(key, value, context) {
  const rounded = Number.isInteger(value) && !Number.isSafeInteger(value);
  return rounded && context && JSON.rawJSON ? JSON.rawJSON(context.source) : value;
}

async function ask(path) {
  const reply = await fetch(path, {
    headers: { Authorization: "Bearer " + sessionStorage.getItem(STORAGE_KEY) },
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

/** Draws label and value pairs; a pair's third member is the value's class. */
function drawPairs(list, pairs) {
  list.replaceChildren(...pairs.map(([label, value, className]) => {
    const pair = document.createElement("div");
    pair.append(element("dt", label), element("dd", value, className));
    return pair;
  }));
}

const alarming = (value) => (value > 0 ? "bad" : "");
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

function drawService(status) {
  const ready = element("strong", status.ready ? "ready" : "not ready", status.ready ? "good" : "bad");
  byId("service").replaceChildren(ready, ` · version ${status.version} · up ${duration(status.uptime_s)}`);
}

function drawStatus(status) {
  const { notifications, deliveries, store } = status;
  drawService(status);
  drawPairs(byId("notifications"), [
    ["stored", count(notifications.stored)],
    ["duplicates", count(notifications.duplicates)],
    ["conflicts", count(notifications.conflicts), alarming(notifications.conflicts)],
    ["quarantined", count(notifications.quarantined), alarming(notifications.quarantined)],
    ["probes refused", count(notifications.probes)],
    ["last received", time(notifications.last_received_at)],
  ]);
  byId("by-type").textContent = listed("Stored by type", notifications.by_type);
  byId("rejected").textContent = listed("Rejected since the start", notifications.rejected);
  drawPairs(byId("deliveries"), [
    ["pending", count(deliveries.pending)],
    ["retrying", count(deliveries.retrying)],
    ["dead", count(deliveries.dead), alarming(deliveries.dead)],
    ["done", count(deliveries.done)],
    ["oldest pending", duration(deliveries.oldest_pending_s)],
  ]);
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

function listPath(cursor) {
  const query = new URLSearchParams({ limit: PAGE_ITEMS });
  for (const [name, value] of new FormData(byId("filter"))) {
    if (value) query.set(name, value);
  }
  if (cursor) query.set("cursor", cursor);
  return "notifications?" + query;
}

function notificationRow(item) {
  const open = element("button", item.id);
  open.type = "button";
  open.addEventListener("click", () => attempt(() => showDetails(item)));
  const id = document.createElement("td");
  id.append(open);
  const state = element("td", item.state, ["dead", "quarantined"].includes(item.state) ? "bad" : "");
  return row([time(item.received_at), item.type, state, `${item.times_seen}×`, id]);
}

/** What was asked for older ones stays until the filter changes; only a first page is refreshed. */
let olderShown = false;
let drawnPage = "";

function drawPage(page, append) {
  // Rows that stay as they are keep the reader's focus and selection.
  const wanted = JSON.stringify(page);
  if (wanted === drawnPage) return;
  drawnPage = wanted;
  const rows = page.items.map(notificationRow);
  if (append) byId("latest").append(...rows);
  else byId("latest").replaceChildren(...rows);
  byId("none").hidden = byId("latest").rows.length > 0;
  byId("more").hidden = page.next_cursor === null;
  byId("more").value = page.next_cursor ?? "";
}

async function showOlder() {
  drawPage(await ask(listPath(byId("more").value)), true);
  olderShown = true;
}

async function showDetails({ id, mchid }) {
  const query = new URLSearchParams({ mchid });
  const item = await ask(`notifications/${encodeURIComponent(id)}?${query}`);
  byId("h-details").textContent = `${item.type} ${item.id}`;
  const facts = ["mchid", "state", "create_time", "received_at", "last_seen_at", "times_seen",
    "source", "quarantine_reason", "quarantine_detail"];
  byId("facts").replaceChildren(...facts.filter((name) => name in item).flatMap((name) =>
    [element("dt", name), element("dd", String(item[name]))]));
  byId("delivered").hidden = item.deliveries.length === 0;
  byId("notification-deliveries").replaceChildren(...item.deliveries.map((delivery) =>
    row([delivery.handler, delivery.state, String(delivery.attempts), time(delivery.due_at),
      element("td", delivery.last_error, "long")])));
  byId("resource").textContent = JSON.stringify(item.resource, null, 2);
  byId("details").showModal();
}

function showAccess(refusal) {
  byId("content").hidden = true;
  byId("forget").hidden = true;
  byId("access").hidden = false;
  byId("refusal").textContent = refusal;
  byId("service").textContent = "";
  byId("token").focus();
}

function showContent() {
  byId("access").hidden = true;
  byId("content").hidden = false;
  byId("forget").hidden = false;
}

async function refresh() {
  if (!sessionStorage.getItem(STORAGE_KEY)) return;
  const path = listPath();
  const [status, page] = await Promise.all([ask("status"), olderShown ? null : ask(path)]);
  showContent();
  drawStatus(status);
  // Not where another list has been asked for meanwhile.
  if (page && !olderShown && path === listPath()) drawPage(page, false);
}

/** Does it and says what went wrong, in place. */
async function attempt(deed) {
  try {
    await deed();
    byId("trouble").textContent = "";
  } catch (error) {
    if (error instanceof Refused) {
      forget(error.message);
      return;
    }
    showContent();
    byId("trouble").textContent = `No answer to show: ${error.message} What stands below may be old.`;
  }
}

function forget(refusal) {
  sessionStorage.removeItem(STORAGE_KEY);
  showAccess(refusal);
}

byId("access").addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem(STORAGE_KEY, byId("token").value.trim());
  byId("token").value = "";
  attempt(refresh);
});
byId("filter").addEventListener("submit", (event) => {
  event.preventDefault();
  olderShown = false;
  attempt(refresh);
});
byId("more").addEventListener("click", () => attempt(showOlder));
byId("forget").addEventListener("click", () => forget(""));

async function keepFresh() {
  if (!document.hidden) await attempt(refresh);
  setTimeout(keepFresh, REFRESH_MS);
}

if (!sessionStorage.getItem(STORAGE_KEY)) showAccess("");
keepFresh();
