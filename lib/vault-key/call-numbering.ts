import { createHash } from 'node:crypto';

/** A vendor call as its idempotency key tells it apart. */
export interface NumberedCall {
  method: string;
  /** The vendor's own path and query. */
  path: string;
  body?: string | undefined;
  /** The account at the broker that it is made for. */
  vendor?: string | undefined;
  /** The connected account it is made for: vendors keep the keys of each account apart. */
  account?: string | undefined;
  /**
   * The key that a client gives to each attempt at this call, where it retries by itself: all of
   * its attempts are one call.
   */
  generatedKey?: string | undefined;
}

/** What can be in a key as it is, and is not taken for the hash of what cannot. */
const PLAIN = /^(?!sha256-)[\x21-\x7e]{1,190}$/;

/**
 * Idempotency keys for work that may be done again from its start, such as a job that is retried:
 * the n-th call with equal method, path, body and accounts has the same key each time, so that a vendor
 * executes it once. Two equal calls of one attempt are two calls.
 *
 * Calls count in the order in which they are begun, whatever the order in which they end.
 */
export class CallNumbering {
  readonly #prefix: string;
  readonly #origin: string;
  readonly #counts = new Map<string, number>();
  readonly #attempted = new Map<string, string>();

  /**
   * @param work What tells this work from all other, such as `<queue>:<job id>`.
   * @param origin What else tells it apart, and is in its keys only within the hash.
   */
  constructor(work: string, origin = '') {
    // A key holds 1 to 255 visible ASCII characters.
    this.#prefix = PLAIN.test(work)
      ? work
      : `sha256-${createHash('sha256').update(work, 'utf16le').digest('hex')}`;
    this.#origin = origin;
  }

  /** `<work>:<hash of method, path, body and accounts>:<n>`. */
  keyFor({ method, path, body = '', vendor, account, generatedKey }: NumberedCall): string {
    const known = generatedKey === undefined ? undefined : this.#attempted.get(generatedKey);
    if (known !== undefined) return known;
    const text = JSON.stringify([method, path, body, this.#origin, vendor, account]);
    const hash = createHash('sha256').update(text).digest('hex').slice(0, 32);
    const n = (this.#counts.get(hash) ?? 0) + 1;
    this.#counts.set(hash, n);
    const key = `${this.#prefix}:${hash}:${n}`;
    if (generatedKey !== undefined) this.#attempted.set(generatedKey, key);
    return key;
  }
}
