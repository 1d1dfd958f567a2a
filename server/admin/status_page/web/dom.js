// Builds elements. Data from outside is set as text, never as HTML, so that it cannot run scripts.

import { t } from "./i18n.js";
import { time, timeWithZone } from "./format.js";

const SVG = "http://www.w3.org/2000/svg";

function fill(made, properties, children) {
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "class") made.setAttribute("class", value);
    else if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "value") made.value = value;
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat(Infinity).filter((each) => each !== null && each !== undefined && each !== false));
  return made;
}

/** Makes an HTML element. Properties: attributes, and `onclick` and the like for listeners. */
export const h = (name, properties, ...children) => fill(document.createElement(name), properties, children);
export const svg = (name, properties, ...children) => fill(document.createElementNS(SVG, name), properties, children);

export const timeOf = (value) =>
  (value ? h("time", { datetime: value, title: timeWithZone(value) }, time(value)) : "–");

export const badge = (text, tone = "") => h("span", { class: `badge ${tone}` }, text);

export const button = (text, onclick, properties = {}) => h("button", { type: "button", onclick, ...properties }, text);

export const link = (text, href, properties = {}) => h("a", { href, ...properties }, text);

/** Route of the page (location.hash) from path segments and a query; empty values are left out. */
export function route(segments, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== "");
  const tail = given.length ? `?${new URLSearchParams(given)}` : "";
  return `#/${segments.map((each) => encodeURIComponent(each)).join("/")}${tail}`;
}

/**
 * Makes a table. On a narrow screen the style sheet shows each row as a block with the column's name
 * before each cell; the roles keep it a table for screen readers.
 * \param columns texts, or {text, class}
 * \param rows lists of cells
 */
export function table(caption, columns, rows, empty = t("none")) {
  if (rows.length === 0) return h("p", { class: "quiet" }, empty);
  const names = columns.map((each) => (typeof each === "string" ? { text: each } : each));
  return h("table", { role: "table" },
    h("caption", { class: "unseen" }, caption),
    h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, names.map((each) =>
      h("th", { role: "columnheader", scope: "col", class: each.class }, each.text)))),
    h("tbody", { role: "rowgroup" }, rows.map((row) =>
      h("tr", { role: "row" }, row.map((cell, i) =>
        h("td", { role: "cell", "data-label": names[i].text, class: names[i].class }, cell))))));
}

/** List of pairs of a label and a value; pairs whose value is null or undefined are left out. */
export const facts = (pairs, className = "facts") =>
  h("dl", { class: className }, pairs.filter(([, value]) => value !== null && value !== undefined)
    .map(([label, value, tone]) => h("div", { class: tone }, h("dt", {}, label), h("dd", {}, value))));

export const section = (title, ...children) => h("section", {}, h("h2", {}, title), children);

/** Code block that the keyboard can scroll. */
export const code = (text, label) => h("pre", { tabindex: "0", role: "region", "aria-label": label }, text);

/**
 * Replaces the content of an element, but only if `data` has changed since the last call, because a
 * redraw costs the selection of text. The focused control keeps the focus: it is found again by its
 * data-focus attribute.
 */
export function redraw(place, data, build) {
  const signature = JSON.stringify(data);
  if (place.signature === signature) return;
  place.signature = signature;
  const focused = place.contains(document.activeElement) ? document.activeElement.dataset.focus : undefined;
  place.replaceChildren(...[build()].flat(Infinity).filter(Boolean));
  if (focused === undefined) return;
  const again = [...place.querySelectorAll("[data-focus]")].find((each) => each.dataset.focus === focused);
  again?.focus({ preventScroll: true });
}
