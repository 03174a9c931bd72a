import { readEntry } from '../audit/audit-entry';
import type { AuditEntry } from '../audit/audit-entry';
import type { LogSlice } from './store';

/** Rows as they are stored, as a slice of the log; fewer than `limit` where the log ends with them. */
export function sliceOf(rows: readonly { seq: number; entry: string }[], limit: number): LogSlice {
  const last = rows.at(-1)?.seq;
  return {
    entries: rows.flatMap(({ entry }) => readable(entry)),
    ...(last === undefined ? {} : { last }),
    isEnd: rows.length < limit,
  };
}

function readable(entry: string): AuditEntry[] {
  try {
    return [readEntry(entry)];
  } catch {
    return [];
  }
}
