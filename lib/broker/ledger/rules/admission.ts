import type { AuditRow } from '../../audit/audit-entry';
import { dayBalanceName, dayOf, subjectsOf } from '../../budgets/budget';
import type { MicroUsd } from '../../../contract/usd';
import { instantText } from '../../instant';
import { isLive } from '../../keys/key';
import type { KeyRecord } from '../../keys/key';
import { BrokerRefusal, brakedBy, invalidKey, parentMissing } from '../../refusal';
import type { Book } from '../book';
import type { Admission, ChargedCap, Decision, Hold } from '../records';
import { UnknownObject, addsToObject } from './amount-to-hold';
import { lineOf } from './ancestry';
import { passByApproval } from './approvals';
import { auditOfCap, auditOfShadow } from './audit-rows';
import { brakeOn } from './brakes';
import { capRefusal, capsOver, keyCap, remainingAfter } from './caps';
import {
  countCall,
  limitsOver,
  rateRefusal,
  reachRefusal,
  reachUnknown,
  sumRefusal,
  wantsReach,
} from './limits';
import { hidesAmount, needOf, objectName, pricedCall } from './need';
import type { Need } from './need';
import { recordFound, rootOf } from './objects';
import { classifyAttempt, isForgotten, isInWindow } from './operation';
import type { Attempt, Operation } from './operation';
import { DEFAULT_THRESHOLDS, tellThresholds } from './thresholds';
import type { Thresholds } from './thresholds';

/** What came of an admission, and the audit row of a refusal, which the ledger may count with others. */
export interface AdmissionResult {
  decision: Decision;
  refusalRow?: AuditRow;
}

/**
 * Decides about a call, in this order: brakes, the key, the keys above it, its operation, its price,
 * its limits, its caps, its approval. A call that is admitted has a hold, unless it costs nothing.
 *
 * @param isWritten Whether the store keeps its row until it ends.
 */
export function admit(
  book: Book,
  admission: Admission,
  isWritten = admission.isRead !== true,
  thresholds: Thresholds = { percents: DEFAULT_THRESHOLDS },
): AdmissionResult {
  const { key: given, audit } = admission;
  const key = book.key(given.id);
  const refuse = (refusal: BrokerRefusal, micros = ownMicros(admission)): AdmissionResult => ({
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
  const known = knownOperation(book, admission);
  const stop = stopOf(book, key) ?? attemptRefusal(known);
  if (stop !== undefined) return refuse(stop);
  const caps = capsOver(book, key);
  const limits = limitsOver(book, key);
  const isCounted = admission.isRead !== true && known?.attempt !== 'retry';
  // One that comes too soon has nothing looked up for it.
  const tooSoon = (): BrokerRefusal | undefined =>
    isCounted ? rateRefusal(book, limits) : undefined;
  if (wantsReach(limits, admission)) {
    const refusal = tooSoon();
    if (refusal !== undefined) return refuse(refusal);
    return { decision: { admitted: false, refusal: reachUnknown(), wantsReach: true } };
  }
  const unreachable = reachRefusal(limits, admission);
  if (unreachable !== undefined) return refuse(unreachable);
  if (known?.attempt === 'retry') {
    return { decision: admitRetry(book, admission, { known: known.operation, caps, isWritten }) };
  }
  const kept = carriedOver(book, admission, known);
  const priced = pricedCall(book, admission, kept);
  const need = needOf(book, admission, { key, caps, kept, priced });
  if (need instanceof BrokerRefusal) {
    const asksVendor = need instanceof UnknownObject && admission.canLookUp === true;
    if (!asksVendor || admission.found !== undefined) return refuse(need);
    const refusal = tooSoon();
    if (refusal !== undefined) return refuse(refusal);
    return { decision: { admitted: false, refusal: need, asksVendor } };
  }
  const { micros, undoneMicros, countedMicros = 0 } = need;
  const hides = hidesAmount(admission);
  const moved = micros + undoneMicros + countedMicros;
  const refusal =
    sumRefusal(limits, priced.price, priced.object, moved, hides) ??
    capRefusal(caps, micros, undoneMicros, hides) ??
    tooSoon();
  if (refusal !== undefined) return refuse(refusal, micros + undoneMicros);
  const approval = passByApproval(book, { admission, limits, priced, need });
  if (approval instanceof BrokerRefusal) return refuse(approval, micros + undoneMicros);
  if (admission.isRead !== true) countCall(book, limits);
  const isReplay = known !== undefined && mayBeReplay(known);
  const call = { key, caps, need, kept, isReplay, isWritten, approvalId: approval, thresholds };
  return { decision: admitNew(book, admission, call) };
}

/** What a call asks for by itself: of one on an object that is there already, nothing before the object is known. */
function ownMicros({ price }: Admission): MicroUsd {
  return price.kind === 'amount' || price.kind === 'fee' ? price.micros : 0;
}

/**
 * Why nothing may be looked up for a call, whatever it costs: a brake, its key, its operation, its rate.
 * It changes nothing, and the call is decided once more when its price is known.
 */
export function refusalBeforePrice(
  book: Book,
  { key: given, operation }: CallBeforePrice,
): BrokerRefusal | undefined {
  const key = book.key(given.id);
  if (key === undefined) return invalidKey(true);
  const known = knownOperation(book, { key, operation, price: { kind: 'free' } });
  const stop = stopOf(book, key) ?? attemptRefusal(known);
  if (stop !== undefined || known?.attempt === 'retry') return stop;
  return rateRefusal(book, limitsOver(book, key), { isReadOnly: true });
}

/** A call whose price is not known yet. */
export type CallBeforePrice = Pick<Admission, 'key' | 'operation'>;

/** What stops every call with a key. */
function stopOf(book: Book, key: KeyRecord): BrokerRefusal | undefined {
  const brake = brakeOn(book, key);
  if (brake !== undefined) return brakedBy(brake.scope, brake.reason);
  if (!isLive(key, book.now)) return invalidKey(true);
  const missing = lineOf(book, key).missingId;
  return missing === undefined ? undefined : parentMissing(missing);
}

function attemptRefusal(known: KnownOperation | undefined): BrokerRefusal | undefined {
  if (known?.attempt === 'conflict') return idempotencyKeyReused();
  return known?.attempt === 'too_early' ? operationUnderWay() : undefined;
}

interface KnownOperation {
  operation: Operation;
  hold: Hold | undefined;
  attempt: Attempt;
}

function knownOperation(
  book: Book,
  { key, operation, price }: Pick<Admission, 'key' | 'operation' | 'price'>,
): KnownOperation | undefined {
  if (operation === undefined) return undefined;
  const known = book.operation(key.vendor, operation.keyHash);
  if (known === undefined) return undefined;
  const hold = known.holdId === undefined ? undefined : book.hold(known.holdId);
  // What it costs stands in the vendor's objects, and these may cost more since its first call.
  const costsNow = known.holdId === undefined && price.kind !== 'free';
  const attempt = classifyAttempt(known, operation.fingerprint, hold, book.now);
  return { operation: known, hold, attempt: attempt === 'retry' && costsNow ? 'new' : attempt };
}

interface NewCall {
  key: KeyRecord;
  caps: readonly ChargedCap[];
  need: Need;
  /** What stays of the calls of its operation that came before. */
  kept: Partial<Operation>;
  /** Whether its answer may be older than those of other calls on the object. */
  isReplay: boolean;
  isWritten: boolean;
  approvalId: string | undefined;
  thresholds: Thresholds;
}

function admitNew(
  book: Book,
  admission: Admission,
  { key, caps, need, kept, isReplay, isWritten, approvalId, thresholds }: NewCall,
): Decision {
  const { callId, account, price, operation, found } = admission;
  const { vendor, subject } = key;
  const name = objectName(admission);
  if (found !== undefined && name !== undefined) recordFound(book, name, found);
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
      heldMicros: need.micros,
      settledMicros: 0,
      undoneMicros: need.undoneMicros,
      refundOf: need.refundOf ?? null,
      refundAmount: need.refundAmount ?? 0,
      state: 'held',
      chargedTo,
      idempotencyKeyHash: operation?.keyHash ?? null,
      createdAt: book.now,
      endedAt: null,
      isEndedByOperator: false,
    });
    book.charge(chargedTo, { held: need.micros, undone: need.undoneMicros }, book.now);
    tellThresholds(book, key, caps, { held: need.micros }, thresholds);
  }
  if (operation !== undefined) {
    book.putOperation(vendor, operation.keyHash, {
      fingerprint: operation.fingerprint,
      ...(holds ? { holdId: callId } : {}),
      firstSentAt: book.now,
      ...(need.addedAmount === undefined ? {} : { addedAmount: need.addedAmount }),
      ...kept,
      inFlight: 1,
    });
  }
  return admitted(book, admission, caps, {
    need,
    holdId: holds ? callId : undefined,
    isUncontended,
    isWritten,
    approvalId,
  });
}

