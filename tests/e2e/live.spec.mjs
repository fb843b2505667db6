// A run while it goes, its events sent one by one.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { pageOf } from '../../gateway/web/dev/results.mjs';
import { result, rowsDrawn, run, visit } from './written-api.mjs';

/** A run whose events are said by the test; every listener hears what was said before. */
let server;
before(async () => {
  server = createServer((request, response) => live.get(request.url.split('/').at(-1))?.listen(response));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
});
after(() => {
  server.closeAllConnections();
  server.close();
});
const live = new Map();

class Live {
  #said = '';
  #listeners = new Set();
  #id = 0;
  results = [];
  constructor(total) {
    this.total = total;
    this.key = String(live.size);
    live.set(this.key, this);
  }
  /** Where the page's request for the events goes. */
  events = (route) => route.continue({ url: `http://127.0.0.1:${server.address().port}/${this.key}` });
  view(status = 'running') {
    return { id: run, status, test_suite_id: 's', test_suite_name: 'Times Tables', total_prompts: this.total, completed_prompts: this.results.length, failed_prompts: 0, progress: this.results.length / this.total };
  }
  listen(response) {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.write(this.#said);
    this.#listeners.add(response);
  }
  say(event, data) {
    const text = `event: ${event}\n${event === 'progress' ? '' : `id: ${(this.#id += 1)}\n`}data: ${JSON.stringify(data)}\n\n`;
    this.#said += text;
    for (const response of this.#listeners) response.write(text);
  }
  come(...some) {
    this.results.push(...some);
    for (const one of some) this.say('result', one);
    this.say('progress', this.view());
  }
  end() {
    this.say('done', this.view('completed'));
    for (const response of this.#listeners) response.end();
  }
  visit(more = {}) {
    return visit({ events: this.events, ...more, routes: { 'GET /batch-test': () => this.view(), 'GET /analytics/results': (url) => pageOf(this.results, url.searchParams), ...more.routes } });
  }
}

const idsOf = (page) => page.locator('.result-body [role=row] .cell-n span:first-child').allTextContents();

test('results that come take their place in the order of the table, and what is waited for stands last', async () => {
  const going = new Live(6);
  going.say('progress', going.view());
  going.come(result(1), result(2, { latency_ms: 900 }));
  const { page, close } = await going.visit({ at: '#run?sort=-latency' });
  await page.locator('[aria-rowindex="2"]', { hasText: 'Prompt 2' }).waitFor();
  assert.deepEqual(await idsOf(page), ['2', '1', '3', '4', '5', '6']);
  going.come(result(5, { latency_ms: 2000 }));
  await page.locator('[aria-rowindex="2"]', { hasText: 'Prompt 5' }).waitFor();
  assert.deepEqual(await idsOf(page), ['5', '2', '1', '3', '4', '6']);
  await page.getByRole('button', { name: 'Slowest tenth' }).click();
  await rowsDrawn(page, 1);
  await close();
});

test('a list of the slowest goes on with the bound that it began with, although the run moves it', async () => {
  const going = new Live(400);
  going.say('progress', going.view());
  going.come(...Array.from({ length: 400 }, (_, n) => result(n + 1)));
  let bound = 4000;
  let began;
  const { page, close } = await going.visit({
    at: '#run?f=slow',
    routes: {
      'GET /analytics/metrics': () => ({ p90_latency_ms: (bound += 10) }),
      // A token is good for the question that it was given out for.
      'GET /analytics/results': (url) => {
        const { searchParams: asked } = url;
        if (!asked.has('page_token')) began = asked.get('min_latency_ms');
        else if (asked.get('min_latency_ms') !== began) return { status_code: 400, code: 'invalid_page_token', title: 'The page token is of another list' };
        return pageOf(going.results, asked);
      },
    },
  });
  await page.locator('[aria-rowindex="2"]', { hasText: 'Prompt' }).waitFor();
  await page.locator('.result-body').press('End');
  await page.locator('[role=row]', { hasText: 'Prompt 400' }).waitFor();
  assert.equal(await page.getByRole('alert').count(), 0);
  await close();
});

test('a row that lies open holds the table in no place while results come', async () => {
  const going = new Live(100);
  going.say('progress', going.view());
  going.come(result(1), result(2));
  const { page, close } = await going.visit({ at: '#run?open=2' });
  await page.locator('[aria-selected=true]', { hasText: 'Prompt 2' }).waitFor();
  await page.locator('.result-body').evaluate((body) => body.scrollTo(0, body.scrollHeight));
  await page.locator('[aria-rowindex="101"]').waitFor();
  going.come(result(100));
  await page.locator('[aria-rowindex="101"][data-mark=done]').waitFor();
  await page.locator('.going-line', { hasText: '3 done' }).waitFor();
  assert.equal(await page.locator('.result-body').evaluate((body) => Math.round(body.scrollHeight - body.clientHeight - body.scrollTop)), 0);
  await close();
});

test('progress that is told twice is counted once', async () => {
  const going = new Live(4);
  going.say('progress', going.view());
  going.say('progress', going.view());
  going.come(result(1), result(2));
  going.say('progress', going.view());
  const { page, close } = await going.visit();
  await page.locator('.going-line', { hasText: '2 done' }).waitFor();
  assert.match(await page.locator('.going-line').innerText(), /50%\s+2 done\s+0 failed\s+4 in all/);
  await page.getByRole('button', { name: /^Answered\s*2/ }).waitFor();
  assert.equal((await idsOf(page)).length, 4);
  await close();
});

test('a stream that falls silent is given up after two heartbeats that did not come, and taken up again', async () => {
  let asked = 0;
  const going = new Live(2);
  going.say('progress', going.view());
  going.come(result(1));
  const { page, close } = await going.visit({
    prepare: (fresh) => fresh.clock.install(),
    // The first connection is accepted and never says a word.
    events: (route) => ((asked += 1) === 1 ? undefined : going.events(route)),
  });
  await page.getByRole('heading', { level: 1, name: /^Running 2/ }).waitFor();
  await page.clock.fastForward(39_000);
  assert.equal(asked, 1, 'not before its time');
  await page.clock.fastForward(3000);
  await page.clock.fastForward(1000);
  await page.locator('.going-line', { hasText: '1 done' }).waitFor();
  assert.equal(asked, 2);
  await close();
});

for (const viewport of [{ width: 1280, height: 900 }, { width: 390, height: 844 }]) {
  test(`a run to its end moves nothing that stands, at ${viewport.width} px`, async () => {
    const going = new Live(12);
    going.say('progress', going.view());
    const { page, close } = await going.visit({
      viewport,
      prepare: (fresh) =>
        fresh.addInitScript(() => {
          window.shifts = [];
          new PerformanceObserver((list) => list.getEntries().forEach((one) => one.hadRecentInput || window.shifts.push(one.value))).observe({ type: 'layout-shift', buffered: true });
        }),
    });
    await page.getByRole('heading', { level: 1, name: /^Running 12/ }).waitFor();
    for (let n = 1; n <= 12; n += 1) {
      going.come(result(n));
      await page.locator('.going-line', { hasText: `${n} done` }).waitFor();
    }
    going.end();
    await page.getByRole('heading', { level: 1, name: /^Ran 12/ }).waitFor();
    await page.getByText('moving on to Atlas…').waitFor();
    const shifts = await page.evaluate(() => window.shifts);
    assert.ok(Math.max(0, ...shifts) <= 0.005, `something jumped: ${shifts.map((one) => one.toFixed(4)).join(', ')}`);
    await page.getByRole('heading', { level: 1, name: 'Ask Atlas' }).waitFor();
    await close();
  });
}
