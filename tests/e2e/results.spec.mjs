// What the page makes of a run's results and of Atlas's answers.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pageOf } from '../../gateway/web/dev/results.mjs';
import { base, link, result, rowsDrawn, run, session, sound, visit } from './written-api.mjs';

const rowsOf = (page) => page.locator('.result-body [role=row] .cell-n span:first-child').allTextContents();

test('wrong answers are no success: two marks, a reading, and a filter that finds them', async () => {
  const results = Array.from({ length: 12 }, (_, n) => result(n + 1, { checks: [{ kind: 'contains', passed: n === 0 }, { kind: 'numeric', passed: n < 2, detail: 'expected 42, found 41' }] }));
  const { page, close } = await visit({ results });
  const reading = page.getByRole('button', { name: /^Checks passed/ });
  await reading.waitFor();
  await page.getByText('95%: 76 to 100%').waitFor();
  await page.getByText('25.4').waitFor();
  assert.match(await reading.innerText(), /3\s*\/24/);
  assert.equal(await page.locator('.result-body .cell-checks .good').count(), 1, 'one prompt passed all of its checks');
  assert.equal(await page.locator('.result-body .good').count(), 1, 'nothing else is green');
  await sound(page, 'run-checks');
  await reading.click();
  await rowsDrawn(page, 11);
  assert.match(page.url(), /f=checks/);
  await close();
});

test('only what the server says has an origin leads anywhere, and it leads there', async () => {
  const content = 'The 5 slowest: #12 “What is 12 times 7?” (1.2 s).';
  const from = content.indexOf('1.2 s');
  const { page, close } = await visit({ at: '#atlas', atlas: [{ content, figures: [{ from, to: from + 5, link: link(12) }] }, '[DONE]'] });
  const answer = page.locator('.answer');
  await answer.getByText('The 5 slowest').waitFor();
  assert.deepEqual(await answer.locator('.prose button').allTextContents(), ['1.2 s']);
  await answer.getByRole('button', { name: '1.2 s' }).click();
  await page.getByRole('complementary', { name: 'Prompt 12' }).waitFor();
  await rowsDrawn(page, 1);
  assert.deepEqual(await rowsOf(page), ['12']);
  await page.getByText('The one result behind it').waitFor();
  await sound(page, 'atlas-figure');
  await close();
});

test('what Atlas says of another run leads to none of this one', async () => {
  const other = (id) => link(id).replace(run, '00000000-0000-4000-8000-000000000000');
  const slowest = (to, says) => [
    { type: 'tool_call', id: says, tool: 'query_demo_results', query_text: says },
    { type: 'tool_result', id: says, columns: ['prompt_id', 'latency_ms'], rows: [[4, 400], [3, 300]], total: 2, link: to, series: { kind: 'bar', x_label: 'prompt', y_label: 'latency (ms)', points: [{ x: '#4', y: 400 }, { x: '#3', y: 300 }] } },
  ];
  const figures = [{ from: 0, to: 5, link: other(4) }, { from: 11, to: 16, link: link(4) }];
  const { page, close } = await visit({ at: '#atlas', atlas: [...slowest(other(4), 'then'), ...slowest(link(4), 'now'), { content: '0.3 s, now 0.4 s.', figures }, '[DONE]'] });
  await page.getByText('now 0.4 s').waitFor();
  assert.deepEqual(await page.locator('.prose button').allTextContents(), ['0.4 s']);
  const tables = page.locator('.evidence');
  for (const [at, leading] of [[0, 0], [1, 3]]) {
    await tables.nth(at).evaluate((one) => (one.open = true));
    assert.equal(await tables.nth(at).getByRole('button').count(), leading);
  }
  await close();
});

