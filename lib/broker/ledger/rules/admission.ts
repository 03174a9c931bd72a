import type { AuditRow } from '../../audit/audit-entry';
import { dayBalanceName, dayOf, subjectsOf } from '../../budgets/budget';
import { instantText } from '../../instant';
import { isLive } from '../../keys/key';
import type { KeyRecord } from '../../keys/key';
import type { MicroUsd } from '../../../contract/usd';
import { BrokerRefusal, brakedBy, invalidKey, parentMissing } from '../../refusal';
import type { Book } from '../book';
import type { Admission, Decision, Hold } from '../records';
import { addsToObject, holdFor, settledOf } from './amount-to-hold';
import { lineOf } from './ancestry';
import { auditOfCap } from './audit-rows';
import { brakeOn } from './brakes';
import { capRefusal, capsOver, keyCap, remainingAfter } from './caps';
import type { ChargedCap } from './caps';
import {
  countCall,
  limitsOver,
  rateRefusal,
  reachRefusal,
  reachUnknown,
  sumRefusal,
  wantsReach,
} from './limits';
import { knownObject, rootOf } from './objects';
import type { KnownObject } from './objects';
import { classifyAttempt, isForgotten, isInWindow } from './operation';
import type { Attempt, Operation } from './operation';

/** What came of an admission, and the audit row of a refusal, which the ledger may count with others. */
export interface AdmissionResult {
  decision: Decision;
  refusalRow?: AuditRow;
}

/**
 * Decides about a call, in this order: brakes, the key, the keys above it, its operation, its price,
 * its limits, its caps. A call that is admitted has a hold, unless it costs nothing.
 *
 * @param isWritten Whether the store keeps its row until it ends.
 */
export function admit(
  book: Book,
  admission: Admission,
  isWritten = admission.isRead !== true,
): AdmissionResult {
  const { key: given, audit } = admission;
  const key = book.key(given.id);
  const refuse = (refusal: BrokerRefusal, micros = 0): AdmissionResult => ({
    decision: { admitted: false, refusal },
    refusalRow: {
      ...audit,
      ...(key === undefined ? {} : auditOfCap(keyCap(book, key, 'key'))),
      event: 'refusal',
      verdict: refusal.code,
      reason: refusal.message,
      requested_micros: micros,
    },
  });
  if (key === undefined) return refuse(invalidKey(true));
  const brake = brakeOn(book, key);
  if (brake !== undefined) return refuse(brakedBy(brake.scope, brake.reason));
  if (!isLive(key, book.now)) return refuse(invalidKey(true));
  const missing = lineOf(book, key).missingId;
  if (missing !== undefined) return refuse(parentMissing(missing));

  const known = knownOperation(book, admission);
  if (known?.attempt === 'conflict') return refuse(idempotencyKeyReused());
  if (known?.attempt === 'too_early') return refuse(operationUnderWay());
  const caps = capsOver(book, key);
  const limits = limitsOver(book, key);
  if (wantsReach(limits, admission)) {
    return { decision: { admitted: false, refusal: reachUnknown(), wantsReach: true } };
  }
  const unreachable = reachRefusal(limits, admission);
  if (unreachable !== undefined) return refuse(unreachable);
  if (known?.attempt === 'retry') {
    return { decision: admitRetry(book, admission, { known: known.operation, caps, isWritten }) };
  }
  const kept = carriedOver(book, known);
  const object = objectOf(book, admission);
  const micros = amountToHold(book, admission, object, kept);
  if (micros instanceof BrokerRefusal) return refuse(micros);
  const refusal =
    sumRefusal(limits, admission.price, object, micros) ??
    capRefusal(caps, micros) ??
    (admission.isRead === true ? undefined : rateRefusal(book, limits));
  if (refusal !== undefined) return refuse(refusal, micros);
  if (admission.isRead !== true) countCall(book, limits);
  const isReplay = known !== undefined && mayBeReplay(known);
  const call = { key, caps, micros, kept, isReplay, isWritten };
  return { decision: admitNew(book, admission, call) };
}

interface KnownOperation {
  operation: Operation;
  hold: Hold | undefined;
  attempt: Attempt;
}

function knownOperation(book: Book, { key, operation }: Admission): KnownOperation | undefined {
  if (operation === undefined) return undefined;
  const known = book.operation(key.vendor, operation.keyHash);
  if (known === undefined) return undefined;
  const hold = known.holdId === undefined ? undefined : book.hold(known.holdId);
  const attempt = classifyAttempt(known, operation.fingerprint, hold, book.now);
  return { operation: known, attempt, hold };
}

/** What is known of the object that a call is priced by. */
function objectOf(
  book: Book,
  { key: { vendor }, account, price }: Admission,
): KnownObject | undefined {
  if (!('objectId' in price)) return undefined;
  return knownObject(book, { vendor, account, id: price.objectId });
}

function amountToHold(
  book: Book,
  { price }: Admission,
  object: KnownObject | undefined,
  { earlierHoldIds }: Partial<Operation>,
): MicroUsd | BrokerRefusal {
  try {
    const micros = holdFor(price, object);
    // What was settled of an object that was there before is in its exposure.
    return addsToObject(price) ? micros : Math.max(0, micros - settledOf(book, earlierHoldIds));
  } catch (error) {
    if (error instanceof BrokerRefusal) return error;
    throw error;
  }
}

