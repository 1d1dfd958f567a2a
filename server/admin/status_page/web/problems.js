// What a person must do something about, grouped by cause: one entry for 1,000 deliveries that
// failed for the same reason, not 1,000 rows. Everything here is computed from replies of the
// status endpoint; nothing is requested.

import { route } from "./dom.js";
import { daysLeft, duration, secondsSince, size } from "./format.js";
import { hasText, t } from "./i18n.js";

const CERTIFICATE_DAYS = 14;
const BACKLOG_S = 900;
const LONG_PAUSE_S = 3600;
const FREE_BYTES = 1e9;
const CLOCK_S = 60;
const PREFIX_MAX = 120;

const TONES = ["bad", "warn"];

/**
 * Texts with the same cause have the same key: numbers and identifiers in them are left out, and
 * only their beginning counts, because an excerpt of the target's answer may follow.
 */
export function causeOf(text) {
  return text.replace(/[0-9a-f]{8,}|\d{4,}/gi, "#").slice(0, 80);
}

function commonPrefix(a, b) {
  let n = 0;
  while (n < a.length && n < b.length && a[n] === b[n]) n += 1;
  return a.slice(0, n);
}

/**
 * Groups items by `keyOf`, largest group first. Each group has {items, since, last, text}: the
 * earliest and the latest time, and what all texts of the group have in common at their beginning.
 */
export function grouped(items, keyOf, textOf, timesOf) {
  const groups = new Map();
  for (const item of items) {
    const key = keyOf(item);
    const times = timesOf(item).filter(Boolean);
    const text = textOf(item);
    const group = groups.get(key);
    if (!group) {
      const sorted = [...times].sort();
      groups.set(key, { items: [item], since: sorted[0], last: sorted.at(-1), text });
      continue;
    }
    group.items.push(item);
    for (const time of times) {
      if (!group.since || time < group.since) group.since = time;
      if (!group.last || time > group.last) group.last = time;
    }
    group.text = commonPrefix(group.text, text);
  }
  return [...groups.values()].sort((a, b) => b.items.length - a.items.length);
}

export const groupDead = (items) =>
  grouped(items, (each) => `${each.handler}\n${causeOf(each.last_error)}`, (each) => each.last_error,
    (each) => [each.finished_at ?? each.created_at]);

/** Remedy for the reason of a failed delivery, from the beginning of its text. */
export function deadRemedy(text) {
  const status = /HTTP (\d{3})/.exec(text)?.[1];
  if (status === "410") return t("remedy.http410");
  if (status === "401" || status === "403") return t("remedy.http401");
  if (status === "404" || status === "405") return t("remedy.http404");
  if (status?.startsWith("3")) return t("remedy.http3xx");
  if (status?.startsWith("4")) return t("remedy.http4xx");
  if (status?.startsWith("5")) return t("remedy.http5xx");
  if (/refused|resolve|unreachable|timed? ?out|timeout|connect|TLS|certificate/i.test(text)) return t("remedy.network");
  return t("remedy.dead");
}

const READINESS = [
  [/^draining/, "ready.draining"],
  [/no APIv3 key/, "ready.api_v3_key"],
  [/no platform key/, "ready.platform_key"],
  [/^deliveries:/, "ready.worker"],
  [/^store: a commit/, "ready.slow_store"],
  [/^store:/, "ready.store"],
];

function notReady(reasons) {
  return reasons.map((reason) => {
    const known = READINESS.find(([pattern]) => pattern.test(reason))?.[1];
    return { tone: "bad", what: t("problem.not_ready"), detail: reason, remedy: known ? t(known) : "" };
  });
}

function deadLetters(dead, total) {
  if (!total) return [];
  const found = groupDead(dead).map(({ items, since, last, text }) => ({
    tone: "bad",
    what: t("problem.dead", { n: items.length, handler: items[0].handler }),
    detail: text.slice(0, PREFIX_MAX),
    since,
    last,
    count: items.length,
    remedy: deadRemedy(text),
    href: route(["deliveries"], { handler: items[0].handler, state: "dead", error: text.slice(0, PREFIX_MAX).trim() }),
  }));
  const seen = dead.length;
  if (total > seen) {
    found.push({ tone: "bad", what: t("problem.dead_more", { n: total - seen }), count: total - seen,
      remedy: t("remedy.dead"), href: route(["deliveries"], { state: "dead" }) });
  }
  return found;
}

function sealedBodies(sealed, total) {
  if (!total) return [];
  const found = grouped(sealed, (each) => `${each.mchid}\n${each.reason}`, (each) => each.detail,
    (each) => [each.received_at, each.last_seen_at]).map(({ items, since, last, text }) => ({
    tone: "bad",
    what: t("problem.sealed", { n: items.length, mchid: items[0].mchid, reason: items[0].reason }),
    detail: text,
    since,
    last,
    count: items.length,
    remedy: t(items[0].reason === "DECRYPT_FAILED" ? "remedy.decrypt" : "remedy.envelope"),
    href: route(["quarantine"]),
  }));
  if (total > sealed.length) {
    found.push({ tone: "bad", what: t("problem.sealed_more", { n: total - sealed.length }), count: total - sealed.length,
      remedy: t("remedy.decrypt"), href: route(["quarantine"]) });
  }
  return found;
}

function unreadable(total) {
  if (!total) return [];
  return [{ tone: "bad", what: t("problem.unreadable", { n: total }), count: total, remedy: t("remedy.unreadable"),
    href: route(["quarantine"]) }];
}

