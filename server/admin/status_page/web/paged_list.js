// A list that the service gives page by page.

import { get } from "./api.js";
import { button, h, redraw, table } from "./dom.js";
import { t } from "./i18n.js";

const LIMIT = 100;

/** A list with its own "older" button, refreshed while only its first page is shown. */
export class PagedList {
  constructor(call, path, query, columns, rowOf, title, empty) {
    Object.assign(this, { call, path, query, columns, rowOf, title, empty });
    this.items = [];
    this.cursor = null;
    this.isPaged = false;
    this.list = h("div");
    this.more = button(t("older"), () => call.attempt(() => this.older()), { hidden: true });
    this.place = h("div", {}, this.list, this.more);
  }

  draw() {
    redraw(this.list, this.items, () => table(this.title, this.columns, this.items.map(this.rowOf), this.empty));
    this.more.hidden = this.cursor === null;
  }

  async refresh() {
    if (this.isPaged) return;
    const page = await get(this.path, { ...this.query, limit: LIMIT }, this.call.signal);
    this.items = page.items;
    this.cursor = page.next_cursor;
    this.draw();
  }

  async older() {
    const page = await get(this.path, { ...this.query, limit: LIMIT, cursor: this.cursor }, this.call.signal);
    this.isPaged = true;
    this.items = [...this.items, ...page.items];
    this.cursor = page.next_cursor;
    this.draw();
  }
}
