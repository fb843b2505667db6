import { describe, expect, test } from 'vitest';
import { markFigures, originOf, renderMarkdown } from './markdown';

function html(fragment: DocumentFragment): string {
  const div = document.createElement('div');
  div.append(fragment);
  return div.innerHTML;
}

describe('model output', () => {
  test.each([
    ['<img src=x onerror=alert(1)>', /<img/],
    ['![see](https://evil.example/x.png)', /<img|evil/],
    ['<script>alert(1)</script>', /<script/],
    ['[a](javascript:alert(1))', /href|javascript:/],
    ['[a](data:text/html,x)', /href/],
    ['<a href="https://x.example" onclick="x()">b</a>', /<a /],
    ['<style>*{display:none}</style>', /<style/],
    ['[a](//evil.example)', /href/],
  ])('%s stays harmless', (text, forbidden) => {
    expect(html(renderMarkdown(text))).not.toMatch(forbidden);
  });

  test('may link to the web, without handing over this page', () => {
    expect(html(renderMarkdown('[a](https://x.example/)'))).toContain('<a href="https://x.example/" target="_blank" rel="noopener noreferrer nofollow">a</a>');
  });
});

describe('figures in an answer', () => {
  const figures = (text: string, unsupported: string[] = []) => {
    const fragment = renderMarkdown(text);
    markFigures(fragment, unsupported, true);
    return { buttons: [...fragment.querySelectorAll<HTMLElement>('[data-figure]')].map((one) => one.dataset.figure), marks: [...fragment.querySelectorAll('mark')].map((one) => one.firstChild!.textContent) };
  };

  test('are found with unit and place, not inside words, names of measures, code or links', () => {
    expect(figures('The p95 of gpt-4o was 1.77 s over 1,240 calls (#7, 92.5%); `x = 3` [5](https://x.example)').buttons).toEqual(['1.77 s', '1,240', '#7', '92.5%']);
  });

  test('that the results do not bear out are marked', () => {
    expect(figures('It is 37% slower, 12% of the time.', ['37%'])).toEqual({ buttons: ['12%'], marks: ['37%'] });
  });

  test('lead to the cell that rounds to them, across units', () => {
    const evidence = [{ id: 'a', columns: ['metric', 'value'], rows: [['avg_latency_ms', 1192.47], ['success_rate', 0.9]] }];
    expect(originOf('1.19 s', evidence)).toMatchObject({ row: 0, column: 1 });
    expect(originOf('90%', evidence)).toMatchObject({ row: 1, column: 1 });
    expect(originOf('55', evidence)).toEqual({ evidence: evidence[0] });
  });
});
