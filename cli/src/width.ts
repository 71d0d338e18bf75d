import { stripVTControlCharacters } from "node:util";

const letters = new Intl.Segmenter();

/** What takes two columns: pictures, and the scripts of East Asia. */
const WIDE =
  /^(?:\p{Emoji_Presentation}|.*\u{fe0f}|[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u303f\uff01-\uff60])/u;

/** As much of a plain line as fits into so many columns of a terminal. */
export function cut(line: string, columns: number): string {
  let [kept, width] = ["", 0];
  for (const { segment } of letters.segment(stripVTControlCharacters(line))) {
    width += columnsOf(segment);
    if (width > columns) break;
    kept += segment;
  }
  return kept;
}

/** How many columns of a terminal a plain line takes. */
export function widthOf(line: string): number {
  return [...letters.segment(stripVTControlCharacters(line))].reduce((sum, { segment }) => sum + columnsOf(segment), 0);
}

function columnsOf(letter: string): number {
  return WIDE.test(letter) ? 2 : 1;
}
