// Whose checks are much work pays for it alone: other people's runs go on, and what was too much work has not passed.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { chatEndpoint } from '../endpoint.mjs';
import { endOf, finishedRun, resultsOf, startRun, testedSession, uniquePrompts } from '../sessions.mjs';

// Expressions whose automata have too many states to remember over `a` and `b` without order; no two are the same.
const hard = Array.from({ length: 64 }, (_, index) => ({ kind: 'regex', value: `a[ab]{${12 + (index % 8)}}${'c'.repeat(1 + index / 8)}` }));
const withoutOrder = Array.from(randomBytes(900_000), (byte) => (byte % 2 ? 'a' : 'b')).join('');
const withChecks = (prompts, checks) => prompts.map((prompt) => ({ prompt, checks }));

test('twenty answers of 900 KB with 64 hard patterns each delay nobody else', { timeout: 180_000 }, async (t) => {
  const long = await chatEndpoint(t, () => ({ text: withoutOrder }));
  const usual = await chatEndpoint(t, () => ({ delayMs: 100 }));
  const greedy = await testedSession(t, { endpoint_url: long.url });
  const modest = await testedSession(t, { endpoint_url: usual.url });
  const timed = async () => {
    const began = performance.now();
    const prompts = withChecks(uniquePrompts(20), [{ kind: 'regex', value: '^Fine' }, { kind: 'contains', value: 'fine', ignore_case: true }]);
    const { results } = await finishedRun(modest, prompts, { concurrency: 2, stream: false });
    assert.equal(results.filter(({ checks }) => checks.every(({ passed }) => passed)).length, 20);
    return performance.now() - began;
  };
  const alone = await timed();
  const runId = await startRun(greedy, withChecks(uniquePrompts(20), hard), { concurrency: 20, stream: false });
  const beside = await timed();
  console.log(`# alone ${alone.toFixed(0)} ms, beside ${beside.toFixed(0)} ms`);
  assert.ok(beside < 1.4 * alone + 300, `${beside} ms in place of ${alone}`);
  assert.equal((await endOf(runId, { seconds: 120 })).status, 'completed');
  const { results } = await resultsOf(runId);
  const checks = results.flatMap((result) => result.checks);
  assert.equal(checks.length, 20 * 64);
  assert.deepEqual(checks.filter(({ passed }) => passed), []);
  const judged = checks.filter(({ detail }) => /does not match/.test(detail)).length;
  const notJudged = checks.filter(({ detail }) => /was not judged/.test(detail)).length;
  assert.equal(judged + notJudged, checks.length);
  assert.ok(judged > 0 && notJudged > 0, `${judged} judged, ${notJudged} not`);
});
