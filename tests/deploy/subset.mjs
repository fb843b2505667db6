// The part of SQL in which statements on distributed tables are written: what Citus refuses, or does otherwise, as rules that
// a statement's text is held to. Each says where it comes from; "planner" is multi_router_planner.c of Citus 13.2.

// `text` without its literals, so that words within them are no SQL.
const bare = (text) => text.replace(/--[^\n]*/g, ' ').replace(/'(?:[^']|'')*'/g, "''");

// From each match of `opening` to the bracket or word that closes it.
function* spans(text, opening, closing) {
  for (const { index, 0: word } of text.matchAll(opening)) {
    if (closing) {
      let depth = 1;
      const words = new RegExp(`${opening.source}|${closing.source}`, 'gi');
      words.lastIndex = index + word.length;
      for (let next; depth > 0 && (next = words.exec(text)); ) depth += new RegExp(`^(?:${closing.source})$`, 'i').test(next[0]) ? -1 : 1;
      yield text.slice(index, words.lastIndex || undefined);
      continue;
    }
    let depth = 0;
    let end = text.indexOf('(', index);
    do {
      depth += text[end] === '(' ? 1 : text[end] === ')' ? -1 : 0;
      ++end;
    } while (depth > 0 && end < text.length);
    yield text.slice(index, end);
  }
}

const clock = /\b(now|clock_timestamp|statement_timestamp|transaction_timestamp|gen_random_uuid|random)\s*\(|\bcurrent_(date|timestamp|setting)\b/i;
// Those of our statements that are not IMMUTABLE, as the clock is not.
const stable = new RegExp(`${clock.source}|\\b(array_to_string|to_char|format|concat|concat_ws|to_jsonb?|jsonb_build_object)\\s*\\(`, 'i');
const modified = /\b(INSERT INTO|UPDATE|DELETE FROM)\s+(?:ONLY\s+)?(?:public\.)?(\w+)/gi;

// The parts of a statement that write, each with its verb and table: the whole, and what stands in its WITH.
function* writesIn(text, distributed) {
  for (const { 1: verb, 2: table, index } of text.matchAll(modified)) {
    if (/\b(DO|FOR|ON)\s+(NO KEY\s+)?$/i.test(text.slice(0, index)) || !distributed.has(table)) continue;
    let depth = 0;
    let end = index;
    for (; end < text.length && depth >= 0; ++end) depth += text[end] === '(' ? 1 : text[end] === ')' ? -1 : 0;
    const opened = [...text.slice(0, index)].reduce((sum, letter) => sum + (letter === '(' ? 1 : letter === ')' ? -1 : 0), 0);
    yield { verb: verb.toUpperCase(), table, nested: opened > 0, part: text.slice(index, end) };
  }
}

const reads = (text, distributed) => [...text.matchAll(/\b(?:FROM|JOIN|USING|UPDATE|INTO)\s+(?:ONLY\s+|LATERAL\s+)?(?:public\.)?(\w+)/gi)].some(([, table]) => distributed.has(table));

export const rules = [
  {
    name: 'a list of columns',
    says: 'SELECT 1 FROM and not SELECT FROM',
    source: 'seen with 13.2: "a column definition list is required for functions returning record"',
    breaks: (text, distributed) => reads(text, distributed) && /\bSELECT\s+FROM\b/i.test(text),
  },
  {
    name: 'sessions by SET LOCAL',
    says: 'a session is named by SET LOCAL ftl.sessions, not by set_config()',
    source: 'citus.propagate_set_commands hands on SET LOCAL alone; row security on the shard then sees no session',
    breaks: (_, __, whole) => /set_config\s*\(\s*'ftl\.sessions'/i.test(whole),
  },
  {
    name: 'no clock in CASE and COALESCE',
    says: 'within CASE and coalesce() of a statement that writes, a moment is a parameter',
    source: 'planner: "non-IMMUTABLE functions are not allowed in CASE or COALESCE statements"',
    breaks: (text, distributed) => [...writesIn(text, distributed)].some(({ part }) =>
      [...spans(part, /\bCASE\b/gi, /\bEND\b/), ...spans(part, /\b(?:coalesce|greatest|least|nullif)\s*(?=\()/gi)].some((one) => clock.test(one))),
  },
  {
    name: 'no clock in RETURNING',
    says: 'what RETURNING gives is made of columns, parameters and what always gives the same of them',
    source: 'planner: "non-IMMUTABLE functions are not allowed in the RETURNING clause"',
    breaks: (text, distributed) => [...writesIn(text, distributed)].some(({ part }) => stable.test(/\bRETURNING\b[\s\S]*/i.exec(part)?.[0] ?? '')),
  },
  {
    name: 'no clock in ON CONFLICT',
    says: 'what DO UPDATE sets, and its WHERE, is made of columns and parameters',
    source: 'planner: "functions used in the DO UPDATE SET clause of INSERTs on distributed tables must be marked IMMUTABLE"',
    breaks: (text, distributed) => [...writesIn(text, distributed)].some(({ part }) => clock.test(/\bON CONFLICT\b[\s\S]*?(?=\bRETURNING\b|$)/i.exec(part)?.[0] ?? '')),
  },
  {
    name: 'rows from VALUES or from shards',
    says: 'INSERT takes VALUES, or SELECTs from a distributed table of the same session',
    source: 'seen with 13.2: "COPY FROM not supported with row-level security", by which the coordinator would send other rows',
    breaks: (text, distributed) => [...writesIn(text, distributed)].some(({ verb, table, part }) =>
      verb === 'INSERT INTO' && /\bSELECT\b/i.test(part) && !/\)\s*VALUES\b/i.test(part) && !reads(part.replace(new RegExp(`INTO\\s+(?:public\\.)?${table}`, 'i'), ''), distributed)),
  },
  {
    name: 'locks of one session',
    says: 'FOR UPDATE and its like name the session whose rows they lock',
    source: 'seen with 13.2: "could not run distributed query with FOR UPDATE/SHARE commands"',
    breaks: (text, distributed) => reads(text, distributed) && /\bFOR\s+(NO KEY\s+|KEY\s+)?(UPDATE|SHARE)\b/i.test(text) && !/session_id\s*=\s*(\$\d|session\b)/i.test(text),
  },
  {
    name: 'no INSERT in WITH',
    says: 'an INSERT is a statement by itself',
    source: 'seen with 13.2: an INSERT in WITH is refused as the one before; another change in WITH is planned by itself',
    breaks: (text, distributed) => [...writesIn(text, distributed)].some(({ verb, nested }) => nested && verb === 'INSERT INTO'),
  },
];

// The names of the rules that a statement breaks.
export function breaches(sql, distributed) {
  const text = bare(sql);
  return rules.filter(({ breaks }) => breaks(text, distributed, sql)).map(({ name }) => name);
}
