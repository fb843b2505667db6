// What the page weighs on its way, gzipped as the gateway does, fonts included: everything that its files name, one language alone.
import { gzipSync } from 'node:zlib';

const names = /["'(](?:\.{0,2}\/)?(?:assets\/)?([\w.-]+\.(?:js|css|woff2))["')]/g;

/** Bytes of the first page (`first`, before a button is pressed) and of all that the wizard may load (`whole`), with the heaviest language. */
export async function pageWeight(base) {
  const sizes = new Map();
  const texts = new Map();
  const fetched = async (path) => {
    if (texts.has(path)) return texts.get(path);
    const answer = await fetch(base + path);
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
    const bytes = Buffer.from(await answer.arrayBuffer());
    sizes.set(path, path.endsWith('.woff2') ? bytes.length : gzipSync(bytes, { level: 9 }).length);
    texts.set(path, bytes.toString('latin1'));
    return texts.get(path);
  };
  const follow = async (path, seen, references) => {
    if (seen.has(path)) return seen;
    seen.add(path);
    const text = await fetched(path);
    if (!path.endsWith('.woff2')) for (const name of references(text, path)) await follow(`/assets/${name}`, seen, references);
    return seen;
  };
  const all = (text) => [...text.matchAll(names)].map((match) => match[1]);
  // What a module imports by itself; a font of a style sheet comes where its letters do.
  const atOnce = (text, path) => {
    if (path.endsWith('.css')) return [];
    return path === '/' ? all(text) : [...text.matchAll(/(?:from|import)"\.\/([\w.-]+\.js)"/g)].map((match) => match[1]);
  };
  const weigh = (paths) => {
    const language = (path) => /^\/assets\/[a-z]{2}-/.test(path);
    const sum = (some) => some.reduce((bytes, path) => bytes + sizes.get(path), 0);
    return sum(paths.filter((path) => !language(path)));
  };
  const whole = [...(await follow('/', new Set(), all))];
  const first = [...(await follow('/', new Set(), atOnce))];
  const heaviest = Math.max(...whole.filter((path) => /^\/assets\/[a-z]{2}-/.test(path)).map((path) => sizes.get(path)));
  return { first: weigh(first) + heaviest, whole: weigh(whole) + heaviest, files: Object.fromEntries(sizes) };
}
