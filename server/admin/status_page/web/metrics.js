// Reads Prometheus text: GET /metrics has what /status leaves out, such as the numbers of each
// handler and the histogram of reply times.

/** Parses Prometheus text into a list of {name, labels, value}. */
export function parseMetrics(text) {
  const samples = [];
  for (const line of text.split("\n")) {
    const parts = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/.exec(line);
    if (!parts) continue;
    const labels = {};
    for (const [, name, value] of (parts[2] ?? "").matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)) {
      labels[name] = value.replace(/\\(.)/g, (_, c) => (c === "n" ? "\n" : c));
    }
    const value = { "+Inf": Infinity, "-Inf": -Infinity, NaN }[parts[3]] ?? Number(parts[3]);
    samples.push({ name: parts[1], labels, value });
  }
  return samples;
}

export class Metrics {
  constructor(text) {
    this.samples = parseMetrics(text);
  }

  all(name) {
    return this.samples.filter((each) => each.name === name);
  }

  /** Value of the first sample with this name and these labels; undefined if there is none. */
  value(name, labels = {}) {
    const wanted = Object.entries(labels);
    return this.all(name).find((each) => wanted.every(([key, value]) => each.labels[key] === value))?.value;
  }

  /**
   * Upper bound of the bucket in which the quantile lies, in the unit of the histogram; null if the
   * histogram is empty. `before` is an earlier reading: then only newer samples count.
   */
  quantile(name, q, before) {
    const buckets = this.all(name + "_bucket").map((each) => ({
      bound: each.labels.le === "+Inf" ? Infinity : Number(each.labels.le),
      n: each.value - (before?.value(name + "_bucket", { le: each.labels.le }) ?? 0),
    }));
    const total = buckets.at(-1)?.n ?? 0;
    if (total <= 0) return null;
    return buckets.find((each) => each.n >= q * total).bound;
  }
}
