// The benchmark of the whole. Each subject measures in an installation of the bench's own and adds its rows to the table;
// every figure is a ratio against a floor taken in the same run, and nothing asserts.
//   bench.mjs [SUBJECT…]
import { down, up } from './installation.mjs';
import { print } from './table.mjs';
import { attack, silentReaders } from './rows/attack.mjs';
import { chat } from './rows/chat.mjs';
import { crowd } from './rows/crowd.mjs';
import { edge } from './rows/edge.mjs';
import { footprint, splitFootprint } from './rows/footprint.mjs';
import { gateway, splitGateway } from './rows/gateway.mjs';
import { history } from './rows/history.mjs';
import { metrics } from './rows/metrics.mjs';
import { page } from './rows/page.mjs';
import { reading } from './rows/reading.mjs';
import { replicas } from './rows/replicas.mjs';
import { runs, storing } from './rows/runs.mjs';
import { truth } from './rows/truth.mjs';
import { watching } from './rows/watching.mjs';

const together = { footprint, gateway, runs, storing, truth, crowd, reading, history, edge, attack, page, chat };
const split = { splitFootprint, splitGateway, metrics, replicas, watching, silentReaders };

const wanted = process.argv.slice(2);
const chosen = (subjects) => Object.entries(subjects).filter(([name]) => wanted.length === 0 || wanted.includes(name));

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    print();
    down();
    process.exit(1);
  });
}

try {
  up();
  for (const [, measure] of chosen(together)) await measure();
  if (chosen(split).length > 0) up('--split');
  for (const [, measure] of chosen(split)) await measure();
} finally {
  print();
  down();
}
