// Draws deploy/grafana/pictures: the five dashboards after minutes of real runs, from the panels' own queries, by the page's charts.
//   FTL_BUILD_DIR=build/release node tests/deploy/pictures/draw.mjs [SECONDS]
// As root, with Debian's prometheus and chromium, and the npm packages of gateway/web, tests/deploy and tests/e2e.
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'yaml';
import { Client } from '../../../deploy/local/lib/client.mjs';
import { dashboards } from '../expressions.mjs';
import { Prometheus } from '../prometheus.mjs';
import { checkout } from '../settings.mjs';
import { Stack } from '../stack.mjs';
import { panelOf } from './forms.mjs';

const seconds = Number(process.argv[2] ?? 120);
const folder = join(checkout, 'deploy/grafana/pictures');
const web = join(checkout, 'gateway/web');
const { chromium } = createRequire(join(checkout, 'tests/e2e/'))('playwright-core');
const { createServer } = await import(join(web, 'node_modules/vite/dist/node/index.js'));

// One person after another at each of these models, until `stops`.
async function people(url, endpoint, model, stops) {
  const client = new Client(url);
  while (Date.now() < stops) {
    const { session_id } = await client.post('/api/demo/v2/configure', { endpoint_url: endpoint, api_key: 'any', model_id: model });
    while (!(await client.post('/api/demo/v2/configure/test', { session_id })).success) await sleep(500);
    const { suites } = await client.get('/api/demo/v2/test-suites');
    await client.post('/api/demo/v2/batch-test', { session_id, test_suite_id: suites[0].id, concurrency: 4 });
    await client.runToEnd(session_id);
    await client.ask(session_id, 'Which prompts were slowest?');
    await client.call('GET', `/api/demo/v2/export?session_id=${session_id}&format=csv`).then((answer) => answer.text());
    await client.post('/api/demo/v2/cleanup', { session_id });
  }
}

async function draw(pictures) {
  const server = await createServer({ root: web, configFile: join(web, 'vite.config.ts'), server: { port: 0 }, logLevel: 'error' });
  await server.listen();
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
  const { port } = server.httpServer.address();
  for (const { file, drawn } of pictures) {
    const page = await browser.newPage({ viewport: { width: 1080, height: 600 }, colorScheme: 'light' });
    await page.addInitScript((dashboard) => { window.dashboard = dashboard; }, drawn);
    await page.goto(`http://127.0.0.1:${port}/dev/dashboard.html`);
    await page.locator('main section').last().waitFor();
    await page.evaluate(() => document.fonts.ready);
    await sleep(500);
    await page.locator('main').screenshot({ path: join(folder, file.replace('.json', '.png')) });
    await page.close();
  }
  await browser.close();
  await server.close();
}

const stack = new Stack(parse(readFileSync(join(checkout, 'docker-compose.yml'), 'utf8'), { merge: true }), { DEMO_MAX_SESSIONS_PER_ADDRESS: '100', DEMO_MAX_REQUESTS_PER_MINUTE: '100000' });
const prometheus = new Prometheus();
try {
  await stack.up();
  await prometheus.start(stack.admins);
  const endpoint = await stack.sampleEndpoint();
  const begins = Date.now();
  const models = ['sample-steady', 'sample-steady', 'sample-flaky', 'sample-fast'];
  const working = Promise.all(models.map((model) => people(stack.url, endpoint, model, begins + seconds * 1000)));
  await Promise.race([sleep(seconds * 1000), working]);
  const range = { start: begins / 1000 + 15, end: Date.now() / 1000, step: Math.max(1, Math.round(seconds / 40)) };
  const pictures = [];
  for (const { file, title, panels } of dashboards) {
    const rows = [...new Set(panels.map(({ gridPos }) => gridPos.y))].sort((a, b) => a - b);
    const drawn = { title, when: `${models.length} people at a time, ${seconds} s`, panels: [] };
    for (const panel of panels) {
      const answers = [];
      for (const { expr } of panel.targets) answers.push(await prometheus.range(expr.replaceAll('$__rate_interval', '15s'), range));
      drawn.panels.push({ ...panelOf(panel, answers), row: rows.indexOf(panel.gridPos.y) });
    }
    pictures.push({ file, drawn });
  }
  await working;
  mkdirSync(folder, { recursive: true });
  await draw(pictures);
} finally {
  await prometheus.stop();
  await stack.remove();
}
