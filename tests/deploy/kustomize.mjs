// Builds a kustomization as `kubectl kustomize` does, as far as deploy/kubernetes uses it: resources, components, namespace,
// patches by strategic merge, ConfigMaps of files. Whatever else a kustomization says is a fault.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';

const known = ['apiVersion', 'kind', 'resources', 'components', 'namespace', 'patches', 'configMapGenerator', 'generatorOptions'];
// As Kubernetes reads it: 0440 is octal.
const yaml = { version: '1.1' };
const ofCluster = ['Namespace'];
const named = ['containers', 'env', 'volumes'];

const isMap = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);

// Lists whose items have names are merged by them; those that the patch adds come first, as kustomize puts them.
function mergeNamed(base, patch) {
  const merged = base.map((item) => {
    const change = patch.find(({ name }) => name === item.name);
    return change ? merge(item, change) : item;
  });
  return [...patch.filter(({ name }) => !base.some((item) => item.name === name)), ...merged];
}

function merge(base, patch) {
  const merged = { ...base };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else if (isMap(value) && isMap(merged[key])) merged[key] = merge(merged[key], value);
    else if (named.includes(key) && Array.isArray(merged[key])) merged[key] = mergeNamed(merged[key], value);
    else merged[key] = value;
  }
  return merged;
}

function generated(folder, options, { name, files, ...other }) {
  assert.deepEqual(other, {}, folder);
  assert.equal(options?.disableNameSuffixHash, true, `${folder}: names with a hash are not understood`);
  const data = Object.fromEntries(files.map((file) => [basename(file), readFileSync(join(folder, file), 'utf8')]));
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data };
}

export function build(folder, before = []) {
  const said = parse(readFileSync(join(folder, 'kustomization.yaml'), 'utf8'), yaml);
  for (const key of Object.keys(said)) assert.ok(known.includes(key), `${folder}: ${key} is not understood`);
  const objects = [...before];
  for (const resource of said.resources ?? []) {
    const path = join(folder, resource);
    if (existsSync(join(path, 'kustomization.yaml'))) objects.push(...build(path));
    else objects.push(...parseAllDocuments(readFileSync(path, 'utf8'), yaml).map((document) => document.toJS()));
  }
  objects.push(...(said.configMapGenerator ?? []).map((one) => generated(folder, said.generatorOptions, one)));
  let built = objects;
  for (const component of said.components ?? []) built = build(join(folder, component), built);
  for (const { patch, ...other } of said.patches ?? []) {
    assert.deepEqual(other, {}, `${folder}: only patches that name their object are understood`);
    const change = parse(patch, yaml);
    const target = built.filter(({ kind, metadata }) => kind === change.kind && metadata.name === change.metadata.name);
    assert.equal(target.length, 1, `${folder}: no ${change.kind} ${change.metadata.name} to patch`);
    built = built.map((object) => (object === target[0] ? merge(object, change) : object));
  }
  if (!said.namespace) return built;
  return built.map((object) => (ofCluster.includes(object.kind) ? object : merge(object, { metadata: { namespace: said.namespace } })));
}
