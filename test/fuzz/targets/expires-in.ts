import fc from 'fast-check';
import { parseExpiresIn } from '../../../lib/contract/expires-in';
import { mutated, seedsOf } from '../mutation';
import { mustEqual } from '../target';
import type { FuzzTarget } from '../target';

const PARTS = ['s', 'm', 'h', 'd', 'ms', '0', '1', '24', '1440', '86400', '86401', '-', '+', '.', 'e', ' ', '\n', '\0', '\uff15', '\u0665', '"', 'null', '[]']; // prettier-ignore

/** `expires_in`; an input is a text, or any JSON value. */
export const expiresIn: FuzzTarget = {
  name: 'expires-in',
  inputs: fc.oneof(
    mutated(seedsOf('expires-in'), PARTS),
    fc
      .tuple(fc.nat(100_000), fc.constantFrom('s', 'm', 'h'))
      .map(([count, unit]) => `${count}${unit}`),
    fc.json({ maxDepth: 2 }),
  ),
  check(input) {
    for (const value of [input, parsed(input)]) {
      mustEqual(
        parseExpiresIn(value) ?? null,
        typeof value === 'string' ? lifeOf(value) : null,
        'life',
      );
    }
    return lifeOf(input) !== null;
  },
};

function lifeOf(text: string): number | null {
  const unit = { s: 1n, m: 60n, h: 3_600n }[text.slice(-1)];
  const digits = Array.from(text.slice(0, -1));
  if (unit === undefined || digits.length === 0 || digits[0] === '0') return null;
  if (!digits.every((digit) => '0123456789'.includes(digit))) return null;
  const seconds = BigInt(digits.slice(0, 40).join('')) * unit;
  return digits.length <= 40 && seconds <= 86_400n ? Number(seconds) * 1_000 : null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
