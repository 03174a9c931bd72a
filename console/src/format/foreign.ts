/**
 * A text that an agent has chosen, as a person reads it who decides about it: what cannot be seen, or would change
 * the order of what can, stands there by its number.
 */
export function foreignText(text: string): string {
  return text.replaceAll(
    /[\p{C}\p{Zl}\p{Zp}]/gu,
    (character) =>
      `[U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`,
  );
}
