// The banner that every page shows while deliveries are paused.

import { resumeDeliveries } from "./actions.js";
import { button, h, redraw, timeOf } from "./dom.js";
import { t } from "./i18n.js";

export function drawPauses(place, pauses) {
  redraw(place, pauses, () => pauses.map((pause) => {
    const what = [pause.handler, pause.events].filter(Boolean).join(" · ");
    return h("p", { class: "banner" },
      h("strong", {}, t("paused.banner", { what })), " ",
      h("span", {}, t("paused.since"), " ", timeOf(pause.since), pause.by ? ` · ${pause.by}` : "", pause.reason ? ` · ${pause.reason}` : ""),
      button(t("resume"), () => resumeDeliveries(pause), { "aria-label": `${t("resume")}: ${what}`, "data-focus": `resume ${what}` }));
  }));
}
