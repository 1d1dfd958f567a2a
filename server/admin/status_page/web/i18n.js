// Texts in the browser's language: English or Chinese. All texts are in strings.js and
// strings_problems.js.

import { STRINGS } from "./strings.js";
import { PROBLEM_STRINGS } from "./strings_problems.js";

const LANGUAGES = ["en", "zh"];
const all = { ...STRINGS, ...PROBLEM_STRINGS };

const wanted = navigator.languages.map((each) => each.slice(0, 2).toLowerCase());
export const language = wanted.find((each) => LANGUAGES.includes(each)) ?? "en";

export const hasText = (key) => key in all;

/**
 * Returns the text with this key. `{name}` stands for a value; a text "one|many" has a form for
 * n = 1 and a form for any other n.
 */
export function t(key, values = {}) {
  const row = all[key];
  if (row === undefined) throw new Error(`no text has the key ${key}`);
  const forms = row[LANGUAGES.indexOf(language)].split("|");
  const form = forms.length > 1 && values.n !== 1 ? forms[1] : forms[0];
  return form.replace(/\{(\w+)\}/g, (whole, name) => {
    const value = values[name] ?? whole;
    return typeof value === "number" ? value.toLocaleString("en") : value;
  });
}
