import { createHmac, createSecretKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { AuditSegment } from './audit-segment';

type SegmentBounds = Pick<AuditSegment, 'first' | 'last' | 'previousHead' | 'head'>;

/** How many rows the log has, and the chain's value at the last of them. */
export interface AuditHead {
  count: number;
  mac: string;
}

/** What a walk along the chain came to. */
export type AuditVerdict =
  /** `begins_after` is the last row of those that have left with exported segments. */
  | { ok: true; entries: number; head: string; begins_after?: number }
  | { ok: false; entries: number; seq: number; reason: string };

/** The value before the first row. */
export const GENESIS: AuditHead = { count: 0, mac: '' };

/** Chains rows: each value covers its row, the row's place, and through its predecessor all before. */
export class AuditChain {
  readonly #key: KeyObject;
  #proof: string | undefined;

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

  /** What vouches for a segment: its rows, and that they follow all rows before. */
  sealSegment({ first, last, previousHead, head }: SegmentBounds): string {
    return this.#hmac(`segment\n${first}\n${last}\n${previousHead}\n${head}`);
  }

  /** What vouches for what is noted of a segment: that it was exported, that its rows may be missing. */
  sealMarks({ last, head, sealedAt, exportedAt, leftAt }: Omit<AuditSegment, 'seal'>): string {
    return this.#hmac(`marks\n${last}\n${head}\n${sealedAt}\n${exportedAt ?? ''}\n${leftAt ?? ''}`);
  }

  /** What tells others that it has this key, and tells nobody the key: whoever knows it may write to a store. */
  get proof(): string {
    return (this.#proof ??= this.#hmac('writer'));
  }

  #hmac(text: string): string {
    return createHmac('sha256', this.#key).update(text).digest('hex');
  }
}

/** Where the log begins whose first rows have left. */
export interface AuditBase extends AuditHead {
  /** The chain's values at the last row of each segment that has left. */
  heads: readonly string[];
}

/** A walk along the chain, row by row; {@link AuditWalk.end} gives the verdict. */
export class AuditWalk {
  #head: AuditHead;
  #fault: { seq: number; reason: string } | undefined;
  #passed: boolean;

  /**
   * @param expected A head kept elsewhere, which the chain must still pass through.
   * @param base Where the walk begins; with the first row where it is not given.
   */
  constructor(
    private readonly chain: AuditChain,
    private readonly expected?: string,
    private readonly base: AuditBase = { ...GENESIS, heads: [GENESIS.mac] },
  ) {
    this.#head = base;
    this.#passed = expected === undefined || base.heads.includes(expected);
  }

  /** The walk cannot begin. */
  refuse(seq: number, reason: string): void {
    this.#fail(seq, reason);
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
        this.#fail(
          count,
          this.base.count === 0
            ? 'the log does not lead to the given head: rows were replaced or dropped'
            : `the log does not lead to the given head from row ${this.base.count + 1} on: rows were replaced or dropped, unless the head is that of a row in an exported segment`,
        );
      }
    }
    const entries = count - this.base.count;
    if (this.#fault !== undefined) return { ok: false, entries, ...this.#fault };
    const { count: left } = this.base;
    return { ok: true, entries, head: mac, ...(left === 0 ? {} : { begins_after: left }) };
  }

  #fail(seq: number, reason: string): false {
    this.#fault = { seq, reason };
    return false;
  }
}
