// What every answer owes the contract's first section, as assertions.
import assert from 'node:assert/strict';

export const kTimestamp = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
export const kUuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
export const kSessionId = /^demo-[0-9a-f]{64}$/;

const securityHeaders = {
  'x-content-type-options': /^nosniff$/,
  'referrer-policy': /^no-referrer$/,
  'cross-origin-opener-policy': /^same-origin$/,
  'cross-origin-resource-policy': /^same-origin$/,
  'permissions-policy': /./,
};

// A problem document (RFC 9457) with this status and code. `fields`: those that must be listed as wrong, each exactly once,
// and no others.
export function isProblem(answer, status, code, fields) {
  const said = `${answer.what}: ${answer.status} ${answer.text.slice(0, 600)}`;
  assert.equal(answer.status, status, said);
  assert.match(answer.headers.get('content-type') ?? '', /^application\/problem\+json\b/, said);
  const problem = answer.json;
  assert.ok(problem, said);
  assert.equal(problem.status, status, said);
  if (code) assert.equal(problem.code, code, said);
  assert.match(problem.code, /^[a-z][a-z0-9_]*$/, said);
  for (const name of ['type', 'title', 'detail', 'request_id']) {
    assert.equal(typeof problem[name], 'string', `${name} of ${said}`);
    assert.notEqual(problem[name], '', `${name} of ${said}`);
  }
  assert.match(problem.detail, /([.!?]|")$/, `the detail is a sentence: ${said}`);
  assert.equal(problem.request_id, answer.headers.get('x-request-id'), said);
  const known = ['type', 'title', 'status', 'detail', 'code', 'request_id', 'errors'];
  assert.deepEqual(Object.keys(problem).filter((name) => !known.includes(name)), [], said);
  for (const fault of problem.errors ?? []) {
    assert.deepEqual(Object.keys(fault).sort(), ['field', 'message'], said);
    assert.ok(fault.field && fault.message, said);
  }
  if (fields) {
    assert.deepEqual((problem.errors ?? []).map(({ field }) => field).sort(), [...fields].sort(), said);
  }
  if ([429, 503].includes(status)) assert.match(answer.headers.get('retry-after') ?? '', /^[1-9]\d*$/, `Retry-After of ${said}`);
  carriesHeaders(answer);
  return problem;
}

export function carriesHeaders({ what, headers }) {
  for (const [name, wanted] of Object.entries(securityHeaders)) {
    assert.match(headers.get(name) ?? 'absent', wanted, `${name} of ${what}`);
  }
  const policy = headers.get('content-security-policy') ?? '';
  assert.match(policy, /(^|; *)default-src '(none|self)'/, `Content-Security-Policy of ${what}`);
  assert.doesNotMatch(policy, /unsafe-inline|unsafe-eval|https?:|\*/, `Content-Security-Policy of ${what}`);
  assert.match(headers.get('x-request-id') ?? 'absent', /^[A-Za-z0-9._-]{1,128}$/, `X-Request-Id of ${what}`);
  assert.equal(headers.get('access-control-allow-origin'), null, `CORS is off: ${what}`);
}

const camelCase = new Set(['testRuns']);
// Maps whose keys are values, and JSON that a person gave.
const keysAreData = new Set(['errors_by_type', 'requests_by_model', 'requests_by_provider']);
const isData = new Set(['value']);
// Cells of a table may be empty.
const mayHoldNull = new Set(['rows']);

// The conventions for JSON: snake_case, absent rather than null, numbers as plain digits with at most three decimals where
// they are milliseconds, moments in UTC.
export function isConventional(answer) {
  const outsideStrings = answer.text.replace(/"(?:[^"\\]|\\.)*"/g, '""');
  assert.doesNotMatch(outsideStrings, /\d[eE][+-]?\d/, `an exponent in ${answer.what}: ${outsideStrings}`);
  for (const milliseconds of answer.text.matchAll(/"\w+_ms":(-?[\d.]+)/g)) {
    assert.match(milliseconds[1], /^\d+(\.\d{1,3})?$/, `${milliseconds[0]} in ${answer.what}`);
  }
  walk(answer.json, answer.what, '');
}

function walk(value, what, name) {
  if (Array.isArray(value)) {
    if (!mayHoldNull.has(name)) for (const one of value) walk(one, what, name);
    return;
  }
  if (isData.has(name)) return;
  assert.notEqual(value, null, `${name} of ${what} is null`);
  if (typeof value === 'object') {
    for (const [key, inner] of Object.entries(value)) {
      if (!keysAreData.has(name)) assert.ok(camelCase.has(key) || /^[a-z][a-z0-9_]*$/.test(key), `${key} of ${what} is not snake_case`);
      walk(inner, what, key);
    }
  }
  if (/_at$|_from$/.test(name) && typeof value === 'string') assert.match(value, kTimestamp, `${name} of ${what}`);
  if (/(_ms|_count|_prompts|_tokens|_id|^prompt_id)$/.test(name) && typeof value === 'string') {
    assert.ok(/_id$/.test(name) && !/prompt_id/.test(name), `${name} of ${what} is text`);
  }
}

// Exactly these fields: all of `must`, and of the rest only `may`.
export function hasFields(value, must, may = []) {
  const there = Object.keys(value);
  assert.deepEqual(must.filter((name) => !there.includes(name)), [], `missing in ${JSON.stringify(value).slice(0, 300)}`);
  const known = [...must, ...may];
  assert.deepEqual(there.filter((name) => !known.includes(name)), [], 'unknown fields');
}

export function isAbout(actual, wanted, slack, what) {
  assert.equal(typeof actual, 'number', `${what} is ${actual}`);
  assert.ok(Math.abs(actual - wanted) <= slack, `${what} is ${actual} and should be ${wanted}`);
}
