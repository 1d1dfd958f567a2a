// Retry or skip of all deliveries that match a filter: plan, run, progress, cancel. The plan is a dry
// run; the run takes exactly the deliveries that the plan counted, less those that changed meanwhile.

import { del, get, path, post } from "./api.js";
import { openDialog, reasonField, say, showError } from "./actions.js";
import { button, facts, h } from "./dom.js";
import { count } from "./format.js";
import { t } from "./i18n.js";

const POLL_MS = 500;
const DONE = ["done", "cancelled", "failed"];

const pause = () => new Promise((resolve) => setTimeout(resolve, POLL_MS));

/** Follows a job until it ends, and calls `draw` with each state. Ends early if the dialog closes. */
async function follow(kind, job, dialog, draw) {
  let now = job;
  draw(now);
  while (!DONE.includes(now.state)) {
    await pause();
    if (!dialog.open) return null;
    now = await get(path("deliveries", kind, now.id));
    draw(now);
  }
  return now;
}

const filterFacts = (filter) => facts(Object.entries(filter).filter(([, value]) => value)
  .map(([name, value]) => [t(`filter.${name}`), value]));

class BulkDialog {
  constructor(kind, filter, refresh) {
    this.kind = kind;
    this.filter = filter;
    this.refresh = refresh;
    this.error = h("p", { class: "error", role: "alert" });
    this.step = h("div", { role: "status" });
    this.controls = h("div");
    this.dialog = openDialog(t(`${kind}.all`), filterFacts(filter), this.step, this.controls, this.error);
    this.dialog.classList.add("bulk");
    this.attempt(() => this.plan());
  }

  async attempt(act) {
    this.error.textContent = "";
    try {
      await act();
    } catch (failure) {
      showError(this.error, failure);
      this.buttons();
    }
  }

  buttons(...made) {
    this.controls.replaceChildren(...made, h("p", { class: "buttons" }, button(t("close"), () => this.dialog.close())));
  }

  cancelButton(job) {
    this.controls.replaceChildren(h("p", { class: "buttons" },
      button(t("bulk.stop"), () => this.attempt(() => del(path("deliveries", this.kind, job.id))), { class: "danger" })));
  }

  async plan() {
    const job = await post(`deliveries/${this.kind}`, { ...this.filter, dry_run: true });
    this.cancelButton(job);
    const planned = await follow(this.kind, job, this.dialog, (now) =>
      this.step.replaceChildren(h("p", {}, t("bulk.counting", { n: now.matched }))));
    if (planned === null) return;
    if (planned.state !== "done") {
      this.step.replaceChildren(h("p", {}, t(`bulk.${planned.state}`), " ", planned.error));
      this.buttons();
      return;
    }
    this.ask(planned);
  }

  ask(plan) {
    this.step.replaceChildren(
      h("p", { class: "plan" }, t(`${this.kind}.plan`, { n: plan.matched })),
      h("p", { class: "quiet" }, t("bulk.frozen")),
      ...(plan.unclaimed ? [h("p", {}, t("bulk.unclaimed", { n: plan.unclaimed }))] : []));
    if (plan.matched === 0) {
      this.buttons();
      return;
    }
    const go = h("button", { class: this.kind === "skip" ? "danger" : "primary" }, t(`${this.kind}.run`, { n: plan.matched }));
    const { name, label, max } = reasonField();
    const reason = this.kind === "skip" && h("p", { class: "field" }, h("label", { for: "bulk-reason" }, label),
      h("input", { id: "bulk-reason", name, required: true, maxlength: max, autocomplete: "off" }));
    const form = h("form", {}, reason, h("p", { class: "buttons" }, go, button(t("cancel"), () => this.dialog.close())));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const text = new FormData(form).get("reason");
      go.disabled = true;
      this.attempt(() => this.run({ plan: plan.id, ...(text ? { reason: text } : {}) }));
    });
    this.controls.replaceChildren(form);
    (reason ? form.querySelector("input") : go).focus();
  }

  async run(body) {
    const job = await post(`deliveries/${this.kind}`, body);
    this.cancelButton(job);
    const done = this.kind === "skip" ? "skipped" : "retried";
    const ended = await follow(this.kind, job, this.dialog, (now) => this.step.replaceChildren(
      h("progress", { max: Math.max(1, now.matched), value: now.looked_at, "aria-label": t("bulk.progress") }),
      h("p", {}, t(`${this.kind}.progress`, { done: now[done], looked: count(now.looked_at), n: now.matched }))));
    if (ended === null) return;
    this.step.append(h("p", {}, h("strong", {}, t(`bulk.${ended.state}`)), " ", ended.error));
    if (ended.planned > ended.matched) {
      this.step.append(h("p", { class: "quiet" }, t("bulk.changed", { n: ended.planned - ended.matched })));
    }
    this.buttons();
    this.controls.querySelector("button").focus();
    say(t(`${this.kind}.finished`, { n: ended[done] }));
    this.refresh();
  }
}

/**
 * \param kind "retry" or "skip"
 * \param filter members of the request: handler, state, type, mchid, error, since, until
 */
export const changeAll = (kind, filter, refresh) => new BulkDialog(kind, filter, refresh);
