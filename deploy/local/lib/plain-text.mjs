// Markdown as a terminal shows it: tables in columns, marks taken away, links as their text.
const inline = (text) =>
  text
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/(\*\*|__)(\S(?:.*?\S)?)\1/g, '$2')
    .replace(/`([^`]*)`/g, '$1')
    .replace(/\\([\\`*_{}[\]()#+\-.!|<>~])/g, '$1');

const cells = (row) => row.replace(/^\||\|$/g, '').split(/(?<!\\)\|/).map((cell) => inline(cell.trim()));

function columns(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column])).join('  ').trimEnd());
}

export function plainText(markdown) {
  const lines = [];
  let table = [];
  let number = 0;
  const endTable = () => {
    if (table.length) lines.push(...columns(table));
    table = [];
  };
  for (const line of markdown.split('\n')) {
    if (/^\|.*\|\s*$/.test(line)) {
      if (!/^\|[\s:|-]+\|\s*$/.test(line)) table.push(cells(line.trim()));
      continue;
    }
    endTable();
    number = /^\d+[.)] /.test(line) ? number + 1 : 0;
    if (number) {
      lines.push(`${number}. ${inline(line.replace(/^\d+[.)] /, ''))}`);
      continue;
    }
    lines.push(inline(line.replace(/^#{1,6} /, '').replace(/^(\s*)[*-] /, '$1• ')));
  }
  endTable();
  return lines.join('\n');
}
