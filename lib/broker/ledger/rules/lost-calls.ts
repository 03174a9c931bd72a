import type { AuditRow } from '../../audit/audit-entry';
import type { Book } from '../book';
import { costlier } from './operation';
import type { NamedOperation } from './operation';
import { auditOfKey } from './audit-rows';
import { end, logGivenBack, logSettlement, operationOf, rootOfHold } from './settlement';

/** The process that sent a call is gone, and how the call ended is not written. */
export function cutOff(book: Book, callId: string, row: AuditRow): void {
  book.endCall(callId);
  book.log(row, {
    ...auditOfKey(book, row.key_id ?? ''),
    verdict: 'unknown',
    reason: 'the broker stopped before the end of the call was written',
    settled_micros: 0,
    day: row.at.slice(0, 'YYYY-MM-DD'.length),
  });
}

/**
 * The process that sent a call of this operation is gone. Where another call of it was answered with
 * a settlement, that settlement counts: no outcome costs more.
 */
export function endFlights(book: Book, { vendor, keyHash, operation }: NamedOperation): void {
  const { holdId, costliest } = operation;
  if (holdId === undefined || costliest?.ending !== 'settled') return;
  const hold = book.hold(holdId);
  if (hold === undefined || (hold.state !== 'held' && hold.state !== 'unknown')) return;
  const { costliest: _, ...rest } = operation;
  book.putOperation(vendor, keyHash, { ...rest, inFlight: 0, endedAt: book.now });
  const root = rootOfHold(book, hold, costliest);
  const { finalMicros: _final, ...settled } = costliest;
  const hasOthers = root !== undefined && book.hasOtherCalls(root, hold.callId);
  const ended = end(book, hold, hasOthers ? settled : costliest, book.now);
  logSettlement(book, ended, book.now, {
    reason: 'ended by an answer that came before the broker stopped',
  });
  logGivenBack(book, ended.givenBack, book.now, hold.callId);
}

/**
 * Calls of an operation are gone with their process, and their outcomes are unknown. Others may be in
 * flight in other processes: then the last of these ends the hold.
 *
 * @param gone How many calls.
 */
export function loseFlights(book: Book, named: NamedOperation, gone: number): void {
  const { vendor, keyHash, operation } = named;
  const inFlight = operation.inFlight - gone;
  if (inFlight > 0) {
    const costliest = costlier(operation.costliest, { ending: 'unknown' });
    book.putOperation(vendor, keyHash, { ...operation, inFlight, costliest });
    return;
  }
  endFlights(book, named);
  const left = book.operation(vendor, keyHash);
  if (left !== undefined && left.inFlight > 0) {
    const { costliest: _, ...rest } = left;
    book.putOperation(vendor, keyHash, { ...rest, inFlight: 0 });
  }
  if (operation.holdId !== undefined) abandon(book, operation.holdId);
}

/**
 * The process that took a hold is gone. Returns whether its outcome is unknown from now on: not where
 * it has ended, or where calls under it are in flight in other processes.
 */
export function abandon(book: Book, callId: string): boolean {
  const hold = book.hold(callId);
  if (hold?.state !== 'held') return false;
  const operation = operationOf(book, hold);
  if (operation?.holdId === callId && operation.inFlight > 0) return false;
  book.changeHold(hold, { ...hold, state: 'unknown' });
  return true;
}
