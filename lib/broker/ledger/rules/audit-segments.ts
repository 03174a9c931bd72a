import type { AuditSegment } from '../../audit/audit-segment';
import { dayOf } from '../../budgets/budget';
import { invalidFields, notFound } from '../../refusal';
import type { Cause } from '../../operators/actor';
import type { Book } from '../book';
import { changeRow } from './audit-rows';
import { spendCursor } from './spend';

/** How far back events are replayed: the rows that tell them stay at least as long. */
const REPLAYED_MS = 7 * 86_400_000;

/**
 * Cuts the audit log at its last row. The row that says who has asked for it is the first one after that.
 *
 * @throws BrokerRefusal 422 where no row follows the last segment.
 */
export function cutNow(book: Book, cause?: Cause): AuditSegment {
  if (book.openLogSince() === undefined) {
    throw invalidFields([
      { field: '', message: 'every row of the audit log has a segment already' },
    ]);
  }
  const segment = book.cutLog();
  logSegment(book, 'cut', segment, cause);
  return segment;
}

/** Cuts the audit log where its open rows began on an earlier day (UTC). */
export function cutPastDays(book: Book): void {
  const since = book.openLogSince();
  if (since !== undefined && since.slice(0, 'YYYY-MM-DD'.length) < dayOf(book.now)) book.cutLog();
}

/** @throws BrokerRefusal 404. */
export function segmentAt(book: Book, last: number): AuditSegment {
  const segment = book.segments().find((each) => each.last === last);
  if (segment === undefined) throw notFound('No segment of the audit log ends at that row.');
  return segment;
}

/**
 * An export of a segment is where it is kept: its rows may leave.
 *
 * @param kept The last row of the segment, and the chain's value at the last row that was exported.
 * @throws BrokerRefusal 404, or 422 where that is not the segment's.
 */
export function confirmExport(
  book: Book,
  { last, head }: Pick<AuditSegment, 'last' | 'head'>,
  cause?: Cause,
): AuditSegment {
  const segment = segmentAt(book, last);
  if (segment.head !== head) {
    const message = 'is not the head of this segment: the export is of another log, or was changed';
    throw invalidFields([{ field: 'head', message }]);
  }
  if (segment.isForged === true) {
    const message = `is of a segment of which the store does not say what was written: audit verify tells more`;
    throw invalidFields([{ field: 'head', message }]);
  }
  if (segment.exportedAt !== null) return segment;
  const exported = { ...segment, exportedAt: book.now };
  book.putSegment(exported);
  logSegment(book, 'exported', exported, cause);
  return exported;
}

/** The oldest segment with rows in the store, where these may leave it: what they say of spend is summed. */
export function oldSegment(book: Book, keptMs: number): AuditSegment | undefined {
  const oldest = book.segments().find(({ leftAt }) => leftAt === null);
  const until = book.now - Math.max(keptMs, REPLAYED_MS);
  const isOld = oldest !== undefined && oldest.exportedAt !== null && oldest.sealedAt < until;
  return isOld && oldest.last <= spendCursor(book) ? oldest : undefined;
}

/** From now on the log begins after the segment. Its rows are deleted later, some at a time. */
export function leave(book: Book, segment: AuditSegment): void {
  book.putSegment({ ...segment, leftAt: book.now });
}

function logSegment(
  book: Book,
  verdict: 'cut' | 'exported',
  { first, last }: AuditSegment,
  cause: Cause | undefined,
): void {
  if (cause === undefined) return;
  book.log({
    ...changeRow('segment', book.now, cause),
    verdict,
    new_value: `rows ${first} to ${last}`,
  });
}