interface NewCall {
  key: KeyRecord;
  caps: readonly ChargedCap[];
  micros: MicroUsd;
  /** What stays of the calls of its operation that came before. */
  kept: Partial<Operation>;
  /** Whether its answer may be older than those of other calls on the object. */
  isReplay: boolean;
  isWritten: boolean;
}

function admitNew(
  book: Book,
  admission: Admission,
  { key, caps, micros, kept, isReplay, isWritten }: NewCall,
): Decision {
  const { callId, account, price, operation } = admission;
  const { vendor, subject } = key;
  const root = addsToObject(price)
    ? rootOf(book, { vendor, account, id: price.objectId })
    : undefined;
  const isUncontended = root !== undefined && !isReplay && !book.hasOtherCalls(root, callId);
  const holds = price.kind !== 'free';
  if (holds) {
    const days = subjectsOf(subject, vendor).map((each) => dayBalanceName(each, dayOf(book.now)));
    const chargedTo = [...new Set([...caps.map(({ balanceName }) => balanceName), ...days])];
    book.addHold({
      callId,
      keyId: key.id,
      vendor,
      account,
      objectId: root?.id ?? null,
      heldMicros: micros,
      settledMicros: 0,
      state: 'held',
      chargedTo,
      idempotencyKeyHash: operation?.keyHash ?? null,
      createdAt: book.now,
      endedAt: null,
      isEndedByOperator: false,
    });
    book.charge(chargedTo, 0, micros);
  }
  if (operation !== undefined) {
    book.putOperation(vendor, operation.keyHash, {
      fingerprint: operation.fingerprint,
      ...(holds ? { holdId: callId } : {}),
      firstSentAt: book.now,
      ...kept,
      inFlight: 1,
    });
  }
  return admitted(book, admission, caps, {
    micros,
    holdId: holds ? callId : undefined,
    isUncontended,
    isWritten,
  });
}

/**
 * What stays of an operation that has a new hold. Until the vendor has surely forgotten its key, the
 * first sending is what counts; while it knows the key, what operators have settled counts too.
 */
function carriedOver(book: Book, before: KnownOperation | undefined): Partial<Operation> {
  if (before === undefined || isForgotten(before.operation, book.now)) return {};
  const { operation, hold } = before;
  const { firstSentAt, earlierHoldIds } = operation;
  if (!isInWindow(operation, book.now)) return { firstSentAt };
  if (hold?.isEndedByOperator !== true) {
    return earlierHoldIds === undefined ? {} : { firstSentAt, earlierHoldIds };
  }
  const isSettled = hold.state === 'settled';
  return {
    firstSentAt,
    earlierHoldIds: [...(earlierHoldIds ?? []), ...(isSettled ? [hold.callId] : [])],
  };
}

/** Whether the vendor may answer a call with what it has stored of an earlier one. */
function mayBeReplay({ hold, operation }: KnownOperation): boolean {
  return (
    hold?.state !== 'released' || hold.isEndedByOperator || operation.earlierHoldIds !== undefined
  );
}

/** The hold of the operation covers this call too, whichever key it comes under. */
function admitRetry(
  book: Book,
  admission: Admission,
  { known, caps, isWritten }: { known: Operation; caps: readonly ChargedCap[]; isWritten: boolean },
): Decision {
  const { key, operation } = admission;
  const { costliest, endedAt: _, ...rest } = known;
  book.putOperation(key.vendor, operation?.keyHash ?? '', {
    ...rest,
    inFlight: known.inFlight + 1,
    ...(known.inFlight > 0 && costliest !== undefined ? { costliest } : {}),
  });
  const { holdId } = known;
  return admitted(book, admission, caps, { micros: 0, holdId, isUncontended: false, isWritten });
}

function admitted(
  book: Book,
  { callId, key, account, price, operation, audit }: Admission,
  caps: readonly ChargedCap[],
  {
    micros,
    holdId,
    isUncontended,
    isWritten,
  }: {
    micros: MicroUsd;
    holdId: string | undefined;
    isUncontended: boolean;
    isWritten: boolean;
  },
): Decision {
  const remainingMicros = remainingAfter(caps, micros);
  const [own] = caps;
  const row: AuditRow = {
    ...audit,
    ...(own === undefined ? {} : auditOfCap({ ...own, balance: book.balance(own.balanceName) })),
    // The day on which the hold counts, however long the call took to arrive.
    at: instantText(book.now),
    event: 'call',
    requested_micros: micros,
  };
  if (isWritten) book.beginCall(callId, row);
  return {
    admitted: true,
    call: {
      callId,
      ...(holdId === undefined ? {} : { holdId }),
      ...(operation === undefined ? {} : { operationKeyHash: operation.keyHash }),
      keyId: key.id,
      vendor: key.vendor,
      account,
      price,
      micros,
      isUncontended,
      admittedAt: book.now,
      audit: row,
    },
    remainingMicros,
  };
}

function operationUnderWay(): BrokerRefusal {
  return new BrokerRefusal(
    'overloaded',
    'The first call with this Idempotency-Key was sent more than 23 hours ago, and another call with it has not ended yet. Try again in a moment.',
    {},
    { 'retry-after': '1' },
  );
}

function idempotencyKeyReused(): BrokerRefusal {
  return new BrokerRefusal(
    'idempotency_key_reused',
    'This Idempotency-Key was used for another call: another subject, method, path or body. Use a new key for a new call, and the same call for a retry.',
  );
}
