import { readEntry } from '../audit/audit-entry';
import type { AuditEntry } from '../audit/audit-entry';

/** Some rows of the audit log, the oldest first. */
export interface LogSlice {
  rows: readonly AuditEntry[];
  /** The last row that was looked at: where the next slice begins. */
  last: number;
  /** Whether there was nothing after it. */
  isEnd: boolean;
}

/** What events are made of: the end of the audit log, as it grows. */
export interface LogTail {
  /** The store's clock, in epoch milliseconds. */
  now(): number;
  /** Rows after one that are durable. Rejects where the store does not answer. */
  after(row: number, limit: number): Promise<LogSlice>;
  /** The number of the last row. */
  lastRow(): Promise<number>;
  /** Whether the last transaction has failed: what it says is of this process alone. */
  readonly isFailing: boolean;
  /** Called after each commit of this process. */
  onWritten: (() => void) | undefined;
}

/**
 * A slice of stored rows. What was changed from outside so that it cannot be read is passed over: a
 * verification tells of it.
 *
 * @param row The row that they come after.
 * @param limit How many were asked for.
 */
export function logSlice(
  row: number,
  limit: number,
  stored: readonly { seq: number; text: string }[],
): LogSlice {
  const rows = stored.flatMap(({ text }) => {
    try {
      return [readEntry(text)];
    } catch {
      return [];
    }
  });
  return { rows, last: stored.at(-1)?.seq ?? row, isEnd: stored.length < limit };
}
