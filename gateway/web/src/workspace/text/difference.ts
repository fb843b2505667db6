// What two texts have in common and what each has alone, word by word. Pure.
export interface Piece {
  text: string;
  /** Only in this one of the two. */
  alone: boolean;
}

/** Texts of more words than this are compared line by line: the table of the comparison grows with the product. */
const mostWords = 1500;
const most = 4_000_000;

const words = (text: string): string[] => text.match(/\s+|[\p{L}\p{N}_]+|[^\s\p{L}\p{N}_]/gu) ?? [];
const lines = (text: string): string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? [];

/** Joins neighbours of one kind. */
function joined(tokens: readonly string[], alone: readonly boolean[]): Piece[] {
  const pieces: Piece[] = [];
  tokens.forEach((text, index) => {
    const last = pieces[pieces.length - 1];
    if (last && last.alone === alone[index]) last.text += text;
    else pieces.push({ text, alone: alone[index]! });
  });
  return pieces;
}

/** The pieces of both, by their longest common subsequence; undefined where the texts are too long to compare. */
export function differences(a: string, b: string): [Piece[], Piece[]] | undefined {
  const isFine = Math.max(words(a).length, words(b).length) <= mostWords;
  const tokens = isFine ? words : lines;
  const [x, y] = [tokens(a), tokens(b)];
  if (x.length * y.length > most) return undefined;
  const width = y.length + 1;
  const length = new Uint16Array((x.length + 1) * width);
  for (let i = x.length - 1; i >= 0; i -= 1) {
    for (let j = y.length - 1; j >= 0; j -= 1) {
      length[i * width + j] = x[i] === y[j] ? length[(i + 1) * width + j + 1]! + 1 : Math.max(length[(i + 1) * width + j]!, length[i * width + j + 1]!);
    }
  }
  const aloneX = x.map(() => true);
  const aloneY = y.map(() => true);
  for (let i = 0, j = 0; i < x.length && j < y.length; ) {
    if (x[i] === y[j]) aloneX[i++] = aloneY[j++] = false;
    else if (length[(i + 1) * width + j]! >= length[i * width + j + 1]!) i += 1;
    else j += 1;
  }
  return [joined(x, aloneX), joined(y, aloneY)];
}
