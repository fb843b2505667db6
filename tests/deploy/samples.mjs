// Prometheus' text format, read.

export function samplesOf(text) {
  return text.split('\n').filter((line) => line && !line.startsWith('#')).map((line) => {
    const [, metric, inner = '', value] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/.exec(line);
    const labels = Object.fromEntries([...inner.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, name, said]) => [name, said]));
    return { metric, labels, value: Number(value) };
  });
}

// The sum of the samples that have these labels; undefined where there is none.
export function valueOf(samples, metric, labels = {}) {
  const found = samples.filter((sample) => sample.metric === metric && Object.entries(labels).every(([name, said]) => sample.labels[name] === said));
  return found.length ? found.reduce((sum, { value }) => sum + value, 0) : undefined;
}
