// Configuration: effective values without secrets, and the problems of the file.

import { get } from "../api.js";
import { facts, h, redraw, section, table } from "../dom.js";
import { t } from "../i18n.js";

const isTable = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
const isTables = (value) => Array.isArray(value) && value.length > 0 && value.every(isTable);

const shown = (value) => h("code", {}, typeof value === "string" ? value : JSON.stringify(value));

/** A table of the configuration: its values, then the tables in it. */
function parts(name, value) {
  const entries = Object.entries(value);
  const values = entries.filter(([, each]) => !isTable(each) && !isTables(each));
  return [
    h("section", { class: "settings" }, h("h2", {}, h("code", {}, name)), facts(values.map(([key, each]) => [key, shown(each)]))),
    ...entries.filter(([, each]) => isTable(each)).map(([key, each]) => parts(`${name}.${key}`, each)),
    ...entries.filter(([, each]) => isTables(each)).map(([key, each]) => each.map((one) => parts(`${name}.${key}`, one))),
  ];
}

function whole(configuration) {
  const entries = Object.entries(configuration);
  const values = entries.filter(([, each]) => !isTable(each) && !isTables(each));
  return [
    values.length > 0 && facts(values.map(([key, each]) => [key, shown(each)])),
    ...entries.filter(([, each]) => isTable(each)).map(([key, each]) => parts(key, each)),
    ...entries.filter(([, each]) => isTables(each)).map(([key, each]) => each.map((one) => parts(`[${key}]`, one))),
  ];
}

export function mount(place, call) {
  const found = h("div");
  place.append(h("p", { class: "quiet" }, t("configuration.help")), found);
  return async (status) => {
    const answer = await get("configuration", {}, call.signal);
    const reloads = Object.entries(status.reloads);
    redraw(found, [answer, reloads], () => [
      h("p", {}, t("configuration.file"), " ", h("code", {}, answer.file)),
      answer.problems.length > 0 && section(t("configuration.problems"), table(t("configuration.problems"), [t("where"), { text: t("message"), class: "wide" }],
        answer.problems.map((each) => [h("code", { class: "long" }, each.where), h("span", { class: "long" }, each.message)]))),
      section(t("reloads"), table(t("reloads"), [t("unit"), { text: t("reloads.ok"), class: "number" }, { text: t("reloads.refused"), class: "number" },
        { text: t("last_error"), class: "wide" }], reloads.map(([unit, state]) => [h("code", {}, unit), String(state.ok), String(state.refused), state.last_error || "–"]))),
      whole(answer.configuration),
    ]);
  };
}
