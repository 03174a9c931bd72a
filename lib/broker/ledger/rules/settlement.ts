import type { AuditRow } from '../../audit/audit-entry';
import { usdText } from '../../../contract/usd';
import type { MicroUsd } from '../../../contract/usd';
import { dayOf } from '../../budgets/budget';
import type { Outcome } from '../../pricing/price';
import type { Cause } from '../../operators/actor';
import type { Book, ObjectName } from '../book';
import type { AdmittedCall, CallEnd, Hold } from '../records';
import { settlementOf, sumOf } from './amount-to-hold';
import { restoreUnsent } from './approvals';
import { auditOfCause, auditOfHold, auditOfKey } from './audit-rows';
import { recordObject, reduceExposure, rootOf } from './objects';
import type { GivenBack } from './objects';
import { conclusionOf, costlier } from './operation';
import type { Operation } from './operation';
import { refundAmountOf } from './refunds';
import { withoutCountedApart } from './taken-up';

/** A hold that has ended, and what was given back with it. */
export interface Ended {
  hold: Hold;
  state: 'settled' | 'released';
  settledMicros: MicroUsd;
  undoneMicros: MicroUsd;
  givenBack: readonly GivenBack[];
}

/** A call has ended: settles, releases or marks its hold, with the call's audit row. Gives the hold that has ended with it. */
export function finish(
  book: Book,
  { call, outcome: answered, audit }: CallEnd,
  endedAt: number,
): Ended | undefined {
  const { vendor, account } = call;
  const outcome = withoutCountedApart(book, call, answered);
  if (outcome.object !== undefined) {
    recordObject(book, { vendor, account }, outcome.object, canReduceExposure(book, call, outcome));
  }
  const operation = book.operation(vendor, call.operationKeyHash ?? '');
  const told = operation?.holdId === call.holdId ? operation?.costliest : undefined;
  const conclusion = concludeOperation(book, call, outcome, endedAt);
  const ended =
    conclusion === undefined ? undefined : concludeHold(book, call, conclusion, told, endedAt);
  const isOwn = ended?.hold.callId === call.callId;
  book.endCall(call.callId);
  book.log(call.audit, {
    ...auditOfKey(book, call.keyId),
    ...audit,
    latency_ms: endedAt - call.admittedAt,
    verdict: outcome.ending,
    settled_micros: isOwn ? ended.settledMicros : 0,
    undone_micros: isOwn ? undoneOf(ended) : null,
    day: dayOf(call.admittedAt),
    amount: outcome.settledAmount?.amount ?? call.audit.amount ?? null,
    currency: outcome.settledAmount?.currency ?? call.audit.currency ?? null,
  });
  if (ended === undefined) return undefined;
  if (ended.state === 'released' && conclusion !== undefined) restoreUnsent(book, call, conclusion);
  if (!isOwn) {
    logSettlement(book, ended, endedAt, {
      reason: `ended by ${call.callId}, a call with the same Idempotency-Key`,
    });
  }
  logGivenBack(book, ended.givenBack, endedAt, call.callId);
  return ended;
}

/** Whether the answer to one of several calls under a hold has said what it comes to. */
export function isExecuted(book: Book, hold: Hold): boolean {
  const operation = operationOf(book, hold);
  return operation?.holdId === hold.callId && operation.costliest?.ending === 'settled';
}

/**
 * An operator ends a hold: with what its call has moved, or `undefined` where it is released. Of a refund
 * that is undone first, up to what it took back.
 */
export function endByOperator(
  book: Book,
  hold: Hold,
  movedMicros: MicroUsd | undefined,
  cause: Cause,
): Hold {
  const { vendor, idempotencyKeyHash, callId } = hold;
  const operation = book.operation(vendor, idempotencyKeyHash ?? '');
  if (idempotencyKeyHash !== null && operation?.holdId === callId) {
    book.putOperation(vendor, idempotencyKeyHash, { ...operation, endedAt: book.now });
  }
  const state = movedMicros === undefined ? 'released' : 'settled';
  const moved = movedMicros ?? 0;
  const undoneMicros = Math.min(moved, hold.undoneMicros);
  const ended = endHold(
    book,
    { ...hold, isEndedByOperator: true },
    { state, settledMicros: moved - undoneMicros, undoneMicros, objectId: hold.objectId },
    book.now,
  );
  logSettlement(book, ended, book.now, {
    ...auditOfCause(cause),
    old_value: `${hold.state} ${usdText(hold.heldMicros + hold.undoneMicros)}`,
    new_value: state === 'released' ? state : `${state} ${usdText(moved)}`,
  });
  return book.hold(callId) ?? hold;
}

