// The HTTP contract for scripts: JSON calls whose refusals are errors, event streams, and the walk through a run.

// A refusal of the gateway (RFC 9457), or an answer that is none.
export class Refused extends Error {
  constructor(what, status, problem) {
    const faults = (problem.errors ?? []).map(({ field, message }) => `${field}: ${message}`);
    super(`${what}: ${status} ${problem.code ?? ''} ${[problem.detail, ...faults].filter(Boolean).join(' ')}`);
    this.status = status;
    this.code = problem.code;
  }
}

export class Client {
  #url;

  constructor(url) {
    this.#url = url.replace(/\/$/, '');
  }

  // The raw answer, whatever its status.
  async call(method, path, body) {
    const headers = body ? { 'content-type': 'application/json' } : {};
    return fetch(this.#url + path, { method, headers, body: body && JSON.stringify(body) });
  }

  // The answer of a call that was not refused.
  async accepted(method, path, body) {
    const answer = await this.call(method, path, body);
    if (answer.ok) return answer;
    const problem = await answer.json().catch(() => ({}));
    throw new Refused(`${method} ${path.replace(/\?.*/, '')}`, answer.status, problem);
  }

  async get(path) {
    return (await this.accepted('GET', path)).json();
  }

  async post(path, body) {
    return (await this.accepted('POST', path, body)).json();
  }

  // The `data:` lines of an event stream, each as its text.
  async *events(method, path, body) {
    const answer = await this.accepted(method, path, body);
    let rest = '';
    for await (const chunk of answer.body.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop();
      for (const line of lines) if (line.startsWith('data:')) yield line.slice(5).trim();
    }
  }

  // Asks Atlas and gives its answer in Markdown.
  async ask(sessionId, question) {
    const body = { session_id: sessionId, narrator: 'builtin', messages: [{ role: 'user', content: question }] };
    let text = '';
    for await (const data of this.events('POST', '/api/demo/v2/atlas', body)) {
      if (data === '[DONE]') return text;
      const piece = JSON.parse(data);
      if (piece.type === 'error') throw new Error(`Atlas: ${piece.detail ?? data}`);
      text += piece.content ?? '';
    }
    throw new Error('Atlas broke off its answer');
  }

  // Watches the session's latest run until it has ended; `onProgress` is called with the run as it stands.
  async runToEnd(sessionId, onProgress = () => {}) {
    for (;;) {
      const run = await this.get(`/api/demo/v2/batch-test?session_id=${sessionId}`);
      onProgress(run);
      if (['completed', 'failed', 'cancelled'].includes(run.status)) return run;
      await new Promise((wake) => setTimeout(wake, 200));
    }
  }
}
