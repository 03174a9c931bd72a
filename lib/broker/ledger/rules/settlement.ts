import type { AuditRow } from '../../audit/audit-entry';
import type { MicroUsd } from '../../../contract/usd';
import { instantText } from '../../instant';
import type { Outcome } from '../../pricing/price';
import type { Book, ObjectName } from '../book';
import type { AdmittedCall, CallEnd, Hold } from '../records';
import { settlementOf } from './amount-to-hold';
import { auditOfCap, auditOfHold } from './audit-rows';
import { keyCap } from './caps';
import { recordObject, reduceExposure, rootOf } from './objects';
import type { GivenBack } from './objects';
import { conclusionOf, costlier } from './operation';
import type { Operation } from './operation';

/** An operation, and what names it. */
export interface NamedOperation {
  vendor: string;
  keyHash: string;
  operation: Operation;
}

/** A hold that has ended, and what was given back with it. */
interface Ended {
  hold: Hold;
  state: 'settled' | 'released';
  settledMicros: MicroUsd;
  givenBack: readonly GivenBack[];
}

/** How an operation ended, and what an operator had settled it at, where that holds again. */
type Conclusion = Outcome & { operatorMicros?: MicroUsd };

/** A call has ended: settles, releases or marks its hold, with the audit row of its outcome. */
export function finish(book: Book, { call, outcome, audit }: CallEnd, endedAt: number): void {
  const { vendor, account } = call;
  if (outcome.object !== undefined) {
    recordObject(book, { vendor, account }, outcome.object, canReduceExposure(book, call, outcome));
  }
  const operation = book.operation(vendor, call.operationKeyHash ?? '');
  const told = operation?.holdId === call.holdId ? operation?.costliest : undefined;
  const conclusion = concludeOperation(book, call, outcome, endedAt);
  const ended =
    conclusion === undefined ? undefined : concludeHold(book, call, conclusion, told, endedAt);
  const isOwn = ended?.hold.callId === call.callId;
  book.log(call.audit, {
    ...keyState(book, call.keyId),
    requested_micros: call.micros,
    ...audit,
    at: instantText(endedAt),
    latency_ms: endedAt - call.admittedAt,
    event: 'outcome',
    verdict: outcome.ending,
    settled_micros: isOwn ? ended.settledMicros : 0,
    amount: outcome.settledAmount?.amount ?? call.audit.amount ?? null,
    currency: outcome.settledAmount?.currency ?? call.audit.currency ?? null,
  });
  if (ended === undefined) return;
  if (!isOwn) {
    logSettlement(book, ended, endedAt, {
      reason: `ended by ${call.callId}, a call with the same Idempotency-Key`,
    });
  }
  logGivenBack(book, ended.givenBack, endedAt, `lowered by ${call.callId}`);
}

/** An operator ends a hold: with what it was settled at, or `undefined` where it is released. */
export function endByOperator(
  book: Book,
  hold: Hold,
  settledMicros: MicroUsd | undefined,
  remoteAddress: string | undefined,
): Hold {
  const state = settledMicros === undefined ? 'released' : 'settled';
  const ended = { hold, state, settledMicros: settledMicros ?? 0, givenBack: [] } as const;
  endHold(book, ended, hold.objectId, book.now);
  const { vendor, idempotencyKeyHash, callId } = hold;
  if (idempotencyKeyHash !== null) {
    const operation = book.operation(vendor, idempotencyKeyHash);
    if (operation?.holdId === callId) {
      const { operatorMicros: _, ...rest } = operation;
      book.putOperation(vendor, idempotencyKeyHash, {
        ...rest,
        endedAt: book.now,
        ...(settledMicros === undefined ? {} : { operatorMicros: settledMicros }),
      });
    }
  }
  logSettlement(book, ended, book.now, { remote_address: remoteAddress ?? null });
  return book.hold(callId) ?? hold;
}

/**
 * Opens a hold again that an operator had settled, at no more than it held: a retry is about to
 * leave, and may move all of it.
 */
export function reopen(book: Book, hold: Hold, retryId: string): void {
  const micros = hold.settledMicros;
  book.changeHold(hold, { ...hold, state: 'unknown', settledMicros: 0, endedAt: null });
  book.charge(hold.chargedTo, -micros, hold.heldMicros);
  logGivenBack(book, [{ hold, micros }], book.now, `opened again by ${retryId}, a retry`);
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
  const root = rootOfHold(book, hold, costliest);
  const { finalMicros: _final, ...settled } = costliest;
  const hasOthers = root !== undefined && book.hasOtherCalls(root, hold.callId);
  const ended = end(book, hold, hasOthers ? settled : costliest, book.now);
  const { costliest: _, ...rest } = operation;
  book.putOperation(vendor, keyHash, { ...rest, inFlight: 0, endedAt: book.now });
  logSettlement(book, ended, book.now, {
    reason: 'ended by an answer that came before the broker stopped',
  });
  logGivenBack(book, ended.givenBack, book.now, `lowered by ${hold.callId}`);
}

