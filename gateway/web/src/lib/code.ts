// Colours for code, by the language that a fence names: what it is made of becomes elements of text, never markup. Loaded at the first fence.
import bash from '@speed-highlight/core/languages/bash.js';
import c from '@speed-highlight/core/languages/c.js';
import go from '@speed-highlight/core/languages/go.js';
import java from '@speed-highlight/core/languages/java.js';
import js from '@speed-highlight/core/languages/js.js';
import json from '@speed-highlight/core/languages/json.js';
import py from '@speed-highlight/core/languages/py.js';
import rs from '@speed-highlight/core/languages/rs.js';
import sql from '@speed-highlight/core/languages/sql.js';
import ts from '@speed-highlight/core/languages/ts.js';
import { tokenizeWith, type ShjLanguageData } from '@speed-highlight/core/tokenize';

const languages: Record<string, ShjLanguageData> = { bash, c, go, java, js, json, py, rs, sql, ts };
const aliases: Record<string, string> = { python: 'py', javascript: 'js', jsx: 'js', typescript: 'ts', tsx: 'ts', sh: 'bash', shell: 'bash', rust: 'rs', golang: 'go', cpp: 'c', 'c++': 'c' };

/** Longer code stays plain: its patterns are those of a small library, and the text is a stranger's. */
const longest = 20_000;

export function colour(pre: HTMLElement): void {
  const code = pre.querySelector('code');
  const name = pre.dataset.language?.toLowerCase() ?? '';
  const language = languages[aliases[name] ?? name];
  const text = code?.textContent ?? '';
  if (!code || !language || text.length > longest) return;
  const pieces: (string | HTMLElement)[] = [];
  tokenizeWith(
    text,
    language,
    (piece, type) => {
      if (!type) return void pieces.push(piece);
      const span = document.createElement('span');
      span.className = `code-${type}`;
      span.textContent = piece;
      pieces.push(span);
    },
    { languages },
  );
  code.replaceChildren(...pieces);
}
