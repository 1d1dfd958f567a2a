// Small charts as inline SVG. A chart library (Chart.js: 200 KB, drawn on a canvas) would be larger
// than the rest of the console together; screen readers could not read its charts, nor would they
// follow the colours of the page, and these charts need neither zoom nor animation.

import { h, svg } from "./dom.js";
import { count, time } from "./format.js";

const WIDTH = 600;
const HEIGHT = 120;

/** Splits values at gaps (null) and returns an SVG path through them. */
function pathOf(values, x, y) {
  let path = "";
  let pen = "M";
  values.forEach((value, i) => {
    if (value === null || value === undefined) {
      pen = "M";
      return;
    }
    path += `${pen}${x(i).toFixed(1)} ${y(value).toFixed(1)}`;
    // A single value between two gaps is a point; a line of no length with round ends shows it.
    if (pen === "M") path += "h0";
    pen = "L";
  });
  return path;
}

const numbers = (values) => values.filter((value) => value !== null && value !== undefined);
const sum = (values) => numbers(values).reduce((total, value) => total + value, 0);

/** Rounds up to 1, 2 or 5 times a power of ten, so that the axis ends at a number that is read easily. */
function niceMax(value) {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((each) => each * power).find((each) => each >= value);
}

/**
 * Line chart with a legend.
 * \param series list of {name, tone, values}; a value is a number, or null where there is none
 * \param unit text after a number; "" for counts, which the legend adds up
 */
export function lineChart({ title, from, to, series, unit = "" }) {
  const length = Math.max(...series.map((each) => each.values.length));
  const top = niceMax(Math.max(0, ...series.flatMap((each) => numbers(each.values))));
  const x = (i) => (length < 2 ? 0 : (i / (length - 1)) * WIDTH);
  const y = (value) => HEIGHT - (value / top) * (HEIGHT - 4) - 2;
  const shown = ({ values }) => {
    const known = numbers(values);
    if (unit === "") return count(sum(values));
    return known.length ? `${count(Math.round(known.at(-1)))} ${unit}` : "–";
  };
  const spoken = series.map((each) => `${each.name} ${shown(each)}`).join(", ");
  return h("figure", { class: "chart" },
    h("figcaption", {}, title, h("span", { class: "legend" }, series.map((each) =>
      h("span", { class: `tone-${each.tone}` }, h("i", { "aria-hidden": "true" }), `${each.name} `, h("b", {}, shown(each)))))),
    h("div", { class: "plot" },
      h("span", { class: "top", "aria-hidden": "true" }, `${count(top)}${unit && ` ${unit}`}`),
      svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": `${title}: ${spoken}` },
        [0.25, 0.5, 0.75].map((part) => svg("line", { x1: 0, x2: WIDTH, y1: y(top * part), y2: y(top * part), class: "grid" })),
        svg("line", { x1: 0, x2: WIDTH, y1: HEIGHT - 1, y2: HEIGHT - 1, class: "axis" }),
        series.map((each) => svg("path", { d: pathOf(each.values, x, y), class: `line tone-${each.tone}` })))),
    h("div", { class: "ends", "aria-hidden": "true" }, h("span", {}, time(from).slice(5, 16)), h("span", {}, time(to).slice(5, 16))));
}

/** Line of the latest values, without axes. */
export function sparkline(values, label) {
  const top = Math.max(1, ...values);
  const x = (i) => (values.length < 2 ? 0 : (i / (values.length - 1)) * 80);
  const y = (value) => 19 - (value / top) * 17;
  return svg("svg", { viewBox: "0 0 80 20", class: "spark", role: "img", "aria-label": label },
    svg("path", { d: pathOf(values, x, y), class: "line tone-a" }));
}
