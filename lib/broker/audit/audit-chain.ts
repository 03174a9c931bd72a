import { createHmac, createSecretKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** How many rows the log has, and the chain's value at the last of them. */
export interface AuditHead {
  count: number;
  mac: string;
}

/** What a walk along the chain came to. */
export type AuditVerdict =
  | { ok: true; entries: number; head: string }
  | { ok: false; entries: number; seq: number; reason: string };

/** The value before the first row. */
export const GENESIS: AuditHead = { count: 0, mac: '' };

/** Chains rows: each value covers its row, the row's place, and through its predecessor all before. */
export class AuditChain {
  readonly #key: KeyObject;

  constructor(key: string) {
    this.#key = createSecretKey(key, 'utf8');
  }

  /** The chain's value at a row, as it is stored: HMAC-SHA-256 in hex. */
  next(previous: string, row: string): string {
    return this.#hmac(`row\n${previous}\n${row}`);
  }

  /** What vouches for the head: without it, dropping the last rows would leave a valid chain. */
  seal({ count, mac }: AuditHead): string {
    return this.#hmac(`head\n${count}\n${mac}`);
  }

  #hmac(text: string): string {
    return createHmac('sha256', this.#key).update(text).digest('hex');
  }
}

/** A walk along the chain, row by row; {@link AuditWalk.end} gives the verdict. */
export class AuditWalk {
  #head: AuditHead = GENESIS;
  #fault: { seq: number; reason: string } | undefined;
  #passed: boolean;

  /** @param expected A head kept elsewhere, which the chain must still pass through. */
  constructor(
    private readonly chain: AuditChain,
    private readonly expected?: string,
  ) {
    this.#passed = expected === undefined || expected === GENESIS.mac;
  }

  /** Whether the walk may go on. */
  take(seq: number, row: string, mac: string): boolean {
    const { count, mac: previous } = this.#head;
    if (seq !== count + 1) {
      return this.#fail(count + 1, `row ${count + 1} is missing: row ${seq} follows row ${count}`);
    }
    const value = this.chain.next(previous, row);
    if (value !== mac) return this.#fail(seq, `row ${seq} is not what was written`);
    if (value === this.expected) this.#passed = true;
    this.#head = { count: seq, mac: value };
    return true;
  }

  /** @param stored The head and its seal, as they are in the store. */
  end(stored: AuditHead & { seal: string }): AuditVerdict {
    const { count, mac } = this.#head;
    if (this.#fault === undefined) {
      if (this.chain.seal(stored) !== stored.seal) {
        this.#fail(count, 'the head of the log is not what was written');
      } else if (stored.count !== count || stored.mac !== mac) {
        this.#fail(count + 1, `the log should have ${stored.count} rows and has ${count}`);
      } else if (!this.#passed) {
        this.#fail(count, 'the log does not lead to the given head: rows were replaced or dropped');
      }
    }
    if (this.#fault !== undefined) return { ok: false, entries: count, ...this.#fault };
    return { ok: true, entries: count, head: mac };
  }

  #fail(seq: number, reason: string): false {
    this.#fault = { seq, reason };
    return false;
  }
}
