// Numbers, sizes, times and durations as text. Times are in the browser's zone.

import { t } from "./i18n.js";

const two = (n) => String(n).padStart(2, "0");

export const count = (value) => Number(value ?? 0).toLocaleString("en");

/** Name of the browser's time zone with its offset from UTC, for example Asia/Shanghai (UTC+08:00). */
export function zone() {
  const name = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return `${name} (${offset(new Date())})`;
}

function offset(date) {
  const minutes = -date.getTimezoneOffset();
  const size = Math.abs(minutes);
  return `UTC${minutes < 0 ? "-" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

/** Time as YYYY-MM-DD hh:mm:ss; a dash if there is none. */
export function time(value) {
  if (!value) return "–";
  const d = new Date(value);
  if (Number.isNaN(d.getTime())) return String(value);
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())} ` +
    `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`;
}

export const timeWithZone = (value) => (value ? `${time(value)} ${offset(new Date(value))}` : "–");

/** Duration in whole units: seconds below 2 min, minutes below 2 h, hours below 2 days. */
export function duration(seconds) {
  const s = Math.max(0, Math.floor(seconds));
  if (s < 120) return t("unit.seconds", { n: s });
  if (s < 7200) return t("unit.minutes", { n: Math.floor(s / 60) });
  if (s < 172800) return t("unit.hours", { n: Math.floor(s / 3600) });
  return t("unit.days", { n: Math.floor(s / 86400) });
}

export const secondsSince = (value) => (Date.now() - new Date(value).getTime()) / 1000;
export const daysLeft = (value) => Math.floor((new Date(value).getTime() - Date.now()) / 86400000);

export function size(bytes) {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let unit = 0;
  let value = Number(bytes);
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** Money in fen as yuan. */
export const yuan = (fen) => (fen === undefined || fen === null ? "–" : `¥${(Number(fen) / 100).toFixed(2)}`);

export const milliseconds = (seconds) => {
  if (seconds === null || seconds === undefined || Number.isNaN(seconds)) return "–";
  const ms = seconds * 1000;
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
};
