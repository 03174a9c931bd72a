import * as fc from 'fast-check';

/** Names that objects have by themselves, and that careless code finds where it looks for a key. */
const NAMES_OF_OBJECTS = ['__proto__', 'constructor', 'hasOwnProperty', 'toString', 'valueOf'];
const FIRST_SURROGATE = 0xd800;
const SURROGATES = 0x800;

const codePoint = fc
  .integer({ min: 0, max: 0x10ffff - SURROGATES })
  .map((n) => String.fromCodePoint(n < FIRST_SURROGATE ? n : n + SURROGATES));

/**
 * Text of any code points. fast-check's own `unit: 'binary'` is the same, and takes a second of each
 * suite to list all code points.
 */
export function anyText(length: { minLength?: number; maxLength?: number } = {}) {
  const { minLength = 0, maxLength = Infinity } = length;
  const names = NAMES_OF_OBJECTS.filter(
    (name) => name.length >= minLength && name.length <= maxLength,
  );
  const text = fc.array(codePoint, length).map((characters) => characters.join(''));
  return names.length === 0
    ? text
    : fc.oneof(
        { weight: 20, arbitrary: text },
        { weight: 1, arbitrary: fc.constantFrom(...names) },
      );
}
