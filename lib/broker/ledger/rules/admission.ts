import type { AuditRow } from '../../audit/audit-entry';
import { dayBalanceName, dayOf, subjectsOf } from '../../budgets/budget';
import { instantText } from '../../instant';
import { isLive } from '../../keys/key';
import type { KeyRecord } from '../../keys/key';
import type { MicroUsd } from '../../../contract/usd';
import { BrokerRefusal, brakedBy, invalidKey, parentMissing } from '../../refusal';
import type { Price } from '../../pricing/price';
import type { Book, ObjectName } from '../book';
import type { Admission, Decision, Hold } from '../records';
import { UnknownObject, addsToObject, holdFor, settledOf } from './amount-to-hold';
import { lineOf } from './ancestry';
import { auditOfCap } from './audit-rows';
import { brakeOn } from './brakes';
import { capRefusal, capsOver, keyCap, remainingAfter } from './caps';
import type { ChargedCap } from './caps';
import { knownObject, objectOfCall, recordFound, rootOf } from './objects';
import { classifyAttempt, isForgotten, isInWindow } from './operation';
import type { Attempt, Operation } from './operation';

/** What came of an admission, and the audit row of a refusal, which the ledger may count with others. */
export interface AdmissionResult {
  decision: Decision;
  refusalRow?: AuditRow;
}

/**
 * Decides about a call, in this order: brakes, the key, the keys above it, its operation, its price,
 * its caps. A call that is admitted has a hold, unless it costs nothing.
 */
export function admit(book: Book, admission: Admission): AdmissionResult {
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
  if (known?.attempt === 'retry') {
    return { decision: admitRetry(book, admission, known.operation, caps) };
  }
  const kept = carriedOver(book, admission, known);
  const priced = amountToHold(book, admission, kept);
  if (priced instanceof BrokerRefusal) {
    const asksVendor = priced instanceof UnknownObject && admission.canLookUp === true;
    if (!asksVendor || admission.found !== undefined) return refuse(priced);
    return { decision: { admitted: false, refusal: priced, asksVendor } };
  }
  const { micros, addedAmount } = priced;
  const refusal = capRefusal(caps, micros, hidesAmount(admission));
  if (refusal !== undefined) return refuse(refusal, micros);
  const isReplay = known !== undefined && mayBeReplay(known);
  return {
    decision: admitNew(book, admission, { key, caps, micros, addedAmount, kept, isReplay }),
  };
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

function amountToHold(
  book: Book,
  admission: Admission,
  { earlierHoldIds, addedAmount }: Partial<Operation>,
): { micros: MicroUsd; addedAmount: number | undefined } | BrokerRefusal {
  const { found } = admission;
  const name = objectName(admission);
  const object = name === undefined ? undefined : objectOfCall(book, name, found);
  const price = saidWhole(admission.price, addedAmount ?? callAmountOf(book, admission));
  try {
    const micros = holdFor(price, object);
    return {
      // What was settled of an object that was there before is in its exposure.
      micros: addsToObject(price) ? micros : Math.max(0, micros - settledOf(book, earlierHoldIds)),
      addedAmount: 'addedField' in price && price !== admission.price ? price.amount : undefined,
    };
  } catch (error) {
    if (error instanceof BrokerRefusal) return error;
    throw error;
  }
}

/** Whether what a call needs says of its object what its key may not read. What it names itself says nothing. */
function hidesAmount({ hidesAmount: hides, price }: Admission): boolean {
  return hides === true && !(price.kind === 'refund' && price.amount !== undefined);
}

/** The object that a call is for. */
function objectName({ key: { vendor }, account, price }: Admission): ObjectName | undefined {
  return 'objectId' in price ? { vendor, account, id: price.objectId } : undefined;
}

/** What the vendor has said that a call moves which names no amount; nothing where the ledger knows its object by now. */
function callAmountOf(book: Book, admission: Admission): number | undefined {
  const name = objectName(admission);
  if (admission.found === undefined || name === undefined) return undefined;
  return knownObject(book, name)?.amount === undefined ? admission.found.callAmount : undefined;
}

/** The price of a call with the amount that it leaves to the vendor, where that is known. */
function saidWhole(price: Price, amount: number | undefined): Price {
  if (amount === undefined || (price.kind !== 'exposure' && price.kind !== 'refund')) return price;
  return price.amount === undefined ? { ...price, amount } : price;
}

interface NewCall {
  key: KeyRecord;
  caps: readonly ChargedCap[];
  micros: MicroUsd;
  /** What it is forwarded with though it does not name it. */
  addedAmount: number | undefined;
  /** What stays of the calls of its operation that came before. */
  kept: Partial<Operation>;
  /** Whether its answer may be older than those of other calls on the object. */
  isReplay: boolean;
}

function admitNew(
  book: Book,
  admission: Admission,
  { key, caps, micros, addedAmount, kept, isReplay }: NewCall,
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
      ...(addedAmount === undefined ? {} : { addedAmount }),
      ...kept,
      inFlight: 1,
    });
  }
  return admitted(book, admission, caps, {
    micros,
    addedAmount,
    holdId: holds ? callId : undefined,
    isUncontended,
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
  known: Operation,
  caps: readonly ChargedCap[],
): Decision {
  const { key, operation } = admission;
  const { costliest, endedAt: _, ...rest } = known;
  book.putOperation(key.vendor, operation?.keyHash ?? '', {
    ...rest,
    inFlight: known.inFlight + 1,
    ...(known.inFlight > 0 && costliest !== undefined ? { costliest } : {}),
  });
  const { holdId, addedAmount } = known;
  return admitted(book, admission, caps, { micros: 0, addedAmount, holdId, isUncontended: false });
}

function admitted(
  book: Book,
  { callId, key, account, price, isRead, operation, audit }: Admission,
  caps: readonly ChargedCap[],
  {
    micros,
    addedAmount,
    holdId,
    isUncontended,
  }: Pick<NewCall, 'micros' | 'addedAmount'> & {
    holdId: string | undefined;
    isUncontended: boolean;
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
  if (isRead !== true) book.beginCall(callId, row);
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
      ...(addedAmount === undefined ? {} : { addedAmount }),
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
