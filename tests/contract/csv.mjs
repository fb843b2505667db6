// RFC 4180, strictly: records end in CRLF, quotes only around whole cells.
import assert from 'node:assert/strict';

export function records(text) {
  const all = [];
  let record = [];
  let at = 0;
  while (at < text.length) {
    let cell = '';
    if (text[at] === '"') {
      for (at += 1; ; ) {
        const end = text.indexOf('"', at);
        assert.ok(end >= 0, 'a quote is not closed');
        cell += text.slice(at, end);
        at = end + 1;
        if (text[at] !== '"') break;
        cell += '"';
        at += 1;
      }
    } else {
      const end = text.slice(at).search(/[,\r\n"]/);
      cell = end < 0 ? text.slice(at) : text.slice(at, at + end);
      at += cell.length;
    }
    record.push(cell);
    if (text[at] === ',') {
      at += 1;
      if (at === text.length) record.push('');
    } else {
      assert.ok(text.startsWith('\r\n', at) || at === text.length, `after a cell stands ${JSON.stringify(text.slice(at, at + 5))}`);
      at += 2;
      all.push(record);
      record = [];
    }
  }
  if (record.length) all.push(record);
  return all;
}
