// Tells when to ask the service again: at once after an event of GET /events, and every few seconds
// in any case. EventSource cannot send the token in a header, so the event stream is read with
// fetch().

import { authorization } from "./api.js";

const POLL_MS = 5000;
const PAUSE_AFTER_EVENT_MS = 1000;
const PAUSE_AFTER_REFUSAL_MS = 30000;

/**
 * Calls `refresh` (an async function) until stop() is called. Two calls never overlap, and there are
 * none while the tab is hidden.
 */
export class Live {
  #refresh;
  #stopped = new AbortController();
  #wake = () => {};
  #busy = false;
  #lastId = "";
  /** True while the event stream is connected. */
  streaming = false;

  constructor(refresh) {
    this.#refresh = refresh;
    document.addEventListener("visibilitychange", () => this.now(), { signal: this.#stopped.signal });
    this.#poll();
    this.#listen();
  }

  stop() {
    this.#stopped.abort();
    this.#wake();
  }

  /** Refreshes at once, or right after the refresh that is under way. */
  now() {
    this.#wake();
  }

  async #poll() {
    while (!this.#stopped.signal.aborted) {
      let again = false;
      const waiting = new Promise((resolve) => {
        this.#wake = () => {
          again = true;
          resolve();
        };
      });
      if (!document.hidden) await this.#refresh();
      if (again) continue;
      const timer = setTimeout(this.#wake, POLL_MS);
      await waiting;
      clearTimeout(timer);
    }
  }

  async #listen() {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      let wait = POLL_MS;
      try {
        const headers = { ...authorization(), Accept: "text/event-stream" };
        if (this.#lastId) headers["Last-Event-ID"] = this.#lastId;
        const reply = await fetch("events", { headers, signal, cache: "no-store" });
        if (reply.status === 401 || reply.status === 403) return;
        wait = PAUSE_AFTER_REFUSAL_MS;
        if (reply.ok) {
          this.streaming = true;
          await this.#read(reply);
          wait = PAUSE_AFTER_EVENT_MS;
        }
      } catch {
        // No answer, or stop() was called: the loop tries again or ends.
      }
      this.streaming = wait === PAUSE_AFTER_EVENT_MS;
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }

  async #read(reply) {
    const reader = reply.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    while (true) {
      const { done, value } = await reader.read();
      if (done) return;
      const lines = (rest + value).split(/\r?\n/);
      rest = lines.pop();
      for (const line of lines) if (line.startsWith("id:")) this.#lastId = line.slice(3).trim();
      if (lines.some((line) => line.startsWith("data:"))) this.#soon();
    }
  }

  /** Many events in a row cause one refresh a second, not one each. */
  #soon() {
    if (this.#busy) return;
    this.#busy = true;
    setTimeout(() => {
      this.#busy = false;
      this.now();
    }, PAUSE_AFTER_EVENT_MS);
  }
}