/** What this ending makes of the hold; `undefined` while other calls under it are in flight. */
function concludeOperation(
  book: Book,
  call: AdmittedCall,
  outcome: Outcome,
  endedAt: number,
): Conclusion | undefined {
  const { vendor, operationKeyHash, holdId } = call;
  if (operationKeyHash === undefined) return outcome;
  const state = holdId === undefined ? undefined : book.hold(holdId)?.state;
  const concluded = (costliest: Outcome): Outcome =>
    state === undefined ? costliest : conclusionOf(costliest, state);
  const operation = book.operation(vendor, operationKeyHash);
  // The key serves another operation by now, or a new hold of this one.
  if (operation === undefined || operation.holdId !== holdId) return concluded(outcome);
  const { costliest: _, ...rest } = operation;
  const costliest = costlier(operation.costliest, lasting(book, call, outcome));
  const inFlight = Math.max(0, operation.inFlight - 1);
  if (inFlight > 0) {
    book.putOperation(vendor, operationKeyHash, { ...rest, inFlight, costliest });
    return makesObject(call, costliest) ? costliest : undefined;
  }
  const conclusion = concluded(costliest);
  const { operatorMicros, ...others } = rest;
  // Where the retries have moved nothing, what the operator said of the calls before them holds.
  const holdsAgain =
    operatorMicros !== undefined &&
    conclusion.ending === 'unknown' &&
    costliest.ending === 'released';
  const open =
    holdId !== undefined && conclusion.ending === 'unknown' && state !== 'settled' && !holdsAgain;
  book.putOperation(vendor, operationKeyHash, {
    ...(holdsAgain ? rest : others),
    inFlight: 0,
    ...(open ? {} : { endedAt }),
  });
  return holdsAgain ? { ...conclusion, operatorMicros } : conclusion;
}

/** An outcome without what only its own call can vouch for: it is kept when the call is forgotten. */
function lasting(book: Book, call: AdmittedCall, outcome: Outcome): Outcome {
  const { finalMicros, object, ...rest } = outcome;
  return {
    ...rest,
    // A refund names the payment it gives back, but is no part of what that payment may cost.
    ...(object === undefined || call.price.kind === 'refund' ? {} : { object }),
    ...(finalMicros !== undefined && canReduceExposure(book, call, outcome) ? { finalMicros } : {}),
  };
}

function concludeHold(
  book: Book,
  call: AdmittedCall,
  { operatorMicros, ...outcome }: Conclusion,
  told: Outcome | undefined,
  endedAt: number,
): Ended | undefined {
  if (call.holdId === undefined) return undefined;
  const hold = book.hold(call.holdId);
  if (hold === undefined) return undefined;
  const kept = lasting(book, call, outcome);
  // What an operator has decided holds against an answer that came before, not against a later one.
  const isNews = hold.endedAt === null || endedAt >= hold.endedAt;
  if (hold.state === 'released') return isNews ? recharge(book, hold, kept, endedAt) : undefined;
  if (hold.state === 'settled') {
    if (hold.objectId !== null || call.price.kind !== 'amount')
      return raise(book, call, kept, told);
    return complete(book, hold, kept, isNews);
  }
  if (operatorMicros !== undefined) {
    const ended: Ended = { hold, state: 'settled', settledMicros: operatorMicros, givenBack: [] };
    endHold(book, ended, hold.objectId, endedAt);
    return ended;
  }
  if (kept.ending === 'unknown') {
    book.changeHold(hold, { ...hold, state: 'unknown' });
    return undefined;
  }
  return end(book, hold, kept, endedAt);
}

/** A hold that was released has moved money after all: a later answer to another call on it says so. */
function recharge(book: Book, hold: Hold, outcome: Outcome, endedAt: number): Ended | undefined {
  if (outcome.ending !== 'settled') return undefined;
  book.charge(hold.chargedTo, 0, hold.heldMicros);
  return end(book, hold, outcome, endedAt);
}

/**
 * A hold was settled by an answer that was cut short, or by an operator: which object it paid for,
 * and what that cost, only the answer to a retry says.
 */
function complete(book: Book, hold: Hold, outcome: Outcome, isNews: boolean): Ended | undefined {
  if (outcome.ending !== 'settled') return undefined;
  const objectId = rootOfHold(book, hold, outcome)?.id ?? null;
  const least = isNews ? settlementOf(hold.heldMicros, outcome.reportedMicros, 0) : 0;
  const settledMicros = Math.max(hold.settledMicros, least);
  book.changeHold(hold, { ...hold, objectId, settledMicros });
  const more = settledMicros - hold.settledMicros;
  if (more === 0) return undefined;
  book.charge(hold.chargedTo, more, 0);
  return { hold, state: 'settled', settledMicros: more, givenBack: [] };
}

