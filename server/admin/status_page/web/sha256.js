// SHA-256 (FIPS 180-4) of a text's UTF-8 bytes, as 64 hexadecimal digits. crypto.subtle exists only
// in secure contexts (HTTPS and localhost); the status endpoint may be reached over plain HTTP on
// another address of a private network, so there is an implementation of our own too.

const ROUNDS = 64;

/** The first 32 bits of the fractional part of the root of each of the first primes. */
function fractions(root, length) {
  const found = [];
  for (let n = 2; found.length < length; n += 1) {
    let isPrime = true;
    for (let d = 2; d * d <= n; d += 1) if (n % d === 0) isPrime = false;
    if (isPrime) found.push(((root(n) % 1) * 2 ** 32) | 0);
  }
  return found;
}

const K = fractions(Math.cbrt, ROUNDS);
const START = fractions(Math.sqrt, 8);
const rotated = (x, n) => (x >>> n) | (x << (32 - n));

function padded(bytes) {
  const length = Math.ceil((bytes.length + 9) / 64) * 64;
  const whole = new Uint8Array(length);
  whole.set(bytes);
  whole[bytes.length] = 0x80;
  const view = new DataView(whole.buffer);
  view.setUint32(length - 8, Math.floor(bytes.length / 2 ** 29));
  view.setUint32(length - 4, (bytes.length << 3) >>> 0);
  return view;
}

function compress(state, view, offset) {
  const w = new Int32Array(ROUNDS);
  for (let i = 0; i < 16; i += 1) w[i] = view.getInt32(offset + 4 * i);
  for (let i = 16; i < ROUNDS; i += 1) {
    const s0 = rotated(w[i - 15], 7) ^ rotated(w[i - 15], 18) ^ (w[i - 15] >>> 3);
    const s1 = rotated(w[i - 2], 17) ^ rotated(w[i - 2], 19) ^ (w[i - 2] >>> 10);
    w[i] = (w[i - 16] + s0 + w[i - 7] + s1) | 0;
  }
  let [a, b, c, d, e, f, g, last] = state;
  for (let i = 0; i < ROUNDS; i += 1) {
    const s1 = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25);
    const one = (last + s1 + ((e & f) ^ (~e & g)) + K[i] + w[i]) | 0;
    const s0 = rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22);
    const two = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    [a, b, c, d, e, f, g, last] = [(one + two) | 0, a, b, c, (d + one) | 0, e, f, g];
  }
  return [a, b, c, d, e, f, g, last].map((value, i) => (value + state[i]) | 0);
}

const hex = (number) => (number >>> 0).toString(16).padStart(8, "0");

/** SHA-256 without crypto.subtle. */
export function sha256OfOurOwn(text) {
  const view = padded(new TextEncoder().encode(text));
  let state = START;
  for (let offset = 0; offset < view.byteLength; offset += 64) state = compress(state, view, offset);
  return state.map(hex).join("");
}

export async function sha256(text) {
  if (!globalThis.crypto?.subtle) return sha256OfOurOwn(text);
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