/**
 * What stays of an operation that has a new hold. Until the vendor has surely forgotten its key, the
 * first sending is what counts, and the amount that it was sent with; while it knows the key, what
 * operators have settled counts too.
 */
function carriedOver(
  book: Book,
  { operation: attempt }: Admission,
  before: KnownOperation | undefined,
): Partial<Operation> {
  const fingerprint = attempt?.fingerprint;
  if (before === undefined || isForgotten(before.operation, book.now)) return {};
  const { operation, hold } = before;
  const { firstSentAt, earlierHoldIds, addedAmount } = operation;
  const isSame = operation.fingerprint === fingerprint && addedAmount !== undefined;
  const same = isSame ? { addedAmount } : {};
  if (!isInWindow(operation, book.now)) return { ...same, firstSentAt };
  if (operation.holdId === undefined) return { ...same, firstSentAt };
  if (hold?.isEndedByOperator !== true) {
    return earlierHoldIds === undefined ? same : { ...same, firstSentAt, earlierHoldIds };
  }
  const isSettled = hold.state === 'settled';
  return {
    ...same,
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
  const { holdId, addedAmount } = known;
  const need = { micros: 0, undoneMicros: 0, addedAmount };
  return admitted(book, admission, caps, { need, holdId, isUncontended: false, isWritten });
}

interface HeldCall {
  need: Need;
  holdId: string | undefined;
  isUncontended: boolean;
  isWritten: boolean;
  approvalId?: string | undefined;
}

function admitted(
  book: Book,
  { callId, key, account, price, operation, audit }: Admission,
  caps: readonly ChargedCap[],
  { need, holdId, isUncontended, isWritten, approvalId }: HeldCall,
): Decision {
  const { micros, undoneMicros } = need;
  const remainingMicros = remainingAfter(caps, micros);
  const [own] = caps;
  const row: AuditRow = {
    ...audit,
    ...(own === undefined ? {} : auditOfCap({ ...own, balance: book.balance(own.balanceName) })),
    // The day on which the hold counts, however long the call took to arrive.
    at: instantText(book.now),
    event: 'call',
    requested_micros: micros + undoneMicros,
    ...auditOfShadow(caps, micros, undoneMicros),
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
      ...(need.addedAmount === undefined ? {} : { addedAmount: need.addedAmount }),
      ...(approvalId === undefined ? {} : { approvalId }),
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
