// A way between two programs that a test can cut: it passes bytes on, between TCP ports or unix sockets, until it is told to cut.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

export class Cutter {
  #server;
  #pairs = new Set();

  // `from` and `to` are {port} on loopback or {path}; port 0 for a free one.
  static async between(from, to) {
    const cutter = new Cutter();
    cutter.#server = createServer({ allowHalfOpen: true }, (near) => cutter.#join(near, connect({ host: '127.0.0.1', allowHalfOpen: true, ...to })));
    cutter.#server.listen({ host: '127.0.0.1', ...from });
    await once(cutter.#server, 'listening');
    return cutter;
  }

  #join(near, far) {
    const pair = { near, far };
    this.#pairs.add(pair);
    for (const [one, other] of [[near, far], [far, near]]) {
      one.on('error', () => other.destroy());
      one.on('close', () => {
        this.#pairs.delete(pair);
        other.destroy();
      });
      one.pipe(other);
    }
  }

  get port() {
    return this.#server.address().port;
  }

  get open() {
    return this.#pairs.size;
  }

  // Ends this many connections, or all, without a word to either side; gives how many there were.
  cut(most = Infinity) {
    const chosen = [...this.#pairs].sort(() => Math.random() - 0.5).slice(0, most);
    for (const { near, far } of chosen) {
      for (const socket of [near, far]) {
        // Only TCP knows a reset.
        if (socket.remoteFamily) socket.resetAndDestroy();
        else socket.destroy();
      }
    }
    return chosen.length;
  }

  close() {
    this.#server.close();
    this.cut();
  }
}
