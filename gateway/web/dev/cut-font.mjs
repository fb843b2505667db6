// Makes src/styles/fonts/geist.woff2: Geist with the letters of Latin, and of its weights and features those that the page sets. Run where the
// font is renewed: npm install --no-save subset-font @fontsource-variable/geist && node dev/cut-font.mjs
import { readFileSync, writeFileSync } from 'node:fs';
import subsetFont from 'subset-font';

const source = 'node_modules/@fontsource-variable/geist/files/geist-latin-wght-normal.woff2';
const ranges = [[0x20, 0x7e], [0xa0, 0xff], [0x131, 0x131], [0x152, 0x153], [0x2bb, 0x2bc], [0x2c6, 0x2c6], [0x2da, 0x2da], [0x2dc, 0x2dc], [0x304, 0x304], [0x308, 0x308], [0x329, 0x329], [0x2000, 0x206f], [0x20ac, 0x20ac], [0x2122, 0x2122], [0x2191, 0x2191], [0x2193, 0x2193], [0x2212, 0x2212], [0x2215, 0x2215], [0xfeff, 0xfeff], [0xfffd, 0xfffd]];
const letters = ranges.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, n) => String.fromCodePoint(first + n))).join('');

const cut = await subsetFont(readFileSync(source), letters, {
  targetFormat: 'woff2',
  variationAxes: { wght: { min: 400, max: 600, default: 400 } },
  keepFeatures: ['kern', 'tnum', 'lnum', 'ccmp', 'mark', 'mkmk', 'locl'],
});
writeFileSync('src/styles/fonts/geist.woff2', cut);
