// What a panel of Grafana becomes as a chart of the page: one series is a line through its time; several are bars, each the
// newest value of its series; a `stat` of one series is a number. Pure.

const units = {
  short: { scale: 1 },
  ops: { scale: 1, says: 'a second' },
  reqps: { scale: 1, says: 'a second' },
  percentunit: { scale: 100, says: '%' },
  bytes: { scale: 1 / 2 ** 20, says: 'MiB' },
  s: { scale: 1000, form: 's' },
  d: { scale: 1, says: 'days' },
};
const mostBars = 12;
const labelled = 6;

// What all names of a kind begin with would fill the space of what they differ by.
const nameOf = (legend, labels) => legend.replace(/\{\{(\w+)\}\}/g, (_, label) => (labels[label] ?? '').replace(/^(finetunelab-|\/api\/demo\/v2(?=\/))/, '')).trim();
const hundredths = (value) => Math.round(value * 100) / 100;
const isNumber = ([, value]) => Number.isFinite(Number(value));

// `answers`: for each of the panel's targets the series that a range query gave, `[{ metric, values: [[second, text]] }]`.
export function panelOf({ title, type, gridPos, fieldConfig, targets }, answers) {
  const unit = units[fieldConfig.defaults.unit];
  if (!unit) throw new Error(`${title}: the unit ${fieldConfig.defaults.unit} is not drawn`);
  const series = targets.flatMap(({ legendFormat }, at) =>
    answers[at].map(({ metric, values }) => ({ name: nameOf(legendFormat, metric), points: values.filter(isNumber).map(([second, value]) => [second, hundredths(value * unit.scale)]) })),
  ).filter(({ points }) => points.length > 0);
  const place = { title, left: gridPos.x, width: gridPos.w };
  const newest = ({ points }) => points[points.length - 1][1];
  if (series.length === 0) return { ...place, said: '–' };
  if (series.length === 1 && (type === 'stat' || series[0].points.length < 2)) {
    const said = [newest(series[0]).toString(), ...(unit.says ? [unit.says] : [])].join(' ');
    return { ...place, said: targets[0].legendFormat.includes('{{') ? `${series[0].name}: ${said}` : said };
  }
  const y = unit.says ? `${title} (${unit.says})` : title;
  const bars = series.length === 1 ? alongTime(series[0].points) : series.map((one) => ({ name: one.name, value: newest(one) })).sort((a, b) => b.value - a.value).slice(0, mostBars);
  const counts = bars.every(({ value }) => Number.isInteger(value));
  const shownIn = unit.form && Math.max(...bars.map(({ value }) => value)) < 1000 ? 'ms' : unit.form;
  return { ...place, form: { kind: series.length === 1 ? 'line' : 'across', x: '', y, unit: shownIn ?? '', counts, bars } };
}

// Names stand under some of the points alone, since all do not fit.
function alongTime(points) {
  const [[first]] = points;
  const step = Math.ceil(points.length / labelled);
  return points.map(([second, value], at) => ({ name: at % step === 0 ? `${Math.round(second - first)} s` : '', value }));
}
