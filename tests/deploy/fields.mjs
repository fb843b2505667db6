// Holds an object to the schema of its kind, strictly: wrong types, what is missing, and fields that there are not.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

// Kinds that come with an operator: the fields that we use, as their own references have them.
const foreign = {
  'cert-manager.io/v1 Issuer': { selfSigned: {}, ca: { secretName: 1 } },
  'cert-manager.io/v1 Certificate': {
    isCA: 1, commonName: 1, secretName: 1, duration: 1, renewBefore: 1, dnsNames: 1, usages: 1,
    privateKey: { algorithm: 1, size: 1, rotationPolicy: 1 }, issuerRef: { name: 1, kind: 1, group: 1 },
  },
  'monitoring.coreos.com/v1 ServiceMonitor': {
    selector: { matchLabels: 1 },
    endpoints: { port: 1, path: 1, interval: 1, relabelings: { sourceLabels: 1, targetLabel: 1, regex: 1, replacement: 1, action: 1 } },
  },
  'monitoring.coreos.com/v1 PrometheusRule': {
    groups: { name: 1, interval: 1, rules: { record: 1, alert: 1, expr: 1, for: 1, labels: 1, annotations: 1 } },
  },
};

function unknownIn(value, fields, path) {
  if (fields === 1 || value === null || typeof value !== 'object') return [];
  if (Array.isArray(value)) return value.flatMap((item, index) => unknownIn(item, fields, `${path}[${index}]`));
  return Object.entries(value).flatMap(([key, inner]) =>
    key in fields ? unknownIn(inner, fields[key], `${path}.${key}`) : [`${path}.${key}: there is no such field`]);
}

// The schemas take fields that they do not know, without looking at them: what was never read is none of theirs.
function watched(value, path, unread) {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((item, index) => watched(item, `${path}[${index}]`, unread));
  for (const key of Object.keys(value)) unread.add(`${path}.${key}`);
  const inner = Object.fromEntries(Object.entries(value).map(([key, each]) => [key, watched(each, `${path}.${key}`, unread)]));
  return new Proxy(inner, {
    get(of, key) {
      unread.delete(`${path}.${String(key)}`);
      return of[key];
    },
    ownKeys(of) {
      for (const key of Object.keys(of)) unread.delete(`${path}.${key}`);
      return Reflect.ownKeys(of);
    },
  });
}

function modelOf({ apiVersion, kind }) {
  try {
    return require(`kubernetes-models/${apiVersion}/${kind}`)[kind];
  } catch {
    return undefined;
  }
}

export function faultsOf(object) {
  const name = `${object.kind} ${object.metadata?.name}`;
  const fields = foreign[`${object.apiVersion} ${object.kind}`];
  if (fields) return unknownIn(object.spec, fields, `${name}: spec`);
  const Model = modelOf(object);
  if (!Model) return [`${name}: there is no ${object.kind} in ${object.apiVersion}`];
  const unread = new Set();
  try {
    Model.prototype.validate.call(watched(object, name, unread));
  } catch (error) {
    return [`${name}: ${error.message}`];
  }
  return [...unread].map((field) => `${field}: there is no such field`);
}
