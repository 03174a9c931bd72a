/**
 * What no text that people read may hold: what shows itself as something else in a list or a log, or
 * not at all, and halves of characters. Emoji keep what makes them one: joiners between them, and
 * U+FE0F after them.
 */
const UNSHOWN =
  /(?!(?<=\p{Extended_Pictographic}|\p{Extended_Pictographic}\ufe0f|\p{Emoji_Modifier})\u200d(?=\p{Extended_Pictographic})|(?<=\p{Extended_Pictographic})\ufe0f|(?<=[#*0-9])\ufe0f(?=\u20e3))[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Cf}\p{Bidi_Control}\p{Default_Ignorable_Code_Point}\u2800]/gu;

/**
 * What is wrong with a text that people read: a label, a subject, a reason, the id of a budget or a
 * brake.
 *
 * @param maxLength In characters.
 * @returns `undefined` where nothing is.
 */
export function labelFault(value: unknown, maxLength: number): string | undefined {
  if (typeof value !== 'string') return 'must be a string';
  if (value.trim() === '') return 'must not be blank';
  if (value.length > maxLength && Array.from(value).length > maxLength)
    return `must be at most ${maxLength} characters long`;
  if (!value.isWellFormed()) return 'must be well-formed Unicode';
  const [unshown] = value.match(UNSHOWN) ?? [];
  if (unshown === undefined) return undefined;
  const code = (unshown.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  return `must not hold control, line-separator or invisible characters, and holds U+${code}`;
}

/** A text with `_` in place of each character that a label may not hold. */
export function withoutUnshown(text: string): string {
  return text.replace(UNSHOWN, '_');
}
