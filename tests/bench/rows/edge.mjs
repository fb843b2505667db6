// What care at the edges costs: judging URLs on the way out, guarding Beast on the way in.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { measured, program } from '../installation.mjs';
import { median, row } from '../table.mjs';

const rate = (value) => `${(value / 1e6).toFixed(2)} M/s`;

async function policy() {
  const { kinds } = await measured('policy_speed', []);
  for (const { kind, ours, floor } of kinds) {
    // Names that nobody has asked about before cost what libidn2 takes for them.
    const isNew = kind.endsWith('each new');
    row(`URLs judged, ${kind}`, {
      floor: `${rate(floor)} read by Boost.URL`, ours: rate(ours), ratio: (ours / floor).toFixed(2),
      goal: isNew ? '-' : 'at least 1 M/s', met: isNew ? undefined : ours >= 1e6,
    });
  }
}

// Both servers in one process, asked in turn, so that whatever else the machine does meets both.
async function framing() {
  const servers = spawn(program('framing_speed'), [], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = await once(createInterface(servers.stdout), 'line');
  const { heads, ours, beast } = JSON.parse(line);
  const rates = { ours: [], beast: [] };
  for (let i = 0; i < 7; ++i) {
    for (const [name, port] of [['beast', beast], ['ours', ours]]) {
      rates[name].push((await measured('http_load', [port, 20_000, 16], '/health\n')).per_second);
    }
  }
  servers.stdin.end();
  await once(servers, 'exit');
  const [perSecond, floor] = [median(rates.ours), median(rates.beast)];
  row('requests, read behind the guard and answered', {
    floor: `${floor}/s by Beast alone`, ours: `${perSecond}/s`, ratio: (perSecond / floor).toFixed(2), goal: 'at least 0.95',
    met: perSecond >= 0.95 * floor,
  });
  for (const { head, ours_ns, beast_ns } of heads) {
    const added = ((ours_ns - beast_ns) * perSecond) / 1e7;
    row(`head of a request, ${head}`, {
      floor: `${beast_ns} ns by Beast alone`, ours: `${ours_ns} ns behind the guard`, ratio: `${added.toFixed(1)} % of a request added`,
      goal: 'at most 5 %', met: added <= 5,
    });
  }
}

export async function edge() {
  await policy();
  await framing();
}
