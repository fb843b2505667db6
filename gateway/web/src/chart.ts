// A tool's `series` as something to draw. Shapes taken: [{name, unit?, points: [{label|x, value|y}]}] and [{label, value}].
export interface Series {
  name: string;
  unit: string;
  labels: string[];
  values: number[];
}

type Loose = Record<string, unknown>;

export function readSeries(series: unknown): Series[] {
  const list = Array.isArray(series) ? series : series && typeof series === 'object' ? [series] : [];
  if (list.length === 0) return [];
  const withPoints = (list as Loose[]).filter((one) => Array.isArray(one?.points));
  const drawn = withPoints.length > 0 ? withPoints.map((one) => fromPoints(one.points as unknown[], one)) : [fromPoints(list, {})];
  return drawn.filter((one) => one.values.length > 1);
}

function fromPoints(points: unknown[], head: Loose): Series {
  const labels: string[] = [];
  const values: number[] = [];
  for (const point of points) {
    const [label, value] = Array.isArray(point) ? point : labelAndValue(point as Loose);
    if (typeof value !== 'number' || !Number.isFinite(value)) continue;
    labels.push(String(label ?? labels.length + 1));
    values.push(value);
  }
  return { name: String(head.name ?? head.label ?? ''), unit: String(head.unit ?? ''), labels, values };
}

function labelAndValue(point: Loose | null): [unknown, unknown] {
  if (!point) return [undefined, undefined];
  const bucket = point.from_ms !== undefined && point.to_ms !== undefined ? `${point.from_ms}-${point.to_ms} ms` : undefined;
  return [point.label ?? point.x ?? bucket ?? point.name, point.value ?? point.y ?? point.count];
}
