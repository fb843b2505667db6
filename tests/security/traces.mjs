// Looks for traces of a secret: in text, in files, and in the memory of processes.
import { closeSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';

// What overwrites freed memory without wiping it spoils its first bytes, so pieces are looked for.
const pieceBytes = 16;
// Findings nearer to each other than this are told once.
const placeBytes = 256;

// Every form in which the secret could stand somewhere, and the pieces of it that give it away.
export class Traces {
  constructor(secret) {
    const bytes = Buffer.from(secret, 'latin1');
    const hex = bytes.toString('hex');
    const escaped = [...hex.matchAll(/../g)].map(([digits]) => `%${digits}`).join('');
    this.forms = {
      plain: secret,
      'hex, lower case': hex,
      'hex, upper case': hex.toUpperCase(),
      'percent, lower case': escaped,
      'percent, upper case': escaped.toUpperCase(),
    };
    for (const offset of [0, 1, 2]) this.forms[`base64 at ${offset}`] = base64Within(bytes, offset);
    if (encodeURIComponent(secret) !== secret) this.forms.URL = encodeURIComponent(secret);
    this.needles = Object.entries(this.forms).flatMap(([form, text]) => piecesOf(text).map((piece) => ({ form, piece: Buffer.from(piece, 'latin1') })));
  }

  // [{form, at}] of every piece found in `bytes`.
  in(bytes) {
    const found = [];
    for (const { form, piece } of this.needles) {
      for (let at = bytes.indexOf(piece); at >= 0; at = bytes.indexOf(piece, at + 1)) found.push({ form, at });
    }
    return found;
  }

  // What is found in the files below `path`, as lines for people.
  inFiles(path) {
    if (statSync(path).isDirectory()) return readdirSync(path).flatMap((name) => this.inFiles(join(path, name)));
    if (!statSync(path).isFile()) return [];
    return this.in(readFileSync(path)).map(({ form, at }) => `${path} at ${at}: ${form}`);
  }

  // What is found in a process's own memory, all that it can read and does not share: a line for each place. Needs root.
  inMemory({ pid, name }) {
    const memory = openSync(`/proc/${pid}/mem`, 'r');
    const places = new Map();
    try {
      for (const region of privateRegions(pid)) {
        for (const { form, at, around } of this.inRegion(memory, region)) {
          const place = Math.floor((region.begin + at) / placeBytes) * placeBytes;
          const seen = places.get(place) ?? { forms: new Set(), around, region: region.name };
          places.set(place, { ...seen, forms: seen.forms.add(form) });
        }
      }
    } finally {
      closeSync(memory);
    }
    return [...places].map(([at, { forms, around, region }]) => `${name} (${pid}), ${region} ${at.toString(16)}: ${[...forms]}: ${around}`);
  }

  inRegion(memory, { begin, end }) {
    const found = [];
    const window = Buffer.alloc(4 * 1024 * 1024);
    const step = window.length - 4096;
    for (let at = begin; at < end; at += step) {
      const size = readSome(memory, window, Math.min(window.length, end - at), at);
      const read = window.subarray(0, size);
      const seen = this.in(read).filter((trace) => trace.at < step || at + step >= end);
      for (const trace of seen) found.push({ form: trace.form, at: at - begin + trace.at, around: this.around(read, trace.at) });
    }
    return found;
  }

  // What stands about it, without the secret, to tell where it comes from.
  around(bytes, at) {
    let text = bytes.subarray(Math.max(0, at - 96), at + 160).toString('latin1').replace(/[^ -~]+/g, '.');
    for (const { piece } of this.needles) text = text.replaceAll(piece.toString('latin1'), '<key>');
    return text;
  }
}

// The characters of base64 that the bytes alone decide when `offset` bytes stand before them.
function base64Within(bytes, offset) {
  const coded = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64').replace(/=+$/, '');
  return coded.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6));
}

function piecesOf(text) {
  const pieces = [];
  for (let end = text.length; end >= pieceBytes; end -= pieceBytes) pieces.push(text.slice(end - pieceBytes, end));
  return pieces.length ? pieces : [text];
}

function privateRegions(pid) {
  return readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n').flatMap((line) => {
    const fields = /^([0-9a-f]+)-([0-9a-f]+) (....) \S+ \S+ \S+ *(.*)$/.exec(line);
    if (!fields || fields[3][0] !== 'r' || fields[3][3] !== 'p' || /^\[v/.test(fields[4])) return [];
    return [{ begin: parseInt(fields[1], 16), end: parseInt(fields[2], 16), name: fields[4] || 'anonymous' }];
  });
}

function readSome(file, buffer, size, at) {
  try {
    return readSync(file, buffer, 0, size, at);
  } catch {
    return 0; // gone, or a mapping beyond the end of its file
  }
}
