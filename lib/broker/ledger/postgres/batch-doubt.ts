import type { AuditHead } from '../../audit/audit-chain';
import type { BrokerRefusal } from '../../refusal';
import type { PostgresBook } from './postgres-book';

/** A work that is asked for, and what it came to. */
export interface AskedWork {
  work: (book: PostgresBook) => unknown;
  result?: unknown;
  refusal?: BrokerRefusal;
  /** Called where it was told as failed, and turns out to be written. */
  onFoundWritten?: ((result: unknown) => void) | undefined;
}

/** A batch of which it is not known whether it was written. */
export interface Doubt {
  head: AuditHead;
  asked: readonly AskedWork[];
  hasArrived?: boolean;
  /** Whether those who asked were told that nothing was done. */
  isToldAsFailed?: boolean;
}

/** Those who asked are told that nothing was done, while it is not known whether it was. */
export function tellAsFailed(doubt: Doubt): void {
  doubt.isToldAsFailed = true;
  if (doubt.hasArrived === true) takeBack(doubt);
}

/** It was written all the same. */
export function takeBack({ asked }: Doubt): void {
  for (const { refusal, result, onFoundWritten } of asked) {
    if (refusal === undefined) onFoundWritten?.(result);
  }
}
