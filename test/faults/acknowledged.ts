import { createHash } from 'node:crypto';

/** When something was asked for and acknowledged, by the record's own clock. */
export interface Asked {
  askedAt?: number | undefined;
  acknowledgedAt?: number | undefined;
}

/** A key that was given out. */
export interface GivenKey {
  id: string;
  token: string;
  user: string;
  capUsd: number;
  parent: GivenKey | undefined;
  lease: Lease | undefined;
  /** When the broker said that the store has it; never of a key that is given before it is written. */
  writtenAt: number | undefined;
  revocation: Asked;
}

export interface Lease {
  id: string;
  acknowledgedAt: number;
  end: Asked;
}

export interface Brake {
  id: string;
  scope: 'user' | 'key';
  target: string;
  acknowledgedAt: number;
  lift: Asked;
}

/** An operator's word on a user's budget; `capUsd` is absent where it was removed. */
export interface BudgetWord extends Asked {
  user: string;
  capUsd: number | undefined;
}

/** One payment or refund; all its sendings are alike. */
export interface Operation {
  id: string;
  user: string;
  cents: number;
  target: string;
  body: string;
  idempotencyKey: string | undefined;
  keys: Set<GivenKey>;
  inFlight: number;
  /** When somebody first asked to capture or cancel it. */
  closedAt: number | undefined;
  /** Whether the vendor said that it captured or canceled it. */
  isClosed: boolean;
  /** Whether what became of one of its calls is not known to who sent it. */
  isUnclear: boolean;
  /** Whether an operator has ended its hold. */
  isEnded: boolean;
}

/** What a broker was asked for and what it acknowledged, in order. */
export class Acknowledged {
  readonly keys: GivenKey[] = [];
  readonly leases: Lease[] = [];
  readonly brakes: Brake[] = [];
  readonly budgets: BudgetWord[] = [];
  readonly operations: Operation[] = [];
  /** The ids of holds that an operator has ended, and when that was acknowledged. */
  readonly endedHolds: { id: string; acknowledgedAt: number }[] = [];
  readonly heads: { head: string; acknowledgedAt: number }[] = [];
  readonly violations: string[] = [];
  operationsAsked = 0;
  /** The UTC day on which it began: budgets are counted by the day. */
  readonly day = today();
  #clock = 0;

  get now(): number {
    return this.#clock;
  }

  tick(): number {
    return ++this.#clock;
  }
}

export function today(): string {
  return new Date().toISOString().slice(0, 10);
}

export function isAsked({ askedAt }: Asked, now = Infinity): boolean {
  return askedAt !== undefined && askedAt <= now;
}

export function isAcknowledged({ acknowledgedAt }: Asked, now = Infinity): boolean {
  return acknowledgedAt !== undefined && acknowledgedAt <= now;
}

/** A key and all above it. */
export function lineOf(key: GivenKey): GivenKey[] {
  return key.parent === undefined ? [key] : [key, ...lineOf(key.parent)];
}

/** What the broker keeps of an `Idempotency-Key`. */
export function keyHashOf(idempotencyKey: string): string {
  return createHash('sha256').update(idempotencyKey).digest('hex');
}
