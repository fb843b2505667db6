// The server's list of results over some in memory, for what stands in its place: the mock, and the page's tests in a browser.

const measures = { latency: 'latency_ms', ttft: 'ttft_ms', tokens: 'output_tokens' };

/** Whether `one` is among what `asked` chooses. */
function isChosen(one, asked) {
  const wanted = (name) => asked.get(name) ?? undefined;
  const within = (value, low, high) => (low === undefined && high === undefined) || (value !== undefined && value >= Number(low ?? -Infinity) && value <= Number(high ?? Infinity));
  const failed = (one.checks ?? []).filter(({ passed }) => !passed).length;
  const outcome = one.outcome ?? (one.success ? (one.response ? 'ok' : 'empty') : 'server_error');
  const keyword = wanted('keyword')?.toLowerCase();
  const prompts = asked.getAll('prompt_id');
  return (
    (!wanted('success') || String(one.success) === wanted('success')) &&
    (!wanted('error_type') || one.error_type === wanted('error_type')) &&
    (!wanted('category') || one.category === wanted('category')) &&
    (!wanted('outcome') || wanted('outcome').split(',').includes(outcome)) &&
    (!wanted('checks') || (one.checks?.length > 0 && (failed > 0) === (wanted('checks') === 'failed'))) &&
    within(one.latency_ms, wanted('min_latency_ms'), wanted('max_latency_ms')) &&
    within(one.output_tokens, wanted('min_output_tokens'), wanted('max_output_tokens')) &&
    (prompts.length === 0 || prompts.includes(String(one.prompt_id))) &&
    (!keyword || `${one.prompt}\u0001${one.response ?? ''}`.toLowerCase().includes(keyword))
  );
}

/**
 * A page of `results` as `GET /analytics/results` gives it: without the measure last either way, equals by their prompts.
 * @param {any[]} results
 * @param {URLSearchParams} asked
 */
export function pageOf(results, asked) {
  const by = asked.get('sort_by');
  const sign = asked.get('order') === 'desc' ? -1 : 1;
  const measure = (one) => (by === 'length' ? one.response?.length : by ? one[measures[by]] : one.prompt_id);
  const found = results
    .filter((one) => isChosen(one, asked))
    .sort((a, b) => {
      const [x, y] = [measure(a), measure(b)];
      if (x === undefined || y === undefined) return Number(x === undefined) - Number(y === undefined) || sign * (a.prompt_id - b.prompt_id);
      return sign * (x - y) || sign * (a.prompt_id - b.prompt_id);
    });
  const [from, size] = [Number(asked.get('page_token') ?? 0), Math.min(1000, Number(asked.get('page_size')) || 50)];
  const to = from + size;
  return { results: found.slice(from, to), total: found.length, ...(to < found.length ? { next_page_token: String(to) } : {}) };
}