function unclaimed(handlers) {
  return Object.entries(handlers).map(([handler, n]) => ({
    tone: "bad", what: t("problem.unclaimed", { n, handler }), count: n, remedy: t("remedy.unclaimed", { handler }),
    href: route(["deliveries"], { handler }),
  }));
}

function senders(status) {
  const faults = status.signature_faults.map((fault) => ({
    tone: "bad",
    what: t("problem.signature", { mchid: fault.mchid, hop: fault.hop }),
    detail: hasText(`damage.${fault.damage}`) ? t(`damage.${fault.damage}`) : fault.cause,
    count: fault.requests,
    remedy: fault.remedy,
  }));
  const serials = status.unknown_serials.map((each) => ({
    tone: "bad", what: t("problem.serial", { mchid: each.mchid }), detail: each.serial, count: each.requests,
    remedy: t("remedy.serial"),
  }));
  return [...faults, ...serials];
}

function ending(what, detail, expires_at, remedy) {
  if (!expires_at) return [];
  const days = daysLeft(expires_at);
  if (days >= CERTIFICATE_DAYS) return [];
  const text = days < 0 ? t("problem.expired", { what }) : t("problem.expires", { what, n: days });
  return [{ tone: days < 3 ? "bad" : "warn", what: text, detail, last: undefined, remedy }];
}

function certificates(status) {
  return [
    ...status.keys.flatMap((key) => ending(t("what.key", { mchid: key.mchid }), key.serial, key.expires_at, t("remedy.key"))),
    ...status.certificates.flatMap((each) => ending(each.what, each.path, each.expires_at, t("remedy.certificate"))),
  ];
}

function upkeep(status) {
  const reloads = Object.entries(status.reloads).filter(([, state]) => state.last_error).map(([unit, state]) => ({
    tone: "warn", what: t("problem.reload", { unit }), detail: state.last_error, count: state.refused,
    remedy: t("remedy.reload"), href: route(["configuration"]),
  }));
  const fetches = status.certificate_fetches.flatMap((each) => [["fetch_error", "fetch_failures"], ["keep_error", "keep_failures"]]
    .filter(([error]) => each[error]).map(([error, failures]) => ({
      tone: "warn", what: t(`problem.${error}`, { mchid: each.mchid }), detail: each[error], count: each[failures],
      remedy: t(`remedy.${error}`),
    })));
  const { reconcile } = status;
  const compared = reconcile?.last_failure
    ? [{ tone: "warn", what: t("problem.reconcile"), detail: reconcile.last_failure, last: reconcile.last_at,
      count: reconcile.failures, remedy: t("remedy.reconcile") }] : [];
  return [...reloads, ...fetches, ...compared];
}

function paused(pauses) {
  return pauses.map((pause) => ({
    tone: secondsSince(pause.since) > LONG_PAUSE_S ? "bad" : "warn",
    what: t("problem.paused", { what: [pause.handler, pause.events].filter(Boolean).join(" · ") }),
    detail: pause.reason,
    since: pause.since,
    remedy: t("remedy.paused", { by: pause.by || "–" }),
    pause,
  }));
}

function backlog(status) {
  const { oldest_pending_s: oldest, pending, retrying } = status.deliveries;
  if (oldest < BACKLOG_S || pending + retrying === 0) return [];
  return [{ tone: "warn", what: t("problem.backlog", { n: pending + retrying, age: duration(oldest) }),
    since: new Date(Math.floor((Date.now() - oldest * 1000) / 60000) * 60000).toISOString(), count: pending + retrying,
    remedy: t("remedy.backlog"), href: route(["deliveries"], { state: retrying ? "retrying" : "pending" }) }];
}

function machine(metrics) {
  const found = [];
  const free = metrics.value("couponhook_store_free_bytes");
  if (free !== undefined && free < FREE_BYTES) {
    found.push({ tone: "bad", what: t("problem.disk", { size: size(free) }), remedy: t("remedy.disk") });
  }
  const off = metrics.value("couponhook_clock_offset_seconds");
  if (off !== undefined && Math.abs(off) > CLOCK_S) {
    found.push({ tone: "bad", what: t("problem.clock", { n: Math.round(Math.abs(off)) }), remedy: t("remedy.clock") });
  }
  for (const { labels } of metrics.all("couponhook_breaker_open").filter((each) => each.value === 1)) {
    found.push({ tone: "warn", what: t("problem.breaker", { handler: labels.handler }), remedy: t("remedy.breaker"),
      href: route(["deliveries"], { handler: labels.handler, state: "retrying" }) });
  }
  return found;
}

/**
 * All problems, the worst first: {tone, what, detail, since, last, count, remedy, href, pause}; all
 * but tone and what may be absent.
 * \param seen {status, reasons (of /readyz), metrics, dead and sealed (the latest rows)}
 */
export function findProblems({ status, reasons, metrics, dead, sealed }) {
  const all = [
    ...notReady(reasons),
    ...senders(status),
    ...sealedBodies(sealed, status.notifications.sealed),
    ...unreadable(status.notifications.unreadable),
    ...deadLetters(dead, status.deliveries.dead),
    ...unclaimed(status.deliveries.unclaimed),
    ...machine(metrics),
    ...certificates(status),
    ...paused(status.pauses),
    ...backlog(status),
    ...upkeep(status),
  ];
  return all.sort((a, b) => TONES.indexOf(a.tone) - TONES.indexOf(b.tone));
}
