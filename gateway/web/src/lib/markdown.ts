// Model output to markup, by allow list: no raw HTML, no images, links http(s) only.
import DOMPurify from 'dompurify';
import { say } from './words/words.svelte';
import { Marked, type Tokens } from 'marked';
import type { Figure } from '../events';

const escape = (text: string) => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

const marked = new Marked({
  gfm: true,
  breaks: false,
  async: false,
  renderer: {
    // Raw HTML is shown as the text that it is; an image as its words.
    html: (token) => ('block' in token && token.block ? `<p>${escape(token.text)}</p>` : escape(token.text)),
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

export function renderMarkdown(text: string, figures: readonly Figure[] = []): DocumentFragment {
  const tokens = marked.lexer(commentApart(withMarks(text, figures)));
  const languages: string[] = [];
  marked.walkTokens(tokens, (token) => void (token.type === 'code' && languages.push((token as Tokens.Code).lang ?? '')));
  const html = marked.parser(tokens);
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
  // Text may run either way, whatever the page's language; what scrolls can be reached by key.
  for (const block of fragment.querySelectorAll<HTMLElement>('p, li, h3, h4, h5, h6, blockquote, th, td')) block.dir = 'auto';
  const blocks = [...fragment.querySelectorAll('pre')];
  for (const [index, block] of blocks.entries()) {
    block.tabIndex = 0;
    block.dir = 'ltr';
    block.dataset.language = languages[index] ?? '';
  }
  // Without the colours it is still the code.
  if (blocks.length > 0) import('./code').then(({ colour }) => blocks.forEach(colour), () => {});
  for (const table of fragment.querySelectorAll('table')) scrolling(table);
  buttonsFor(fragment, figures);
  nameComment(fragment);
  return fragment;
}

function scrolling(table: HTMLElement): void {
  const frame = document.createElement('div');
  frame.className = 'table';
  frame.tabIndex = 0;
  frame.setAttribute('role', 'region');
  frame.setAttribute('aria-label', say('answer.table'));
  table.replaceWith(frame);
  frame.append(table);
}

/** How the gateway heads it, in its languages. */
const commentNames = "Your model['’]s comment:|Kommentar Ihres Modells:|Comentario de su modelo:|Commentaire de votre modèle\\s?:|Comentário do seu modelo:|您的模型的点评：|お使いのモデルのコメント：";
const isCommentName = new RegExp(`^(?:${commentNames})$`);
const commentLabel = new RegExp(`(\\*\\*(?:${commentNames})\\*\\*)[ \\t]+`);

/** A label on the line of what it names would make a table or a list after it plain text. */
const commentApart = (text: string) => text.replace(commentLabel, '$1\n\n');

/** What the person's model says stands in a block of its own, under its name. */
function nameComment(root: DocumentFragment): void {
  const label = [...root.children].find((one) => one.localName === 'p' && isCommentName.test(one.textContent ?? ''));
  if (!label) return;
  const block = document.createElement('div');
  block.className = 'comment';
  block.setAttribute('role', 'group');
  block.setAttribute('aria-label', label.textContent!.replace(/\s?[:：]$/, ''));
  label.className = 'comment-name';
  const rest = [...root.childNodes];
  block.append(...rest.slice(rest.indexOf(label)));
  root.append(block);
}

// Private characters carry a figure's number through Markdown: opening, number, text, closing.
const opening = '\uE000';
const closing = '\uE001';
const firstNumber = 0xe100;
const lastNumber = 0xf8ff;

function withMarks(text: string, figures: readonly Figure[]): string {
  // The model's own private characters are taken out at the same length, so that offsets hold.
  const clean = text.replace(/[\uE000-\uF8FF]/g, '\uFFFD');
  let marked = '';
  let end = 0;
  for (const [index, { from, to }] of figures.slice(0, lastNumber - firstNumber).entries()) {
    marked += clean.slice(end, from) + opening + String.fromCharCode(firstNumber + index) + clean.slice(from, to) + closing;
    end = to;
  }
  return marked + clean.slice(end);
}

function buttonsFor(root: DocumentFragment, figures: readonly Figure[]): void {
  for (const node of textsOf(root)) {
    if (!/[\uE000-\uF8FF]/.test(node.data)) continue;
    const pieces = node.data.split(/\uE000([\uE100-\uF8FF][^\uE000\uE001]*)\uE001/);
    const plain = node.parentElement?.closest('a, code, pre');
    node.replaceWith(
      ...pieces.map((piece, at) => {
        const shown = piece.replace(/[\uE000-\uF8FF]/g, '');
        const figure = figures[piece.charCodeAt(0) - firstNumber];
        return at % 2 === 1 && !plain && figure ? figureButton(shown, figure.link) : document.createTextNode(shown);
      }),
    );
  }
}

function figureButton(text: string, link: string): HTMLElement {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'figure';
  button.dataset.link = link;
  button.textContent = text;
  return button;
}

function textsOf(root: DocumentFragment): Text[] {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  const texts: Text[] = [];
  while (walker.nextNode()) texts.push(walker.currentNode as Text);
  return texts;
}

// A number with its sign, unit and place: `#7`, `1,240 ms`, `92.5%`, `2.1 s`; not the 95 of `p95` nor parts of words.
const number = /(?<![\w.#-])(?:#\d+|[-−]?\d(?:[\d,]*\d)?(?:\.\d+)?(?:\s?(?:%|ms|s|tokens?|seconds?|characters?|prompts?|tok\/s))?)(?![\w])/gu;

/** Marks the figures of the text that the results do not bear out; links and code stay as they are. */
export function markDoubtful(root: DocumentFragment, unsupported: readonly string[]): void {
  if (unsupported.length === 0) return;
  for (const node of textsOf(root)) {
    if (node.parentElement?.closest('a, code, pre, button')) continue;
    const pieces: Node[] = [];
    let end = 0;
    for (const match of node.data.matchAll(number)) {
      if (!isUnsupported(match[0], unsupported)) continue;
      pieces.push(document.createTextNode(node.data.slice(end, match.index)), doubtful(match[0]));
      end = match.index + match[0].length;
    }
    if (pieces.length > 0) node.replaceWith(...pieces, document.createTextNode(node.data.slice(end)));
  }
}

function isUnsupported(text: string, unsupported: readonly string[]): boolean {
  const bare = (one: string) => one.replace(/[\s,]/g, '').toLowerCase();
  const digits = (one: string) => /[\d.]+/.exec(bare(one))?.[0];
  return unsupported.some((one) => bare(one) === bare(text) || (digits(one) === digits(text) && (digits(one) === bare(one) || digits(text) === bare(text))));
}

function doubtful(text: string): HTMLElement {
  const mark = document.createElement('mark');
  mark.title = say('answer.doubtful');
  mark.textContent = text;
  const note = document.createElement('span');
  note.className = 'sr';
  note.textContent = ` ${say('answer.doubtful.sr')}`;
  mark.append(note);
  return mark;
}
