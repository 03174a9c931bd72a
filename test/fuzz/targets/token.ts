import fc from 'fast-check';
import { bearerToken } from '../../../lib/broker/forwarding/request-headers';
import { isWellFormedToken, newToken, withoutTokens } from '../../../lib/broker/keys/token';
import { mutated, seedsOf } from '../mutation';
import { must, mustEqual } from '../target';
import type { FuzzTarget } from '../target';

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const PARTS = ['vault_key_', 'Vault_Key_', 'vault_key', '_', 'A', '0', 'z', '-', ' ', '\n', '\0', '\u0430', '\uff21', 'Bearer ', BASE62]; // prettier-ignore

/** A vault key's token, the header it comes in, and the texts it is struck out of. */
export const token: FuzzTarget = {
  name: 'token',
  inputs: fc.oneof(
    mutated(seedsOf('token'), PARTS),
    fc
      .tuple(fc.string({ maxLength: 3 }), fc.string({ maxLength: 3 }))
      .map(([before, after]) => before + newToken() + after),
    fc.tuple(fc.nat(43), fc.constantFrom(...BASE62.split(''))).map(([at, letter]) => {
      const fresh = newToken();
      return fresh.slice(0, at) + letter + fresh.slice(at + 1);
    }),
  ),
  check(input) {
    mustEqual(isWellFormedToken(input), isToken(input), 'accepted');
    const stored = withoutTokens(input);
    mustEqual(withoutTokens(stored), stored, 'struck out once and for all');
    for (
      let at = stored.indexOf('vault_key_');
      at !== -1;
      at = stored.indexOf('vault_key_', at + 1)
    ) {
      must(!isToken(stored.slice(at, at + 44)), 'a token is left');
    }
    const printable = Array.from(input).every(
      (character) => character > ' ' && character < '\u007f',
    );
    mustEqual(
      bearerToken(`Bearer ${input}`),
      printable && input !== '' ? input : bearerToken(`Bearer ${input.replace(/^ +/, '')}`),
      'the header’s credential',
    );
    return isToken(input);
  },
};

function isToken(text: string): boolean {
  if (text.length !== 44 || !text.startsWith('vault_key_')) return false;
  const body = text.slice(10);
  if (!Array.from(body).every((character) => BASE62.includes(character))) return false;
  let sum = 0;
  for (const character of body.slice(28)) sum = sum * 62 + BASE62.indexOf(character);
  return sum === crc(body.slice(0, 28));
}

/** CRC-32 (ISO-HDLC), bit by bit. */
function crc(text: string): number {
  let rest = 0xffffffff;
  for (const character of text) {
    rest ^= character.charCodeAt(0);
    for (let bit = 0; bit < 8; bit++) rest = (rest >>> 1) ^ (rest & 1 ? 0xedb88320 : 0);
  }
  return (rest ^ 0xffffffff) >>> 0;
}