/** What this ending makes of the hold; `undefined` while other calls under it are in flight. */
function concludeOperation(
  book: Book,
  call: AdmittedCall,
  outcome: Outcome,
  endedAt: number,
): Outcome | undefined {
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
  // A hold that has left the store had ended.
  const open = conclusion.ending === 'unknown' && (state === 'held' || state === 'unknown');
  book.putOperation(vendor, operationKeyHash, {
    ...rest,
    inFlight: 0,
    ...(open ? {} : { endedAt: Math.max(endedAt, rest.endedAt ?? 0) }),
  });
  return conclusion;
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
  outcome: Outcome,
  told: Outcome | undefined,
  endedAt: number,
): Ended | undefined {
  const hold = book.hold(call.holdId ?? '');
  if (hold === undefined) return undefined;
  const kept = lasting(book, call, outcome);
  if (hold.isEndedByOperator) {
    learn(book, call, hold, kept, endedAt);
    return undefined;
  }
  if (hold.state === 'released') return undefined;
  if (hold.state === 'settled') {
    if (hold.objectId !== null || call.price.kind !== 'amount')
      return raise(book, call, kept, told);
    return complete(book, hold, kept);
  }
  if (kept.ending === 'unknown') {
    book.changeHold(hold, { ...hold, state: 'unknown' });
    return undefined;
  }
  return end(book, hold, kept, endedAt);
}

/**
 * An answer that came before an operator ended its hold is written: what it says of the vendor's object
 * counts, but not what it says of the hold.
 */
function learn(
  book: Book,
  call: AdmittedCall,
  hold: Hold,
  outcome: Outcome,
  endedAt: number,
): void {
  if (outcome.ending !== 'settled') return;
  const root = rootOfHold(book, hold, outcome);
  if (root === undefined) return;
  if (call.price.kind === 'amount') {
    const { callId, objectId } = hold;
    if (objectId === null) book.changeHold(hold, { ...hold, objectId: root.id });
    linkEarlierHolds(book, hold, root.id);
    if (book.hold(callId)?.state === 'released') return;
  }
  if (outcome.finalMicros === undefined) return;
  logGivenBack(book, reduceExposure(book, root, outcome.finalMicros), endedAt, call.callId);
}

/**
 * A hold was settled by an answer that was cut short: which object it paid for, and what that cost,
 * only the answer to a retry says.
 */
function complete(book: Book, hold: Hold, outcome: Outcome): Ended | undefined {
  if (outcome.ending !== 'settled') return undefined;
  const objectId = rootOfHold(book, hold, outcome)?.id ?? null;
  const more = Math.max(0, costOf(book, hold, outcome) - hold.settledMicros);
  linkEarlierHolds(book, hold, objectId);
  return addTo(book, hold, more, objectId);
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
  const first = costOf(book, hold, told);
  const more = costOf(book, hold, outcome) - first;
  // Where something was given back since, that is newer.
  if (more <= 0 || hold.settledMicros !== first) return undefined;
  return addTo(book, hold, more);
}

function addTo(
  book: Book,
  hold: Hold,
  more: MicroUsd,
  objectId = hold.objectId,
): Ended | undefined {
  book.changeHold(hold, { ...hold, objectId, settledMicros: hold.settledMicros + more });
  if (more === 0) return undefined;
  book.charge(hold.chargedTo, { spent: more }, hold.createdAt);
  return { hold, state: 'settled', settledMicros: more, undoneMicros: 0, givenBack: [] };
}

export function end(book: Book, hold: Hold, outcome: Outcome, endedAt: number): Ended {
  const root = rootOfHold(book, hold, outcome);
  const objectId = root?.id ?? null;
  const state = outcome.ending === 'settled' ? 'settled' : 'released';
  let settledMicros = 0;
  if (state === 'settled') {
    settledMicros = isOlderThanEnd(book, hold, root, outcome)
      ? 0
      : root === undefined || hold.objectId === null
        ? costOf(book, hold, outcome)
        : Math.max(
            settlementOf(hold.heldMicros, outcome.reportedMicros, book.exposure(root)),
            outcome.addedMicros ?? 0,
          );
    linkEarlierHolds(book, hold, objectId);
  }
  const undoneMicros = state === 'settled' ? hold.undoneMicros : 0;
  const ended = endHold(book, hold, { state, settledMicros, undoneMicros, objectId }, endedAt);
  if (root === undefined || outcome.finalMicros === undefined) return ended;
  return { ...ended, givenBack: reduceExposure(book, root, outcome.finalMicros) };
}