test('a chart tells a bar to mouse and key, opens what is behind it, and stands as a table behind', async () => {
  const rows = [[12, 'What is 12 times 7?', 1200], [11, 'What is 11 times 7?', 1100], [10, 'What is 10 times 7?', 1000]];
  const ranks = { type: 'tool_result', id: 'q', columns: ['prompt_id', 'prompt', 'latency_ms'], rows, total: 12, series: { kind: 'bar', x_label: 'prompt', y_label: 'latency (ms)', points: rows.map(([id, , y]) => ({ x: `#${id}`, y })) } };
  const buckets = [[100, 500, 4], [500, 900, 4], [900, 1200, 4]];
  const distribution = { type: 'tool_result', id: 'd', columns: ['from_ms', 'to_ms', 'count'], rows: buckets, total: 3, series: { kind: 'bar', x_label: 'latency (ms)', y_label: 'responses', points: buckets.map(([from, to, y]) => ({ x: `${from}-${to}`, y })) } };
  const { page, close } = await visit({ at: '#atlas', atlas: [ranks, distribution, { content: 'Facts.' }, '[DONE]'] });
  const [slowest, spread] = [page.getByRole('slider').nth(0), page.getByRole('slider').nth(1)];
  await spread.waitFor();
  assert.deepEqual(await page.locator('.chart table').first().locator('tbody tr').allInnerTexts(), ['#12\t1.2 s', '#11\t1.1 s', '#10\t1 s']);
  assert.deepEqual(await page.locator('.chart table').nth(1).locator('tbody tr').allInnerTexts(), ['0.1 s – 0.5 s\t4', '0.5 s – 0.9 s\t4', '0.9 s – 1.2 s\t4', 'p50\t0.65 s', 'p95\t1.145 s']);
  const { width, height } = await slowest.boundingBox();
  await slowest.hover({ position: { x: width / 2, y: height / 2 - 15 } });
  await page.locator('.chart-tip', { hasText: '#11' }).getByText('What is 11 times 7?').waitFor();
  await sound(page, 'atlas-charts');
  await slowest.focus();
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowDown');
  assert.equal(await slowest.getAttribute('aria-valuetext'), '#11: 1.1 s');
  await page.keyboard.press('Enter');
  await page.getByRole('complementary', { name: 'Prompt 11' }).waitFor();
  await page.keyboard.press('Escape');
  await spread.focus();
  await page.keyboard.press('Home');
  await page.keyboard.press('Enter');
  await rowsDrawn(page, 4);
  assert.match(page.url(), /from=100&to=499\.999/);
  await close();
});

test("the model's comment keeps its table, its HTML stays text in one piece, code can be reached by key", async () => {
  const comment = "Facts.\n\n**Your model's comment:** | a | b |\n| --- | --- |\n| 1 | 2 |\n\n<div><b>bold</b> move</div>\n\n```js\nlet x = \"<b>1</b>\";\n```\n\nשלום עולם";
  const { page, close } = await visit({ at: '#atlas', atlas: [{ content: comment }, '[DONE]'] });
  const block = page.getByRole('group', { name: "Your model's comment" });
  await block.locator('table td').first().waitFor();
  assert.equal((await block.getByText('<div><b>bold</b> move</div>').count()), 1);
  assert.equal(await block.locator('pre').getAttribute('tabindex'), '0');
  await block.locator('pre .code-kwd', { hasText: 'let' }).waitFor();
  assert.equal(await block.locator('pre .code-str').innerText(), '"<b>1</b>"');
  assert.equal(await block.getByText('שלום').evaluate((node) => getComputedStyle(node).direction), 'rtl');
  await sound(page, 'atlas-comment');
  await close();
});

test('several run settings are changed one after the other and all of them are sent', async () => {
  const sent = [];
  const { page, close } = await visit({
    at: '#connect',
    stored: { choice: { domain: 'qa', suiteId: 's' } },
    routes: { 'POST /batch-test': (_, request) => (sent.push(JSON.parse(request.postData())), { success: true, test_run_id: run, status: 'pending', total_prompts: 12 }) },
  });
  await page.getByLabel('At the same time').click();
  await page.getByLabel('At the same time').fill('32');
  await page.getByLabel('Longest answer').click();
  await page.getByLabel('Longest answer').fill('77');
  await page.getByRole('button', { name: 'Run batch test' }).click();
  await page.getByRole('heading', { level: 1, name: /^Ran 12/ }).waitFor();
  assert.deepEqual([sent[0].concurrency, sent[0].max_tokens], [32, 77]);
  await close();
});

test('the formats offered are those that the server lists, and page 1 of the PDF is shown as it draws it', async () => {
  const { page, close } = await visit({ at: '#export' });
  await page.getByRole('button', { name: 'Download CSV' }).waitFor();
  assert.equal(await page.getByRole('button', { name: /^Download/ }).count(), 2);
  assert.equal(await page.getByRole('img', { name: 'Page 1 of the PDF' }).evaluate((picture) => picture.decode().then(() => picture.naturalWidth)), 1);
  await sound(page, 'export');
  await close();
});

