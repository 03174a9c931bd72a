const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const FIRST = new Set(`${LETTERS}0123456789_`);
const LATER = new Set(`${LETTERS}0123456789_~.-`);

/** Whether a text is one path segment in canonical form, by a reading of its own. */
export function isSegment(text: string): boolean {
  return (
    text !== '' &&
    FIRST.has(text.charAt(0)) &&
    Array.from(text).every((character) => LATER.has(character)) &&
    text.at(-1) !== '.'
  );
}