/** Ends a hold that is open: what it held is spent by `settledMicros`, or not at all. */
function endHold(
  book: Book,
  hold: Hold,
  how: Omit<Ended, 'hold' | 'givenBack'> & Pick<Hold, 'objectId'>,
  endedAt: number,
): Ended {
  book.changeHold(hold, { ...hold, ...how, endedAt });
  book.charge(
    hold.chargedTo,
    {
      spent: how.settledMicros,
      held: -hold.heldMicros,
      undone: how.undoneMicros - hold.undoneMicros,
    },
    hold.createdAt,
  );
  return { hold, ...how, givenBack: [] };
}

/**
 * Whether the answer to a retry is one that the vendor had stored before its object came to its end:
 * what the object costs in the end, another answer has said.
 */
function isOlderThanEnd(
  book: Book,
  hold: Hold,
  root: ObjectName | undefined,
  { object }: Outcome,
): boolean {
  if (root === undefined || object === undefined || object.isFinal === true) return false;
  const isRetry = (operationOf(book, hold)?.earlierHoldIds ?? []).length > 0;
  return isRetry && book.object(root)?.isFinal === true;
}

/** What a hold of something that is new at the vendor settles at. */
function costOf(book: Book, hold: Hold, { reportedMicros, settledAmount }: Outcome): MicroUsd {
  const operation = operationOf(book, hold);
  const earlier = operation?.holdId === hold.callId ? operation.earlierHoldIds : undefined;
  // A refund of what was asked for costs what was held, whatever the rate is by now.
  const asked =
    hold.refundOf === null ? 0 : refundAmountOf(book, [...(earlier ?? []), hold.callId]);
  const isAsAsked = settledAmount !== undefined && settledAmount.amount <= asked;
  const before = sumOf(book, earlier) + hold.undoneMicros;
  return settlementOf(hold.heldMicros, isAsAsked ? undefined : reportedMicros, before);
}

/** The vendor names the object that an operation has paid for: its earlier holds have paid for it too. */
function linkEarlierHolds(book: Book, hold: Hold, objectId: string | null): void {
  const { holdId, earlierHoldIds = [] } = operationOf(book, hold) ?? {};
  const isOne = holdId === hold.callId || earlierHoldIds.includes(hold.callId);
  if (objectId === null || !isOne) return;
  for (const id of earlierHoldIds) {
    const each = book.hold(id);
    if (each?.objectId === null) book.changeHold(each, { ...each, objectId });
  }
}

export function operationOf(
  book: Book,
  { vendor, idempotencyKeyHash }: Hold,
): Operation | undefined {
  return idempotencyKeyHash === null ? undefined : book.operation(vendor, idempotencyKeyHash);
}

/** The object whose money a hold is, where that is known. */
export function rootOfHold(
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

/** What a row says of what is undone: nothing where nothing is. */
function undoneOf({ undoneMicros }: Ended): MicroUsd | null {
  return undoneMicros === 0 ? null : undoneMicros;
}

/** The row of a hold that something else than the answer to its own call has ended. */
export function logSettlement(book: Book, ended: Ended, at: number, more: Partial<AuditRow>): void {
  const { hold, state, settledMicros } = ended;
  book.log({
    ...auditOfHold('settlement', at, hold, book.key(hold.keyId)),
    ...auditOfKey(book, hold.keyId),
    verdict: state,
    requested_micros: hold.heldMicros + hold.undoneMicros,
    settled_micros: settledMicros,
    undone_micros: undoneOf(ended),
    day: dayOf(hold.createdAt),
    ...more,
  });
}

export function logGivenBack(
  book: Book,
  all: readonly GivenBack[],
  at: number,
  callId: string,
): void {
  for (const { hold, micros } of all) {
    book.log({
      ...auditOfHold('give_back', at, hold, book.key(hold.keyId)),
      ...auditOfKey(book, hold.keyId),
      verdict: 'given_back',
      reason: `lowered by ${callId}`,
      settled_micros: 0 - micros,
      day: dayOf(hold.createdAt),
    });
  }
}
