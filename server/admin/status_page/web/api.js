// Requests to the status endpoint, with the operator's token in a header. The token is kept in
// sessionStorage, that is until the browser tab is closed, and is never part of a URL.

const STORAGE_KEY = "couponhook.token";
const TIMEOUT_MS = 10000;

/** The token was refused, or has characters that no token can have. */
export class Unauthorized extends Error {}

/**
 * The status endpoint answered with an error (`status`, `code` and `message` of the reply), or gave
 * no answer (status 0, code NO_ANSWER).
 */
export class ApiError extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

let token = sessionStorage.getItem(STORAGE_KEY);

export const hasToken = () => token !== null;

export function setToken(text) {
  token = text;
  sessionStorage.setItem(STORAGE_KEY, text);
}

export function removeToken() {
  token = null;
  sessionStorage.removeItem(STORAGE_KEY);
}

/** JSON reviver: keeps all digits of integers (such as identifiers) that JavaScript would round. */
function exactly(key, value, context) {
  const rounded = Number.isInteger(value) && !Number.isSafeInteger(value);
  return rounded && context && JSON.rawJSON ? JSON.rawJSON(context.source) : value;
}

export const parseJson = (text) => JSON.parse(text, exactly);

/** Header fields that carry the token. Throws Unauthorized if the token cannot be one. */
export function authorization() {
  if (!/^[\x21-\x7e]+$/.test(token ?? "")) throw new Unauthorized("characters");
  return { Authorization: "Bearer " + token };
}

function withQuery(path, query) {
  const given = Object.entries(query ?? {}).filter(([, value]) => value !== undefined && value !== "");
  // The service reads + in a query as a plus sign, so a blank is sent as %20.
  return given.length ? `${path}?${new URLSearchParams(given).toString().replaceAll("+", "%20")}` : path;
}

/** Sends a request. Returns {status, ok, text}. */
export async function send(method, path, { query, body, signal } = {}) {
  const sent = token;
  const signals = [AbortSignal.timeout(TIMEOUT_MS), signal].filter(Boolean);
  let reply;
  let text;
  try {
    reply = await fetch(withQuery(path, query), {
      method,
      headers: authorization(),
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: signals.length > 1 && AbortSignal.any ? AbortSignal.any(signals) : signals[0],
      cache: "no-store",
    });
    text = await reply.text();
  } catch (error) {
    if (error instanceof Unauthorized || signal?.aborted) throw error;
    throw new ApiError(0, "NO_ANSWER", error.message);
  }
  // The token was removed or changed while the request ran: its reply must not be shown.
  if (sent !== token) throw new DOMException("the token was changed", "AbortError");
  if (reply.status === 401) throw new Unauthorized("refused");
  return { status: reply.status, ok: reply.ok, text };
}

async function sendJson(method, path, options) {
  const { status, ok, text } = await send(method, path, options);
  let body = null;
  try {
    body = parseJson(text);
  } catch {
    throw new ApiError(status, `HTTP ${status}`, text.slice(0, 200));
  }
  if (!ok) throw new ApiError(status, body.code ?? `HTTP ${status}`, body.message ?? "");
  return body;
}

export const get = (path, query, signal) => sendJson("GET", path, { query, signal });
export const post = (path, body, query) => sendJson("POST", path, { body, query });
export const del = (path, query) => sendJson("DELETE", path, { query });

/** Like get(), but null if there is no such item (404). */
export async function getIfThere(path, query, signal) {
  try {
    return await get(path, query, signal);
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}

/** Makes a path from its segments, each encoded for the URL. */
export const path = (...segments) => segments.map((each) => encodeURIComponent(each)).join("/");
