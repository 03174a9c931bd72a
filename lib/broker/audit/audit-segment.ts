import { instantText } from '../instant';

/** A part of the audit log that was cut off, so that it can be exported, and leave the store. */
export interface AuditSegment {
  /** The numbers of its first and of its last row. */
  first: number;
  last: number;
  /** The chain's value before its first row, and at its last. */
  previousHead: string;
  head: string;
  /** What vouches for all that. */
  seal: string;
  /** Epoch milliseconds. */
  sealedAt: number;
  /** When an export of it was confirmed. */
  exportedAt: number | null;
  /** Since when its rows may be gone. */
  leftAt: number | null;
  /** Whether what is noted of it is not what was written: then it counts as never exported. */
  isForged?: true;
}

/** Where a log begins; `undefined` where none of its segments has left. */
export function baseOf(segments: readonly AuditSegment[]) {
  const left = segments.filter(({ leftAt }) => leftAt !== null);
  const last = left.at(-1);
  if (last === undefined) return undefined;
  return { count: last.last, mac: last.head, heads: left.map(({ head }) => head) };
}

/** A segment of the audit log as the management API shows it. */
export interface AuditSegmentView {
  /** The numbers of its first and of its last row. */
  first: number;
  last: number;
  /** The chain's value before its first row; empty where that is the log's first. */
  previous_head: string;
  /** The chain's value at its last row. */
  head: string;
  /** HMAC-SHA-256 of the four above, with the key of the chain. */
  seal: string;
  /** ISO 8601, UTC, like the two below. */
  sealed_at: string;
  /** When an export of it was confirmed; only then may its rows leave the store. */
  exported_at: string | null;
  /** Since when its rows are no longer in the store. */
  left_at: string | null;
}

/** A page of segments, the newest first; `cursor` asks for the next one. */
export interface AuditSegmentPage {
  segments: readonly AuditSegmentView[];
  cursor?: string;
}

export function auditSegmentView(segment: AuditSegment): AuditSegmentView {
  return {
    first: segment.first,
    last: segment.last,
    previous_head: segment.previousHead,
    head: segment.head,
    seal: segment.seal,
    sealed_at: instantText(segment.sealedAt),
    exported_at: segment.exportedAt === null ? null : instantText(segment.exportedAt),
    left_at: segment.leftAt === null ? null : instantText(segment.leftAt),
  };
}