/** A later answer to the same operation says that the object costs more than the first one said. */
function raise(
  book: Book,
  call: AdmittedCall,
  outcome: Outcome,
  told: Outcome | undefined,
): Ended | undefined {
  const hold = book.hold(call.holdId ?? '');
  if (hold === undefined || told === undefined || !makesObject(call, told)) return undefined;
  const first = settlementOf(hold.heldMicros, told.reportedMicros, 0);
  const more = settlementOf(hold.heldMicros, outcome.reportedMicros, 0) - first;
  // Where something was given back since, that is newer.
  if (more <= 0 || hold.settledMicros !== first) return undefined;
  book.changeHold(hold, { ...hold, settledMicros: hold.settledMicros + more });
  book.charge(hold.chargedTo, more, 0);
  return { hold, state: 'settled', settledMicros: more, givenBack: [] };
}

function end(book: Book, hold: Hold, outcome: Outcome, endedAt: number): Ended {
  const root = rootOfHold(book, hold, outcome);
  // What adds to no object that was there before cannot have cost anything before.
  const before = root === undefined || hold.objectId === null ? 0 : book.exposure(root);
  const state = outcome.ending === 'settled' ? 'settled' : 'released';
  const settledMicros =
    state === 'settled' ? settlementOf(hold.heldMicros, outcome.reportedMicros, before) : 0;
  endHold(book, { hold, state, settledMicros }, root?.id ?? null, endedAt);
  const givenBack =
    root !== undefined && outcome.finalMicros !== undefined
      ? reduceExposure(book, root, outcome.finalMicros)
      : [];
  return { hold, state, settledMicros, givenBack };
}

/** Ends a hold that is open: what it held is spent by `settledMicros`, or not at all. */
function endHold(
  book: Book,
  { hold, state, settledMicros }: Omit<Ended, 'givenBack'>,
  objectId: string | null,
  endedAt: number,
): void {
  book.changeHold(hold, { ...hold, state, settledMicros, objectId, endedAt });
  book.charge(hold.chargedTo, settledMicros, -hold.heldMicros);
}

/** The object whose money a hold is, where that is known. */
function rootOfHold(
  book: Book,
  { vendor, account, objectId }: Hold,
  { object }: Outcome,
): ObjectName | undefined {
  if (objectId !== null) return { vendor, account, id: objectId };
  return object === undefined ? undefined : rootOf(book, { vendor, account, id: object.id });
}

/**
 * Whether an answer may lower what an object can cost. Nothing follows a capture or a cancel, but
 * a change may have been executed before another whose answer came first.
 */
function canReduceExposure(
  book: Book,
  { vendor, account, callId, price, isUncontended }: AdmittedCall,
  outcome: Outcome,
): boolean {
  if (outcome.finalMicros === undefined) return false;
  if (price.kind !== 'change') return true;
  const root = rootOf(book, { vendor, account, id: price.objectId });
  return isUncontended === true && !book.hasOtherCalls(root, callId);
}

/**
 * Whether a call has made an object of the vendor's. What that costs is settled at once, though
 * other calls of the operation are in flight: no outcome of theirs lowers it, and a capture of the
 * object must find that it is paid for.
 */
function makesObject({ price }: AdmittedCall, { ending, object }: Outcome): boolean {
  return price.kind === 'amount' && ending === 'settled' && object !== undefined;
}

/** The row of a hold that something else than the answer to its own call has ended. */
function logSettlement(
  book: Book,
  { hold, state, settledMicros }: Omit<Ended, 'givenBack'>,
  at: number,
  more: Partial<AuditRow>,
): void {
  book.log({
    ...auditOfHold('settlement', at, hold, book.key(hold.keyId)),
    ...keyState(book, hold.keyId),
    verdict: state,
    requested_micros: hold.heldMicros,
    settled_micros: settledMicros,
    ...more,
  });
}

function logGivenBack(book: Book, all: readonly GivenBack[], at: number, reason: string): void {
  for (const { hold, micros } of all) {
    book.log({
      ...auditOfHold('give_back', at, hold, book.key(hold.keyId)),
      ...keyState(book, hold.keyId),
      verdict: 'given_back',
      reason,
      settled_micros: 0 - micros,
    });
  }
}

function keyState(book: Book, keyId: string): Partial<AuditRow> {
  const key = book.key(keyId);
  return key === undefined ? {} : auditOfCap(keyCap(book, key, 'key'));
}
