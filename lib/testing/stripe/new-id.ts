import { randomFillSync } from 'node:crypto';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

const ID_LENGTH = 24;
const pool = Buffer.alloc(ID_LENGTH * 256);
let poolUsed = pool.length;

/** `pi_` and 24 random letters and digits. */
export function newId(prefix: string): string {
  if (poolUsed === pool.length) {
    randomFillSync(pool);
    poolUsed = 0;
  }
  let id = prefix;
  for (let end = poolUsed + ID_LENGTH; poolUsed < end; poolUsed += 1) {
    id += ALPHABET[pool[poolUsed]! % ALPHABET.length]!;
  }
  return id;
}
