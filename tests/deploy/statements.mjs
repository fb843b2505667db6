// The statements of SQL in the programs' sources: runs of string literals and macros of literals that begin as a statement does.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkout } from './settings.mjs';

const token = /R"(\w*)\(([\s\S]*?)\)\1"|"((?:[^"\\\n]|\\.)*)"|[A-Za-z_]\w*|\S/g;
const escapes = { n: '\n', t: '\t' };

// What a source consists of for our purpose: literals, words and single characters, without comments.
export function tokensOf(source) {
  const plain = source.replace(/\\\r?\n/g, ' ').replace(/R"(\w*)\([\s\S]*?\)\1"|"(?:[^"\\\n]|\\.)*"|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, (found) => (found[0] === '/' ? ' ' : found));
  return [...plain.matchAll(token)].map(([all, , raw, quoted]) => {
    if (raw !== undefined) return { text: raw };
    if (quoted !== undefined) return { text: quoted.replace(/\\(.)/g, (_, letter) => escapes[letter] ?? letter) };
    return { word: all };
  });
}

// NAME(parameters) body of each `#define FTL_NAME` of literals.
export function macrosOf(source) {
  const macros = new Map();
  for (const [, name, parameters, body] of source.replace(/\\\r?\n/g, ' ').matchAll(/^#define (FTL_\w+)(?:\(([^)]*)\))?[ \t]+(.*)$/gm)) {
    macros.set(name, { parameters: parameters?.split(',').map((word) => word.trim()), body: tokensOf(body) });
  }
  return macros;
}

// `tokens` with macros in their places, as the preprocessor would put them.
function expanded(tokens, macros) {
  const out = [];
  for (let at = 0; at < tokens.length; ++at) {
    if (tokens[at].word === 'BOOST_STRINGIZE') {
      const [value] = expanded([tokens[at + 2]], macros);
      out.push({ text: value.word });
      at += 3;
      continue;
    }
    const macro = macros.get(tokens[at].word);
    if (!macro) {
      out.push(tokens[at]);
      continue;
    }
    let body = macro.body;
    if (macro.parameters) {
      if (tokens[at + 1]?.word !== '(') continue;
      const given = [[]];
      let depth = 0;
      for (++at; ; ) {
        const { word } = tokens[at];
        depth += word === '(' ? 1 : word === ')' ? -1 : 0;
        if (depth === 0) break;
        if (depth === 1 && word === ',') given.push([]);
        else if (!(depth === 1 && word === '(')) given.at(-1).push(tokens[at]);
        ++at;
      }
      body = body.flatMap((one) => given[macro.parameters.indexOf(one.word)] ?? [one]);
    }
    out.push(...expanded(body, macros));
  }
  return out;
}

// Each with the name that it is given where it is a Query: { name, sql }.
export function statementsIn(source, macros) {
  const tokens = expanded(tokensOf(source.replace(/^#(define|include)(.*\\\r?\n)*.*$/gm, '')), macros);
  const found = [];
  for (let at = 0; at < tokens.length; ++at) {
    if (tokens[at].text === undefined) continue;
    const first = at;
    while (tokens[at + 1]?.text !== undefined) ++at;
    const sql = tokens.slice(first, at + 1).map(({ text }) => text).join('');
    if (!/^\s*(WITH|SELECT|INSERT INTO|UPDATE|DELETE FROM)\s/.test(sql)) continue;
    const name = tokens[first - 1]?.word === ',' ? tokens[first - 2]?.text : undefined;
    found.push({ name: name ?? 'without a name', sql });
  }
  return found;
}

// Of all programs, each with the file that it stands in. Tests, benches and what makes machines fare are none.
export function statementsOfPrograms(root = checkout) {
  const files = execFileSync('git', ['ls-files', '--', 'common', 'gateway', 'services'], { cwd: root, encoding: 'utf8' })
    .split('\n').filter((path) => /\.(cc|h)$/.test(path) && !/(_test|_pgtest|_fixture)\./.test(path) && !path.includes('/golden/'));
  const sources = files.map((path) => ({ path, source: readFileSync(join(root, path), 'utf8') }));
  const macros = new Map(sources.flatMap(({ source }) => [...macrosOf(source)]));
  // A name may be defined anew in another file: a source's own comes first.
  return sources.flatMap(({ path, source }) =>
    statementsIn(source, new Map([...macros, ...macrosOf(source)])).map((statement) => ({ path, ...statement })));
}
