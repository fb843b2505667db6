// The contract's figures worked out again from results, by other code than the product's.

// Linear between ranks, as PostgreSQL's percentile_cont.
export function percentile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  const rank = share * (sorted.length - 1);
  const below = sorted[Math.floor(rank)];
  return below + (sorted[Math.ceil(rank)] - below) * (rank - Math.floor(rank));
}

const mean = (values) => values.reduce((sum, one) => sum + one, 0) / values.length;
const sum = (values) => values.reduce((total, one) => total + (one ?? 0), 0);

function spread(name, values) {
  if (!values.length) return {};
  return {
    [`avg_${name}_ms`]: mean(values),
    [`p50_${name}_ms`]: percentile(values, 0.5),
    [`p90_${name}_ms`]: percentile(values, 0.9),
    [`p95_${name}_ms`]: percentile(values, 0.95),
    [`p99_${name}_ms`]: percentile(values, 0.99),
    [`min_${name}_ms`]: Math.min(...values),
    [`max_${name}_ms`]: Math.max(...values),
  };
}

export function metricsOf(results, totalPrompts) {
  const good = results.filter(({ success }) => success);
  const errors = {};
  for (const { success, error_type } of results) if (!success) errors[error_type] = (errors[error_type] ?? 0) + 1;
  const checks = results.flatMap((one) => one.checks ?? []);
  const latencies = good.map(({ latency_ms }) => latency_ms).filter((one) => one !== undefined);
  const seconds = sum(latencies) / 1000;
  return {
    total_prompts: totalPrompts,
    n: results.length,
    answers_without_text: results.filter(({ outcome, response }) => ['empty', 'length_empty', 'reasoning_only'].includes(outcome) || response === '').length,
    completed_prompts: good.length,
    failed_prompts: results.length - good.length,
    ...(results.length ? { success_rate: (100 * good.length) / results.length } : {}),
    ...spread('latency', latencies),
    ...spread('ttft', good.map(({ ttft_ms }) => ttft_ms).filter((one) => one !== undefined)),
    total_input_tokens: sum(results.map(({ input_tokens }) => input_tokens)),
    total_output_tokens: sum(results.map(({ output_tokens }) => output_tokens)),
    ...(good.length
      ? {
          avg_response_length: mean(good.map(({ response = '' }) => [...response].length)),
          avg_output_tokens: mean(good.map(({ output_tokens = 0 }) => output_tokens)),
          output_tokens_per_second: sum(good.map(({ output_tokens }) => output_tokens)) / seconds,
        }
      : {}),
    errors_by_type: errors,
    checks_passed: checks.filter(({ passed }) => passed).length,
    checks_failed: checks.filter(({ passed }) => !passed).length,
  };
}

// The share's 95 % score interval in per cent, as the solutions of a quadratic equation rather than by its usual formula.
export function scoreInterval(successes, n) {
  const zz = 1.959963984540054 ** 2;
  const [a, b, c] = [1 + zz / n, -(2 * successes) / n - zz / n, (successes / n) ** 2];
  const root = Math.sqrt(b * b - 4 * a * c);
  return { low: (100 * (-b - root)) / (2 * a), high: (100 * (-b + root)) / (2 * a) };
}

// Two-sided chance that `fewer` or less of n fair coins fall one way, by counting rather than by formula.
export function coinChance(one, other) {
  const n = one + other;
  let row = [1n];
  for (let i = 0; i < n; i += 1) row = [1n, ...row.slice(1).map((value, index) => value + row[index]), 1n];
  const tail = row.slice(0, Math.min(one, other) + 1).reduce((sum, value) => sum + value, 0n);
  return Math.min(1, (2 * Number(tail)) / Number(2n ** BigInt(n)));
}