test('connecting: the focus stays, models of another URL go, one advice stands at its field, no tick for a forbidden address', async () => {
  const { page, close } = await visit({
    at: '#connect',
    routes: {
      'POST /configure/models': () => ({ models: [{ id: 'one' }, { id: 'two' }] }),
      'POST /configure/test': async () => (await new Promise((resolve) => setTimeout(resolve, 300)), { success: false, error: 'The key was refused (401). Check that all of it was pasted.', error_type: 'auth' }),
    },
  });
  assert.equal(await page.getByText(/How Any OpenAI/).count(), 0);
  await page.getByRole('button', { name: 'Find models' }).click();
  await page.getByRole('button', { name: 'two', exact: true }).waitFor();
  const test = page.getByRole('button', { name: /^Test/ });
  await test.focus();
  await page.keyboard.press('Enter');
  await page.locator('#key-says .fault').waitFor();
  assert.equal(await test.evaluate((node) => node === document.activeElement), true, 'the button pressed keeps the focus');
  assert.equal(await page.getByText('The key was refused').count(), 1, 'told once');
  await sound(page, 'connect-refused');
  await page.getByLabel('Endpoint URL').fill('http://10.0.0.7/v1');
  assert.equal(await page.getByRole('button', { name: 'two', exact: true }).count(), 0);
  assert.doesNotMatch(await page.locator('#url-says').innerText(), /✓/);
  await page.locator('#url-says .fault').waitFor();
  await close();
});

test('further headers go out with the key, are masked where they are shown, forgotten once sent, and refused at their field', async () => {
  const sent = [];
  const { page, close } = await visit({
    at: '#connect',
    routes: {
      'POST /configure': (_, request) => {
        sent.push(request.postDataJSON());
        if (sent.length === 1) return { status_code: 422, title: 'Invalid', detail: 'A header is refused.', code: 'invalid_field', errors: [{ field: 'headers.Host', message: 'is set by the connection' }] };
        return { session_id: session, expires_at: new Date(Date.now() + 3_600_000).toISOString(), model_id: 'm2', model_name: 'm2' };
      },
      'POST /configure/test': () => ({ success: true, latency_ms: 90 }),
    },
  });
  await page.getByLabel('Model id').fill('m2');
  await page.getByText('Further headers').click();
  const lines = page.getByRole('textbox', { name: 'Further headers' });
  await lines.fill('X-Gate: open-sesame\nnonsense');
  const test = page.getByRole('button', { name: /^Test/ });
  await test.click();
  await page.getByText('Not a header: nonsense').waitFor();
  assert.equal(sent.length, 0);
  await lines.fill('X-Gate: open-sesame\nHost: elsewhere');
  assert.match(await page.locator('.wire pre').innerText(), /X-Gate: ••••/);
  assert.doesNotMatch(await page.locator('.wire pre').innerText(), /sesame/);
  await test.click();
  await page.getByRole('button', { name: 'Delete them and test' }).click();
  await page.getByText('Host is set by the connection').waitFor();
  await sound(page, 'connect-headers');
  await lines.fill('X-Gate: open-sesame');
  await test.click();
  await page.getByText('Connection successful').waitFor();
  assert.deepEqual(sent.map(({ headers }) => headers), [{ 'X-Gate': 'open-sesame', Host: 'elsewhere' }, { 'X-Gate': 'open-sesame' }]);
  assert.equal(await lines.inputValue(), '');
  await close();
});

test('an expired session is asked for a few times, not again and again', async () => {
  let asked = 0;
  const expired = { status_code: 410, title: 'Session over', detail: 'This session has ended.', code: 'session_expired' };
  const { page, close } = await visit({
    expiresIn: 1500,
    routes: { 'GET /configure': (() => { const end = new Date(Date.now() + 2500).toISOString(); return () => (Date.parse(end) > Date.now() ? { session_id: session, expires_at: end, model_id: 'm', model_name: 'M', endpoint_url: 'https://api.example.org/v1', created_at: end, connection_tested: true, latest_test_run_id: run } : (asked++, expired)); })() },
  });
  await page.getByRole('heading', { name: 'This session is over' }).waitFor();
  await page.waitForTimeout(1500);
  assert.ok(asked >= 1 && asked <= 2, `${asked} calls were answered 410`);
  await close();
});

