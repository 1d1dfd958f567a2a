// Dialogs for an operator's actions. Each says what will happen before it happens, and shows the
// error of the status endpoint if it does not.

import { ApiError, del, path, post, Unauthorized } from "./api.js";
import { button, h } from "./dom.js";
import { t } from "./i18n.js";

/** Text of an error for a person: its code and its message, with an explanation of some codes. */
export function explain(error) {
  if (error instanceof ApiError && error.status === 403) return `${t("error.read_only")} (${error.code}: ${error.message})`;
  if (error instanceof ApiError && error.status === 0) return t("error.no_answer", { message: error.message });
  if (error instanceof ApiError) return `${error.code}: ${error.message}`;
  return error.message;
}

let refreshNow = () => {};
let endSession = () => {};
/** Sets what to do after an action, and when the token is refused. */
export function connectActions(refresh, end) {
  refreshNow = refresh;
  endSession = end;
}

/** Tells the result of an action where screen readers read it aloud. */
export function say(text) {
  const place = document.getElementById("said");
  place.replaceChildren(h("p", {}, text, button(t("close"), () => place.replaceChildren(), { class: "plain" })));
  clearTimeout(say.timer);
  say.timer = setTimeout(() => place.replaceChildren(), 15000);
}

function fieldOf({ name, label, required, max, options }) {
  const id = `field-${name}`;
  const attributes = { id, name, required, maxlength: max, autocomplete: "off", spellcheck: "false", list: options && `${id}-options` };
  return h("p", { class: "field" }, h("label", { for: id }, label), h("input", attributes),
    options && h("datalist", { id: `${id}-options` }, options.map((each) => h("option", { value: each }))));
}

/** Opens a modal dialog and returns it. It is removed when it closes. */
export function openDialog(title, ...content) {
  const dialog = h("dialog", { "aria-labelledby": "dialog-title" }, h("h2", { id: "dialog-title" }, title), content);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/** Closes all dialogs, for example because the token was removed. */
export function closeDialogs() {
  for (const each of document.querySelectorAll("dialog")) each.close();
}

/** Shows an error in a dialog; a refused token ends the session instead. */
export function showError(place, error) {
  if (error instanceof Unauthorized) endSession(error);
  else place.textContent = explain(error);
}

/**
 * Asks for a confirmation, and acts.
 * \param lines paragraphs that say what will happen
 * \param fields {name, label, required, max, options} of text fields
 * \param act async function of the fields' values; its result is told. If it throws, the dialog
 *   stays open and shows the error.
 */
export function confirmAction({ title, lines, fields = [], confirm, tone = "primary", act }) {
  const error = h("p", { class: "error", role: "alert" });
  const go = h("button", { class: tone }, confirm);
  const form = h("form", {}, lines.map((line) => h("p", {}, line)), fields.map(fieldOf), error,
    h("p", { class: "buttons" }, go, button(t("cancel"), () => dialog.close())));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    go.disabled = true;
    error.textContent = "";
    try {
      const told = await act(Object.fromEntries(new FormData(form)));
      dialog.close();
      say(told);
      refreshNow();
    } catch (failure) {
      showError(error, failure);
    }
    go.disabled = false;
  });
  const dialog = openDialog(title, form);
}

export const reasonField = () => ({ name: "reason", label: t("reason"), required: true, max: 1000 });

export function retryDelivery(delivery) {
  confirmAction({
    title: t("retry.title", { id: delivery.id }),
    lines: [t("retry.one", { handler: delivery.handler, notification: delivery.notification_id })],
    confirm: t("retry"),
    act: async () => t("retry.result", { result: (await post(path("deliveries", delivery.id, "retry"))).result }),
  });
}

export function skipDelivery(delivery) {
  confirmAction({
    title: t("skip.title", { id: delivery.id }),
    lines: [t("skip.one", { handler: delivery.handler, notification: delivery.notification_id }), t("skip.warning")],
    fields: [reasonField()],
    confirm: t("skip"),
    tone: "danger",
    act: async ({ reason }) => t("skip.result", { result: (await post(path("deliveries", delivery.id, "skip"), { reason })).result }),
  });
}

export function openQuarantined(item) {
  confirmAction({
    title: t("open.title"),
    lines: [t("open.one", { id: item.id || "–", mchid: item.mchid })],
    confirm: t("open"),
    act: async () => {
      const key = item.quarantine_id ?? item.id;
      return t("open.result", { result: (await post(path("quarantine", key, "open"), undefined, { mchid: item.mchid })).result });
    },
  });
}

/** Tries to read all these items, one after the other, and tells how many could be read. */
export function openAllQuarantined(items) {
  confirmAction({
    title: t("open.all"),
    lines: [t("open.all_what", { n: items.length })],
    confirm: t("open.all_run", { n: items.length }),
    act: async () => {
      let read = 0;
      for (const item of items) {
        try {
          await post(path("quarantine", item.quarantine_id, "open"), undefined, { mchid: item.mchid });
          read += 1;
        } catch (error) {
          // 404 and 409: gone meanwhile, or still sealed. Anything else would fail for the rest too.
          if (![404, 409].includes(error.status)) throw error;
        }
      }
      return t("open.all_result", { n: read, total: items.length });
    },
  });
}

export function discardQuarantined(item) {
  confirmAction({
    title: t("discard.title"),
    lines: [t("discard.one", { id: item.id || "–", mchid: item.mchid }), t("discard.warning")],
    fields: [reasonField()],
    confirm: t("discard"),
    tone: "danger",
    act: async ({ reason }) => {
      const key = item.quarantine_id ?? item.id;
      return t("discard.result", { result: (await post(path("quarantine", key, "discard"), { reason }, { mchid: item.mchid })).result });
    },
  });
}

/** Asks for the handler or the events to pause; `handler` presets and fixes the handler. */
export function pauseDeliveries(handler, open, handlers = []) {
  const fields = handler === undefined
    ? [{ name: "handler", label: t("handler"), options: handlers }, { name: "events", label: t("pause.events") }]
    : [{ name: "events", label: t("pause.events") }];
  confirmAction({
    title: handler === undefined ? t("pause.any") : t("pause.title", { handler }),
    lines: [open === undefined ? t("pause.what") : t("pause.what_open", { n: open })],
    fields: [...fields, reasonField()],
    confirm: t("pause"),
    tone: "danger",
    act: async (values) => {
      const done = await post("pauses", { handler: handler ?? values.handler, events: values.events, reason: values.reason });
      return t("pause.result") + (done.warning ? ` ${done.warning}` : "");
    },
  });
}

export function resumeDeliveries(pause) {
  confirmAction({
    title: t("resume.title", { what: [pause.handler, pause.events].filter(Boolean).join(" · ") }),
    lines: [t("resume.what", { reason: pause.reason || "–", by: pause.by || "–" })],
    confirm: t("resume"),
    act: async () => {
      await del("pauses", { handler: pause.handler, events: pause.events });
      return t("resume.result");
    },
  });
}
