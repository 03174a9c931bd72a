import { hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { randomByte } from '../../contract/random';

const PREFIX = 'vault_key_';
/** What an operator's token begins with. */
export const OPERATOR_PREFIX = 'vault_operator_';
const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** 28 characters of base62 carry 166 random bits. */
const RANDOM_LENGTH = 28;
const CHECKSUM_LENGTH = 6;
const ID_LENGTH = 22;
const TIME_LENGTH = 7;
const REST = `[0-9A-Za-z]{${RANDOM_LENGTH + CHECKSUM_LENGTH}}`;
const SHAPES: ReadonlyMap<string, RegExp> = new Map(
  [PREFIX, OPERATOR_PREFIX].map((prefix) => [prefix, new RegExp(`^${prefix}${REST}$`)]),
);
/** What all tokens begin with. */
const STEM = 'vault_';
const ANYWHERE = new RegExp(`(${PREFIX}|${OPERATOR_PREFIX})${REST}`, 'g');

/** Characters drawn evenly from base62. */
export function randomBase62(length: number): string {
  let text = '';
  while (text.length < length) {
    const byte = randomByte();
    // 248 is the largest multiple of 62 a byte can hold: above it the draw would be uneven.
    if (byte < 248) text += BASE62.charAt(byte % 62);
  }
  return text;
}

/**
 * What follows the prefix of an id: seven characters of the time, fifteen drawn at random. Ids that
 * are made together are side by side in an index, which is what a store writes by.
 */
export function newId(now: number): string {
  return base62(now, TIME_LENGTH) + randomBase62(ID_LENGTH - TIME_LENGTH);
}

/** A new token: a vault key's, or with another prefix another's. */
export function newToken(prefix = PREFIX): string {
  const random = randomBase62(RANDOM_LENGTH);
  return `${prefix}${random}${checksum(random)}`;
}

/** Whether a text can be a token at all: of its form, and with the right checksum. */
export function isWellFormedToken(text: string, prefix = PREFIX): boolean {
  if (SHAPES.get(prefix)?.test(text) !== true) return false;
  const random = text.slice(prefix.length, -CHECKSUM_LENGTH);
  return text.endsWith(checksum(random));
}

/** A text without the tokens in it: a caller can put its own anywhere, and it must not be stored. */
export function withoutTokens(text: string): string {
  return text.includes(STEM) ? text.replaceAll(ANYWHERE, '$1…') : text;
}

/** What is stored of a token: its SHA-256 in hex. */
export function hashToken(token: string): string {
  return hash('sha256', token, 'hex');
}

function checksum(random: string): string {
  return base62(crc32(random), CHECKSUM_LENGTH);
}

function base62(value: number, length: number): string {
  let rest = value;
  let text = '';
  for (let i = 0; i < length; i++) {
    text = BASE62.charAt(rest % 62) + text;
    rest = Math.floor(rest / 62);
  }
  return text;
}
