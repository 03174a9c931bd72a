import { createHash, timingSafeEqual } from 'node:crypto';

/** The management tokens that are accepted: one, or two while it is changed. */
export class ManagementTokens {
  #hashes: readonly Buffer[];

  constructor(tokens: readonly string[]) {
    this.#hashes = tokens.map(sha256);
  }

  /** Takes these in place of those before. */
  replace(tokens: readonly string[]): void {
    this.#hashes = tokens.map(sha256);
  }

  /** Whether they are these, in whatever order and however often each is given. */
  are(tokens: readonly string[]): boolean {
    const others = new ManagementTokens(tokens);
    return (
      tokens.every((token) => this.has(token)) &&
      this.#hashes.every((hash) => others.#hasHash(hash))
    );
  }

  has(token: string): boolean {
    return this.#hasHash(sha256(token));
  }

  /** As {@link has}, by the token's SHA-256 in hex. */
  hasHash(tokenHash: string): boolean {
    return this.#hasHash(Buffer.from(tokenHash, 'hex'));
  }

  #hasHash(hash: Buffer): boolean {
    return this.#hashes.filter((each) => timingSafeEqual(hash, each)).length > 0;
  }
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
