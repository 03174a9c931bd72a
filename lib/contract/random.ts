import { randomFillSync } from 'node:crypto';

const pool = Buffer.alloc(4_096);
let drawn = pool.length;

/** A random byte, of many that are drawn at once, which costs far less. None is kept once it is used. */
export function randomByte(): number {
  if (drawn === pool.length) {
    randomFillSync(pool);
    drawn = 0;
  }
  const byte = pool.readUInt8(drawn);
  pool[drawn++] = 0;
  return byte;
}

/** Random bytes in hex. */
export function randomHex(bytes: number): string {
  let text = '';
  for (let i = 0; i < bytes; i++) text += randomByte().toString(16).padStart(2, '0');
  return text;
}
