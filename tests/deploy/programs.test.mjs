// What an orchestrator relies on: programs that refuse at start what cannot work, and that answer probes. Needs built programs
// (FTL_BUILD_DIR).
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';

const skip = !process.env.FTL_BUILD_DIR && 'set FTL_BUILD_DIR to a build tree with the programs';
const database = 'postgresql:///nowhere?host=/nonexistent';

const run = (program, parameters, env) =>
  spawnSync(join(process.env.FTL_BUILD_DIR, 'bin', program), parameters, { env, encoding: 'utf8', timeout: 20_000 });

for (const program of ['finetunelab-batch-runner', 'finetunelab-analytics', 'finetunelab-session-vault']) {
  test(`${program} by itself refuses to start without certificates, naming the three settings`, { skip }, () => {
    const { status, stderr } = run(program, ['--check-config'], { DATABASE_URL: database });
    assert.equal(status, 78);
    for (const name of ['FTL_TLS_CA_FILE', 'FTL_TLS_CERT_FILE', 'FTL_TLS_KEY_FILE']) assert.match(stderr, new RegExp(name));
  });
}

test('an address that is none is refused before anything starts', { skip }, () => {
  for (const setting of ['FTL_HTTP_ADDRESS', 'FTL_ADMIN_ADDRESS']) {
    const { status, stderr } = run('finetunelab-gateway', ['--check-config'], { [setting]: 'nope' });
    assert.equal(status, 78);
    assert.match(stderr, new RegExp(`${setting} is "nope"`));
  }
});

test('a gRPC address that is none is refused before anything starts', { skip }, () => {
  for (const setting of ['FTL_EXPORT_ADDRESS', 'FTL_SESSION_VAULT_ADDRESS']) {
    const { status, stderr } = run('finetunelab-gateway', ['--check-config'], { [setting]: 'nope' });
    assert.equal(status, 78);
    assert.match(stderr, new RegExp(`${setting} is "nope"`));
  }
});

test('a misspelt setting is refused, naming the one that was meant', { skip }, () => {
  const { status, stderr } = run('finetunelab', ['--check-config'], { DEMO_SESION_TTL_SECONDS: '60', FTL_HTTP_ADRESS: '127.0.0.1:0' });
  assert.equal(status, 78);
  assert.match(stderr, /DEMO_SESION_TTL_SECONDS is no setting; DEMO_SESSION_TTL_SECONDS is one/);
  assert.match(stderr, /FTL_HTTP_ADRESS is no setting; FTL_HTTP_ADDRESS is one/);
});

test('a setting that is no other program\'s either is told, and is no fault', { skip }, () => {
  const { status, stderr } = run('finetunelab-gateway', ['--check-config'], { FTL_LIMIT_OF_NOTHING: '1', DEMO_NOTHING: '1', PATH: '/bin' });
  assert.equal(status, 0, stderr);
  assert.deepEqual(stderr.trim().split('\n').sort(), ['DEMO_NOTHING', 'FTL_LIMIT_OF_NOTHING'].map((name) => `${name} is no setting of finetunelab-gateway and changes nothing here.`));
});

test('gRPC is not let print messages, and the keys in them', { skip }, () => {
  for (const program of ['finetunelab', 'finetunelab-gateway', 'finetunelab-session-vault', 'finetunelab-batch-runner', 'finetunelab-analytics', 'finetunelab-export']) {
    for (const parameters of [['--check-config'], []]) {
      const { status, stderr } = run(program, parameters, { DATABASE_URL: database, GRPC_TRACE: 'all' });
      assert.equal(status, 78, program);
      assert.match(stderr, /^GRPC_TRACE is set; gRPC would print messages, and keys with them\.$/m);
    }
  }
});

test('--help puts settings together by whose they are', { skip }, () => {
  const { stdout } = run('finetunelab', ['--help'], {});
  for (const section of ['every program', 'session-vault', 'batch-runner', 'gateway']) {
    assert.match(stdout, new RegExp(`Settings of ${section}:`));
  }
});

test('a program whose admin port is taken says so and ends', { skip }, async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => taken.on('listening', resolve));
  const address = `127.0.0.1:${taken.address().port}`;
  try {
    const { status, stderr } = run('finetunelab-export', [], { DATABASE_URL: database, FTL_ADMIN_ADDRESS: address });
    assert.equal(status, 69);
    assert.match(stderr, new RegExp(`FTL_ADMIN_ADDRESS is ${address}`));
  } finally {
    taken.close();
  }
});

test('healthcheck says that nobody answers, and that it does not know whom to ask', { skip }, () => {
  assert.equal(run('finetunelab-export', ['healthcheck'], { FTL_ADMIN_ADDRESS: '127.0.0.1:1' }).status, 69);
  assert.equal(run('finetunelab-export', ['healthcheck'], {}).status, 78);
});
