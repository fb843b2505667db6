// Model output to markup, by allow list: no raw HTML, no images, links http(s) only.
import DOMPurify from 'dompurify';
import { Marked } from 'marked';
import type { Evidence } from './events';

const escape = (text: string) => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

const marked = new Marked({
  gfm: true,
  breaks: false,
  async: false,
  renderer: {
    // Raw HTML is shown as the text that it is; an image as its words.
    html: ({ text }) => escape(text),
    image: ({ text }) => escape(text),
  },
});

const allowed = {
  ALLOWED_TAGS: ['p', 'br', 'strong', 'em', 'del', 'code', 'pre', 'blockquote', 'ul', 'ol', 'li', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'hr', 'a', 'table', 'thead', 'tbody', 'tr', 'th', 'td'],
  ALLOWED_ATTR: ['href', 'start'],
  ALLOWED_URI_REGEXP: /^https?:\/\//i,
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
  RETURN_DOM_FRAGMENT: true,
} as const;

export function renderMarkdown(text: string): DocumentFragment {
  const html = marked.parse(text) as string;
  const fragment = DOMPurify.sanitize(html, { ...allowed, ALLOWED_TAGS: [...allowed.ALLOWED_TAGS], ALLOWED_ATTR: [...allowed.ALLOWED_ATTR] });
  for (const link of fragment.querySelectorAll('a')) {
    if (!link.hasAttribute('href')) {
      link.replaceWith(...link.childNodes);
      continue;
    }
    link.target = '_blank';
    link.rel = 'noopener noreferrer nofollow';
  }
  // Headings inside an answer must not stand above the page's own.
  for (const heading of fragment.querySelectorAll('h1, h2')) {
    const lower = document.createElement('h3');
    lower.append(...heading.childNodes);
    heading.replaceWith(lower);
  }
  return fragment;
}

// Punctuation that must not part from its figure at a line's end.
const before = /[(\[“"'‘~≈]+$/u;
const after = /^[)\]”"'’.,;:!?…]+/u;

// A number with its sign, unit and place: `#7`, `1,240 ms`, `92.5%`, `2.1 s`; not the 95 of `p95` nor parts of words.
const figure = /(?<![\w.#-])(?:#\d+|[-−]?\d(?:[\d,]*\d)?(?:\.\d+)?(?:\s?(?:%|ms|s|tokens?|seconds?|characters?|prompts?|tok\/s))?)(?![\w])/gu;

/**
 * Wraps every figure of the text in a button that carries it (`data-figure`), and those not borne out in a mark.
 * Links, code and headings stay as they are.
 */
export function markFigures(root: DocumentFragment, unsupported: readonly string[], clickable: boolean): void {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  const texts: Text[] = [];
  while (walker.nextNode()) {
    const node = walker.currentNode as Text;
    if (!node.parentElement?.closest('a, code, pre')) texts.push(node);
  }
  for (const node of texts) {
    const text = node.data;
    const pieces: Node[] = [];
    let end = 0;
    for (const match of text.matchAll(figure)) {
      const lead = before.exec(text.slice(end, match.index))?.[0] ?? '';
      const trail = after.exec(text.slice(match.index + match[0].length))?.[0] ?? '';
      pieces.push(document.createTextNode(text.slice(end, match.index - lead.length)));
      const together = document.createElement('span');
      together.className = 'together';
      together.append(lead, figureNode(match[0], isUnsupported(match[0], unsupported), clickable), trail);
      pieces.push(together);
      end = match.index + match[0].length + trail.length;
    }
    if (pieces.length === 0) continue;
    if (end < text.length) pieces.push(document.createTextNode(text.slice(end)));
    node.replaceWith(...pieces);
  }
}

function isUnsupported(text: string, unsupported: readonly string[]): boolean {
  const bare = (one: string) => one.replace(/[\s,]/g, '').toLowerCase();
  const number = (one: string) => /[\d.]+/.exec(bare(one))?.[0];
  return unsupported.some((one) => bare(one) === bare(text) || (number(one) === number(text) && (number(one) === bare(one) || number(text) === bare(text))));
}

function figureNode(text: string, doubtful: boolean, clickable: boolean): Node {
  if (doubtful) {
    const mark = document.createElement('mark');
    mark.title = 'The results do not bear this figure out';
    mark.textContent = text;
    const note = document.createElement('span');
    note.className = 'sr';
    note.textContent = ' (not borne out by the results)';
    mark.append(note);
    return mark;
  }
  if (!clickable) return document.createTextNode(text);
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'figure';
  button.dataset.figure = text;
  button.textContent = text;
  return button;
}

export interface Origin {
  evidence: Evidence;
  /** The row the figure stands in, where one cell matches it. */
  row?: number;
  column?: number;
}

/** Which rows a figure came from: the first cell that rounds to it, else the evidence that was found last. */
export function originOf(text: string, evidence: readonly Evidence[]): Origin | undefined {
  const value = Number(/[\d.,]+/.exec(text)?.[0].replaceAll(',', ''));
  const decimals = /\.(\d+)/.exec(text)?.[1]?.length ?? 0;
  const unit = text.replace(/^[\s#−-]*[\d.,]+\s*/, '');
  const scales = unit === '%' ? [1, 100] : /^s(econds?)?$/.test(unit) ? [0.001, 1] : [1];
  const close = (cell: unknown) => typeof cell === 'number' && scales.some((scale) => Math.abs(cell * scale - value) <= 0.5 * 10 ** -decimals + 1e-9);
  for (const one of evidence) {
    for (const [row, cells] of one.rows.entries()) {
      const column = cells.findIndex(close);
      if (column >= 0) return { evidence: one, row, column };
    }
  }
  const last = evidence[evidence.length - 1];
  return last && { evidence: last };
}