test('a session that another tab holds can be gone on with here, or deleted', async () => {
  let deleted = 0;
  const { page, context, close } = await visit({
    routes: {
      'POST /configure': () => ({ status_code: 429, title: 'Active session exists', detail: 'Go on with it, delete it, or wait.', code: 'active_session_exists' }),
      'POST /cleanup': () => (deleted++, { success: true, message: '', deleted: { config: true, testRuns: 1, results: 12 } }),
    },
  });
  const refused = async () => {
    const other = await context.newPage();
    await other.addInitScript(() => sessionStorage.getItem('ftl.choice') ?? sessionStorage.setItem('ftl.choice', JSON.stringify({ domain: 'qa', suiteId: 's' })));
    await other.goto(`${base}/#connect`);
    await other.getByLabel('Endpoint URL').fill('https://api.example.org/v1');
    await other.getByLabel('Model id').fill('m');
    await other.getByRole('button', { name: 'Test connection' }).click();
    await other.getByRole('button', { name: 'Go on with it here' }).waitFor();
    return other;
  };
  await page.getByRole('heading', { level: 1, name: /^Ran 12/ }).waitFor();
  const second = await refused();
  await second.getByRole('button', { name: 'Go on with it here' }).click();
  await second.getByRole('timer').waitFor();
  await page.getByText('It goes on in another tab.').waitFor();
  const third = await refused();
  await third.getByRole('button', { name: 'Delete it' }).click();
  await third.getByText('It is deleted.').waitFor();
  assert.equal(deleted, 1);
  await close();
});

test('a file too long for a field is read without holding the page', async () => {
  const { page, close } = await visit({ at: '#domain' });
  await page.getByRole('radio', { name: /^Your own prompts/ }).check();
  const buffer = Buffer.from('A prompt of some words that goes on for a while.\n'.repeat(100_000));
  await page.getByLabel('Upload a file').setInputFiles({ name: 'long.txt', mimeType: 'text/plain', buffer });
  await page.getByText('100,000 prompts read.').waitFor();
  assert.equal(await page.locator('textarea').count(), 0);
  await page.getByRole('button', { name: 'Take it away' }).click();
  await page.locator('textarea').waitFor();
  await close();
});

test('what the server could not read or left out of own prompts is said before anything is sent, and they outlive a reload', async () => {
  const says = { prompts: [{ prompt: 'Hi?', expected_answer: 'Hello' }], prompt_count: 1, format: 'csv', shape: 'promptfoo', encoding: 'windows-1252', left_out: ['notes'], faults: [], more_faults: 0 };
  const seen = [];
  const { page, close } = await visit({
    at: '#domain',
    routes: {
      'POST /test-suites/preview': (url, request) => {
        seen.push([url.searchParams.get('content_format'), request.headers()['content-type'], request.postDataBuffer().toString()]);
        return seen.at(-1)[2].includes('wrong') ? { ...says, prompt_count: 0, prompts: [], faults: [{ line: 2, message: 'prompt is missing' }], more_faults: 7 } : says;
      },
    },
  });
  await page.getByRole('radio', { name: /^Your own prompts/ }).check();
  const field = page.getByLabel('Prompts', { exact: true });
  await field.fill('wrong');
  await page.getByText('Line 2: prompt is missing').waitFor();
  assert.equal(await page.getByRole('button', { name: 'Continue to connect' }).isEnabled(), false);
  await field.fill('question,__expected,notes\nHi?,Hello,x');
  await page.getByText('Table · promptfoo · windows-1252 · left out: notes').waitFor();
  assert.deepEqual(seen.at(-1), ['auto', 'application/octet-stream', 'question,__expected,notes\nHi?,Hello,x']);
  await page.getByText('Show the prompts').click();
  await page.getByText('expects “Hello”').waitFor();
  await sound(page, 'own-prompts-read');
  await page.reload();
  await page.getByRole('radio', { name: /^Your own prompts/ }).check();
  assert.equal(await field.inputValue(), 'question,__expected,notes\nHi?,Hello,x');
  await page.getByText('1 prompt read.').waitFor();
  await close();
});

