import { describe, expect, test } from 'vitest';
import { addLine, emptyAnswer } from '../events';
import { markDoubtful, renderMarkdown } from './markdown';

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

describe('text of strangers', () => {
  test('HTML stays text, in a paragraph of its own', () => {
    expect(html(renderMarkdown('<div>\n<b>x</b>\n</div>'))).toMatch(/^<p dir="auto">&lt;div&gt;/);
  });

  test('may run from right to left; code can be reached by key', () => {
    expect(html(renderMarkdown('שלום'))).toBe('<p dir="auto">שלום</p>\n');
    expect(html(renderMarkdown('```\nx\n```'))).toContain('<pre tabindex="0"');
  });

  test("a table in the model's comment is a table", () => {
    const shown = html(renderMarkdown("Facts.\n\n**Your model's comment:** | a | b |\n| --- | --- |\n| 1 | 2 |"));
    expect(shown).toMatch(/<div class="comment" role="group".*<table>/s);
  });
});

describe('figures in an answer', () => {
  const link = '/api/demo/v2/analytics/results?test_run_id=r&prompt_id=7';
  const answerOf = (...lines: object[]) => {
    const answer = emptyAnswer();
    for (const line of lines) addLine(answer, JSON.stringify(line));
    const fragment = renderMarkdown(answer.content, answer.figures);
    return { text: fragment.textContent, buttons: [...fragment.querySelectorAll('button')].map((one) => [one.textContent, one.dataset.link]) };
  };

  test('lead where the server says, counted within their piece of the stream', () => {
    const { text, buttons } = answerOf({ content: 'The 5 slowest: **' }, { content: '1.77 s**.', figures: [{ from: 0, to: 6, link }] });
    expect(buttons).toEqual([['1.77 s', link]]);
    expect(text?.trim()).toBe('The 5 slowest: 1.77 s.');
  });

  test('without an origin are plain text: in quoted prompts, in words, alone', () => {
    expect(answerOf({ content: '#5 “What is 6 times 7?” took 1.2 s.' }).buttons).toEqual([]);
  });

  test('whose origin is no list of results, or lies outside the text, are plain text', () => {
    for (const figure of [{ from: 0, to: 1, link: 'https://evil.example/' }, { from: 0, to: 9, link }, { from: -1, to: 1, link }, { from: 1, to: 1, link }]) {
      expect(answerOf({ content: '42', figures: [figure] }).buttons).toEqual([]);
    }
  });

  test('hold their place behind characters that a model made up', () => {
    const { text, buttons } = answerOf({ content: '\uE000\uE100 42', figures: [{ from: 3, to: 5, link }] });
    expect(buttons).toEqual([['42', link]]);
    expect(text?.trim()).toBe('\uFFFD\uFFFD 42');
  });

  test('that the results do not bear out are marked', () => {
    const fragment = renderMarkdown('It is 37% slower, 12% of the time.');
    markDoubtful(fragment, ['37%']);
    expect([...fragment.querySelectorAll('mark')].map((one) => one.firstChild!.textContent)).toEqual(['37%']);
  });
});
