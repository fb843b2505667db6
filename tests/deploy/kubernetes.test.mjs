// deploy/kubernetes: both overlays, built, walked field by field and held to what programs take and need.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { faultsOf } from './fields.mjs';
import { build } from './kustomize.mjs';
import { checkout, settingNames } from './settings.mjs';

const folder = (name) => `${checkout}/deploy/kubernetes/overlays/${name}`;
const overlays = { dev: build(folder('dev')), prod: build(folder('prod')) };
const [, version] = /project\(finetunelab VERSION (\S+)/.exec(readFileSync(`${checkout}/CMakeLists.txt`, 'utf8'));
const skip = !process.env.FTL_BUILD_DIR && 'set FTL_BUILD_DIR to a build tree with the programs';
const kubectl = spawnSync('kubectl', ['version', '--client'], { encoding: 'utf8' });
const hasKubectl = kubectl.status === 0 && /Kustomize Version: v([5-9]|\d\d)/.test(kubectl.stdout);

const ofKind = (objects, kind) => objects.filter((object) => object.kind === kind);
const pods = (objects) => objects.filter(({ kind }) => ['Deployment', 'StatefulSet', 'Job'].includes(kind))
  .map((object) => ({ name: object.metadata.name, kind: object.kind, labels: object.spec.template.metadata.labels, spec: object.spec.template.spec }));
const programs = (objects) => pods(objects).filter(({ spec }) => spec.containers[0].image.startsWith('finetunelab/'));
const copyOf = (object) => JSON.parse(JSON.stringify(object));
const selects = (selector, labels) => Object.entries(selector?.matchLabels ?? {}).every(([key, value]) => labels[key] === value);

for (const [name, objects] of Object.entries(overlays)) {
  test(`${name}: every field of every object is one of its kind`, () => {
    assert.ok(objects.length > 25);
    assert.deepEqual(objects.flatMap(faultsOf), []);
    const names = objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    assert.equal(new Set(names).size, names.length);
  });

  test(`${name}: kubectl builds the same`, { skip: !hasKubectl && 'there is no kubectl with kustomize 5' }, () => {
    const { stdout, stderr, status } = spawnSync('kubectl', ['kustomize', folder(name)], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    assert.equal(stderr, '', 'it warns of nothing');
    const byName = (a, b) => `${a.kind}${a.metadata.name}`.localeCompare(`${b.kind}${b.metadata.name}`);
    const theirs = parseAllDocuments(stdout).map((document) => document.toJS());
    assert.deepEqual(copyOf(objects).sort(byName), theirs.sort(byName));
  });

  test(`${name}: a program may do no more than it needs, and is not killed before its drain ends`, () => {
    assert.equal(programs(objects).length, 6);
    for (const { name: pod, kind, spec } of pods(objects)) {
      assert.equal(spec.automountServiceAccountToken, false, pod);
      assert.equal(spec.securityContext.runAsNonRoot, true, pod);
      assert.equal(spec.securityContext.seccompProfile.type, 'RuntimeDefault', pod);
      for (const container of spec.containers) {
        const { allowPrivilegeEscalation, readOnlyRootFilesystem, capabilities } = container.securityContext;
        assert.deepEqual([allowPrivilegeEscalation, readOnlyRootFilesystem, capabilities], [false, true, { drop: ['ALL'] }], pod);
        assert.ok(container.resources.limits.memory && container.resources.requests.cpu, pod);
        for (const { name: mount } of container.volumeMounts) assert.ok(spec.volumes.some((volume) => volume.name === mount) || kind === 'StatefulSet', `${pod}: ${mount}`);
      }
    }
    for (const { name: pod, kind, spec } of programs(objects).filter(({ kind }) => kind === 'Deployment')) {
      const [container] = spec.containers;
      const [, pause] = container.lifecycle.preStop.exec.command;
      assert.ok(spec.terminationGracePeriodSeconds > Number(pause) + 20, pod);
      const probed = ['startupProbe', 'readinessProbe', 'livenessProbe'].map((probe) => container[probe].httpGet);
      assert.deepEqual(probed.map(({ path, port }) => `${port}${path}`), ['admin/readyz', 'admin/readyz', 'admin/livez'], pod);
      assert.equal(spec.topologySpreadConstraints.length, 2, `${kind} ${pod}`);
      for (const { labelSelector } of spec.topologySpreadConstraints) assert.equal(labelSelector.matchLabels['app.kubernetes.io/name'], pod);
    }
  });

  test(`${name}: every setting is one of its program, and no secret stands among them`, { skip }, () => {
    for (const { name: pod, kind, spec } of programs(objects)) {
      const [{ env, image }] = spec.containers;
      const known = settingNames([image.replace(/^finetunelab\/(.*):.*/, 'finetunelab-$1')]);
      for (const { name: setting, value } of env) {
        assert.ok(known.has(setting), `${kind} ${pod}: there is no setting ${setting}`);
        if (/(DATABASE_URL|ENCRYPTION_KEY)/.test(setting)) assert.match(setting, /_FILE$/, pod);
        if (/_FILE$/.test(setting)) assert.match(value, /^\/identity\//, pod);
      }
    }
  });

  test(`${name}: nothing reaches out or is reached but what a policy names, and two programs alone reach the internet`, () => {
    const policies = ofKind(objects, 'NetworkPolicy').map(({ spec, metadata }) => ({ ...spec, name: metadata.name }));
    const deny = policies.find((policy) => policy.name === 'default-deny');
    assert.deepEqual([deny.podSelector, deny.policyTypes, deny.ingress, deny.egress], [{}, ['Ingress', 'Egress'], undefined, undefined]);
    const outward = pods(objects).filter(({ labels }) => policies.some(({ podSelector, egress }) =>
      selects(podSelector, labels) && egress?.some(({ to }) => to.some(({ ipBlock }) => ipBlock?.cidr === '0.0.0.0/0'))));
    assert.deepEqual(outward.map(({ name: pod }) => pod).sort(), ['analytics', 'batch-runner']);
    for (const { egress = [] } of policies) {
      for (const { ipBlock } of egress.flatMap(({ to }) => to).filter(({ ipBlock }) => ipBlock?.cidr === '0.0.0.0/0')) {
        for (const cidr of ['10.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.168.0.0/16']) assert.ok(ipBlock.except.includes(cidr), cidr);
      }
    }
    // Whoever is let out to a program is let in by it, and nobody else.
    const ways = (direction, side) => policies.flatMap(({ podSelector, [direction]: rules = [] }) =>
      rules.flatMap((rule) => (rule[side] ?? []).filter(({ podSelector: other }) => other).flatMap(({ podSelector: other }) =>
        rule.ports.map(({ port }) => {
          const [from, to] = direction === 'egress' ? [podSelector, other] : [other, podSelector];
          return `${Object.values(from.matchLabels)} ${Object.values(to.matchLabels)} ${port}`;
        }))));
    assert.deepEqual(ways('egress', 'to').sort(), ways('ingress', 'from').sort());
  });

  test(`${name}: Services find pods and ports, gRPC's are headless, and every Secret is made or named`, () => {
    for (const { metadata, spec } of ofKind(objects, 'Service')) {
      const found = pods(objects).filter(({ labels }) => selects({ matchLabels: spec.selector }, labels));
      assert.equal(found.length, 1, metadata.name);
      for (const { targetPort } of spec.ports) assert.ok(found[0].spec.containers[0].ports.some((port) => port.name === targetPort), metadata.name);
      assert.equal(spec.clusterIP === 'None', metadata.name !== 'gateway', metadata.name);
    }
    const made = ofKind(objects, 'Certificate').map(({ spec }) => spec.secretName);
    const byHand = ['migrate', 'session-vault', 'batch-runner', 'analytics', 'export', 'postgres'];
    for (const { name: pod, spec } of pods(objects)) {
      const used = spec.volumes.flatMap(({ secret, projected }) => secret?.secretName ?? projected?.sources.map((source) => source.secret.name) ?? []);
      for (const secret of used) assert.ok(made.includes(secret) || byHand.includes(secret), `${pod}: ${secret}`);
    }
    assert.deepEqual(ofKind(objects, 'Certificate').find(({ metadata }) => metadata.name === 'operator').spec.dnsNames, ['operator']);
    for (const { name: pod, spec } of programs(objects).filter(({ kind }) => kind === 'Deployment')) {
      const { spec: certificate } = ofKind(objects, 'Certificate').find(({ metadata }) => metadata.name === pod);
      assert.deepEqual(certificate.dnsNames, [pod]);
      assert.equal(spec.volumes[0].projected.sources[0].secret.name, certificate.secretName);
    }
  });

  test(`${name}: the migration and the images have this version's name`, () => {
    const [job] = ofKind(objects, 'Job');
    assert.equal(job.metadata.name, `migrate-${version.replaceAll('.', '-')}`);
    assert.equal(job.spec.template.spec.restartPolicy, 'Never');
    for (const { name: pod, spec } of programs(objects)) assert.ok(spec.containers[0].image.endsWith(`:${version}`), pod);
  });
}

test('the vault keeps its keys in a folder of its own making, which no later start opens to others', () => {
  for (const objects of Object.values(overlays)) {
    const { spec } = pods(objects).find(({ name }) => name === 'session-vault');
    assert.equal(spec.securityContext.fsGroupChangePolicy, 'OnRootMismatch');
    const mount = spec.containers[0].volumeMounts.find(({ name }) => name === 'keys').mountPath;
    const folderOfKeys = spec.containers[0].env.find(({ name }) => name === 'FTL_KEY_DIR').value;
    assert.ok(folderOfKeys.startsWith(`${mount}/`), folderOfKeys);
  }
});

test('prod: every program has a budget, and whom an autoscaler sizes has no size of its own', () => {
  const deployments = ofKind(overlays.prod, 'Deployment');
  const budgets = ofKind(overlays.prod, 'PodDisruptionBudget').map(({ spec }) => spec.selector.matchLabels['app.kubernetes.io/name']);
  assert.deepEqual(budgets.sort(), deployments.map(({ metadata }) => metadata.name).sort());
  const scaled = ofKind(overlays.prod, 'HorizontalPodAutoscaler').map(({ spec }) => spec.scaleTargetRef.name);
  assert.deepEqual(scaled.sort(), ['batch-runner', 'gateway']);
  for (const { metadata, spec } of deployments) assert.equal('replicas' in spec, !scaled.includes(metadata.name), metadata.name);
});

test('what is scraped has the labels that alerts ask for', () => {
  const [{ spec }] = ofKind(overlays.prod, 'ServiceMonitor');
  const [{ port, relabelings }] = spec.endpoints;
  assert.ok(relabelings.some(({ targetLabel, replacement }) => targetLabel === 'job' && replacement === 'finetunelab'));
  assert.ok(relabelings.some(({ targetLabel, sourceLabels }) => targetLabel === 'service' && sourceLabels[0] === '__meta_kubernetes_service_name'));
  const scraped = ofKind(overlays.prod, 'Service').filter(({ metadata }) => selects(spec.selector, metadata.labels));
  assert.deepEqual(scraped.map(({ metadata }) => metadata.name).sort(), ofKind(overlays.prod, 'Deployment').map(({ metadata }) => metadata.name).sort());
  for (const { spec: service } of scraped) assert.ok(service.ports.some(({ name }) => name === port));
  const [rules] = ofKind(overlays.prod, 'PrometheusRule');
  for (const [, job] of JSON.stringify(rules).matchAll(/job=\\"(\w+)\\"/g)) assert.equal(job, 'finetunelab');
});

test('a misspelling, a wrong type and a kind that is none are found', () => {
  const deployment = ofKind(overlays.prod, 'Deployment')[0];
  const spoiled = (spoil) => {
    const copy = copyOf(deployment);
    spoil(copy, copy.spec.template.spec.containers[0]);
    return faultsOf(copy);
  };
  assert.match(spoiled((_, container) => { container.readynessProbe = container.readinessProbe; })[0], /readynessProbe: there is no such field/);
  assert.match(spoiled((object) => { object.spec.template.spec.securityContext.runAsNonroot = true; })[0], /runAsNonroot/);
  assert.match(spoiled((object) => { object.spec.replicas = 'two'; })[0], /replicas/);
  assert.match(spoiled((object) => { object.apiVersion = 'apps/v1beta9'; })[0], /there is no Deployment/);
  const certificate = copyOf(ofKind(overlays.prod, 'Certificate')[0]);
  certificate.spec.dnsName = ['x'];
  assert.match(faultsOf(certificate)[0], /dnsName: there is no such field/);
});