test('what the table shows stands in the address: a reload and a copied link bring it back', async () => {
  const { page, close } = await visit({ at: '#run?sort=-latency&category=even&open=8' });
  await page.getByRole('complementary', { name: 'Prompt 8' }).waitFor();
  await rowsDrawn(page, 6);
  assert.deepEqual(await rowsOf(page), ['12', '10', '8', '6', '4', '2']);
  await sound(page, 'run-drawer');
  await page.keyboard.press('j');
  await page.getByRole('complementary', { name: 'Prompt 6' }).waitFor();
  await page.reload();
  await page.getByRole('complementary', { name: 'Prompt 6' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('searchbox').fill('/times 7.*42/s');
  await rowsDrawn(page, 1);
  assert.match(decodeURIComponent(page.url()), /q=\/times/);
  await close();
});

test('a long answer is folded, and unfolds where it stands', async () => {
  const { page, close } = await visit({ results: [result(1, { response: Array.from({ length: 200 }, (_, n) => `Line ${n}.`).join('\n\n') })], at: '#run?open=1' });
  const answer = page.locator('.detail .prose');
  await answer.waitFor();
  const folded = (await answer.boundingBox()).height;
  await page.getByRole('button', { name: 'Show the whole answer' }).click();
  assert.ok((await answer.boundingBox()).height > 3 * folded);
  await close();
});

test('a pattern that would take for ever is ended, said so, and holds nothing up', async () => {
  const { page, close } = await visit({ results: Array.from({ length: 12 }, (_, n) => result(n + 1, { response: `${'a'.repeat(40)}!` })) });
  await page.getByRole('searchbox').fill('/(a+)+$/');
  await page.waitForTimeout(300);
  const began = Date.now();
  await page.locator('.result-body [role=row]').first().click();
  await page.getByRole('complementary', { name: 'Prompt 1' }).waitFor();
  assert.ok(Date.now() - began < 1000, 'the page answers meanwhile');
  await page.getByText('This regular expression takes too long.').waitFor();
  await page.getByRole('searchbox').fill('/7 times/');
  await rowsDrawn(page, 1);
  await close();
});

test('ten thousand results: the table draws what is in view', async () => {
  const { page, close } = await visit({ results: Array.from({ length: 10_000 }, (_, n) => result(n + 1)) });
  await page.getByRole('heading', { level: 1, name: /^Ran 10,000/ }).waitFor();
  await page.getByRole('rowgroup', { name: 'Rows' }).focus();
  await page.keyboard.press('End');
  await page.locator('.result-body .cell-n', { hasText: /^10000/ }).waitFor();
  assert.ok((await page.locator('.result-body [role=row]').count()) < 80);
  await close();
});

test('the table is ordered, filtered and searched by the server, ten thousand results or not', async () => {
  const asked = [];
  const results = Array.from({ length: 3000 }, (_, n) => result(n + 1, { latency_ms: 1 + ((n * 7919) % 3000), ...(n % 1000 === 500 ? { success: false, response: undefined, error: 'Away.', error_type: 'api_error' } : {}) }));
  const { page, close } = await visit({ results, routes: { 'GET /analytics/results': (url) => (asked.push(url.searchParams), pageOf(results, url.searchParams)) } });
  await page.getByRole('heading', { level: 1, name: /^Ran 3,000/ }).waitFor();
  assert.equal(asked.length, 0, 'as they stand, the run itself has brought them');
  const slowestFirst = [...results].sort((a, b) => b.latency_ms - a.latency_ms).map(({ prompt_id }) => String(prompt_id));
  await page.getByRole('button', { name: 'Latency', exact: true }).click();
  await page.locator('.result-body [role=row][aria-rowindex="2"] .cell-n', { hasText: new RegExp(`^${slowestFirst[0]}P`) }).waitFor();
  assert.deepEqual((await rowsOf(page)).slice(0, 10), slowestFirst.slice(0, 10));
  assert.deepEqual([asked[0].get('sort_by'), asked[0].get('order')], ['latency', 'desc']);
  await page.getByRole('rowgroup', { name: 'Rows' }).focus();
  await page.keyboard.press('End');
  await page.locator('.result-body [role=row][aria-rowindex="3001"] .cell-n', { hasText: new RegExp(`^${slowestFirst.at(-1)}P`) }).waitFor();
  assert.equal(asked.length, 4, 'in pages, the last as the first');
  await page.getByRole('button', { name: 'Failed', exact: true }).click();
  await rowsDrawn(page, 3);
  await page.getByText('3 of 3,000').waitFor();
  await page.getByRole('button', { name: 'Failed', exact: true }).click();
  await page.getByRole('button', { name: 'Slowest tenth' }).click();
  await page.getByText(/^\d[\d,]* of 3,000$/).waitFor();
  assert.equal(asked.at(-1).get('min_latency_ms'), '1090');
  await page.getByRole('searchbox').fill('is 77 times');
  await page.getByText(/^[01] of 3,000$/).waitFor();
  assert.equal(asked.at(-1).get('keyword'), 'is 77 times');
  await close();
});

test('the drawer goes on in the order of the table, also to what had not come yet', async () => {
  const results = Array.from({ length: 450 }, (_, n) => result(n + 1, { latency_ms: 1 + ((n * 7919) % 450) }));
  const order = [...results].sort((a, b) => b.latency_ms - a.latency_ms).map(({ prompt_id }) => prompt_id);
  const { page, close } = await visit({ results, at: `#run?sort=-latency&open=${order[199]}` });
  await page.getByRole('complementary', { name: `Prompt ${order[199]}`, exact: true }).waitFor();
  await page.locator('[aria-rowindex="202"] .cell-n', { hasText: new RegExp(`^${order[200]}P`) }).waitFor();
  await page.keyboard.press('j');
  await page.getByRole('complementary', { name: `Prompt ${order[200]}`, exact: true }).waitFor();
  await page.keyboard.press('k');
  await page.keyboard.press('k');
  await page.getByRole('complementary', { name: `Prompt ${order[198]}`, exact: true }).waitFor();
  await close();
});

test('what Atlas leads to is the same choice in the table, which can be taken back by parts', async () => {
  const content = '4 answers were short.';
  const to = `/api/demo/v2/analytics/results?test_run_id=${run}&success=true&max_output_tokens=14&sort_by=tokens&order=desc`;
  const { page, close } = await visit({ at: '#atlas', atlas: [{ content, figures: [{ from: 0, to: 9, link: to }] }, '[DONE]'] });
  await page.getByRole('button', { name: '4 answers' }).click();
  await rowsDrawn(page, 4);
  assert.deepEqual(await rowsOf(page), ['4', '3', '2', '1']);
  await page.getByText('The 4 results behind it').waitFor();
  assert.match(page.url(), /success=true&max_output_tokens=14/);
  await sound(page, 'atlas-choice');
  await page.reload();
  await rowsDrawn(page, 4);
  await page.getByRole('button', { name: 'Tokens out ≤ 14' }).click();
  await rowsDrawn(page, 12);
  await close();
});

test('a list that is on its way, empty or refused says so, and a refusal can be tried again', async () => {
  let refuses = true;
  let answer;
  const { page, close } = await visit({
    routes: {
      'GET /analytics/results': async (url) => {
        if (url.searchParams.get('checks')) await new Promise((resolve) => (answer = resolve));
        else if (refuses) return { status_code: 503, title: 'Database unavailable', detail: 'No connection is free.', code: 'database_unavailable' };
        return pageOf(Array.from({ length: 12 }, (_, n) => result(n + 1)), url.searchParams);
      },
    },
  });
  await page.getByRole('button', { name: 'Slowest tenth' }).click();
  const refusal = page.getByRole('alert').filter({ hasText: 'Try again in a moment' });
  await refusal.waitFor();
  await sound(page, 'run-list-refused');
  refuses = false;
  await refusal.getByRole('button', { name: 'Try again' }).click();
  await rowsDrawn(page, 2);
  await page.getByRole('button', { name: 'Slowest tenth' }).click();
  await page.getByRole('button', { name: 'Check failed' }).click();
  await page.locator('.found', { hasText: 'Loading…' }).waitFor();
  answer();
  await page.getByText('No result fits.').waitFor();
  await sound(page, 'run-list-empty');
  await close();
});

test('the drawer shows where the time of a call went, part by part', async () => {
  const cold = { dns_ms: 2, connect_ms: 18, tls_ms: 40, wait_ms: 300, ttft_ms: 400, latency_ms: 1000, attempts: 2, total_ms: 4200 };
  const { page, close } = await visit({ results: [result(1, cold), result(2, { ttft_ms: undefined, wait_ms: 150 })], at: '#run?open=1' });
  const parts = page.locator('.timing > div');
  await parts.first().waitFor();
  assert.deepEqual(await parts.allInnerTexts(), ['DNS\n2 ms', 'Connect\n18 ms', 'TLS\n40 ms', 'Wait\n300 ms', 'To the first token\n100 ms', 'Streaming\n600 ms']);
  const widths = await page.locator('.timing-bar > span').evaluateAll((spans) => spans.map((span) => span.getBoundingClientRect().width));
  assert.ok(Math.abs(widths[5] / widths[4] - 6) < 0.3, `600 ms are drawn ${widths[5]} px wide and 100 ms ${widths[4]}`);
  await page.getByText('All attempts with their waits').waitFor();
  await sound(page, 'run-drawer-timing');
  await page.keyboard.press('j');
  await page.getByRole('complementary', { name: 'Prompt 2' }).waitFor();
  assert.deepEqual(await parts.allInnerTexts(), ['Wait\n150 ms', 'Reading the answer\n50 ms']);
  await close();
});

test('what the server refuses and reports is told in the language of the page', async () => {
  const results = [result(1, { success: false, response: undefined, error: 'The endpoint did not answer in time.', error_type: 'timeout' }), result(2, { checks: [{ kind: 'not_contains', passed: true, detail: 'The answer does not contain "x".' }] })];
  const gone = { status_code: 410, title: 'The session is over', detail: 'This session is over and its data is deleted. Open a new one.', code: 'session_expired' };
  const { page, close } = await visit({ results, at: '#run?open=1', locale: 'de-DE', routes: { 'GET /analytics/results': () => gone } });
  await page.getByText('(keine Antwort in der Zeit)').waitFor();
  await page.keyboard.press('j');
  await page.getByText('enthält nicht').waitFor();
  await sound(page, 'run-drawer-german');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Fehlgeschlagen', exact: true }).click();
  await page.getByText('Diese Sitzung ist beendet, ihre Daten sind gelöscht.').first().waitFor();
  await close();
});

test('Esc closes what lies open, and the focus goes back to where it came from', async () => {
  const { page, close } = await visit();
  const rows = page.getByRole('rowgroup', { name: 'Rows' });
  await rows.focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  const drawer = page.getByRole('complementary', { name: 'Prompt 2' });
  await drawer.waitFor();
  assert.equal(await drawer.getByRole('heading', { name: 'Prompt 2' }).evaluate((node) => node === document.activeElement), true, 'the focus goes in');
  await page.keyboard.press('Escape');
  await drawer.waitFor({ state: 'detached' });
  assert.equal(await rows.evaluate((node) => node === document.activeElement), true, 'and back');
  assert.doesNotMatch(page.url(), /open=/);
  await page.keyboard.press('Enter');
  await drawer.waitFor();
  await close();
});

test('prompt, answer and link are copied as they are, and said to be', async () => {
  const { page, context, close } = await visit({ results: [result(1, { response: '**It** is\n7.' })], at: '#run?open=1' });
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const held = () => page.evaluate(() => navigator.clipboard.readText());
  for (const [name, said, text] of [['Copy prompt', 'Prompt copied', 'What is 1 times 7?'], ['Copy answer', 'Answer copied', '**It** is\n7.'], ['Copy link', 'Link copied', page.url()]]) {
    await page.getByRole('button', { name }).click();
    await page.getByText(said).waitFor();
    assert.equal(await held(), text);
  }
  await close();
});

test('one token is one token', async () => {
  const { page, close } = await visit({ results: [result(1, { output_tokens: 1 }), result(2, { output_tokens: 2 })], at: '#atlas', atlas: [{ content: 'Facts.' }, { type: 'token_usage', input_tokens: 1, output_tokens: 1 }, '[DONE]'] });
  await page.getByText('1 token in, 1 out').waitFor();
  assert.deepEqual(await page.locator('.result-body .cell-n .sr').allTextContents(), ['Prompt 1: 0.1 s | 1 token', 'Prompt 2: 0.2 s | 2 tokens']);
  await close();
});
