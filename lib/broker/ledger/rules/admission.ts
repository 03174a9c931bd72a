import type { AuditRow } from '../../audit/audit-entry';
import { dayBalanceName, dayOf, subjectsOf } from '../../budgets/budget';
import { instantText } from '../../instant';
import { isLive } from '../../keys/key';
import type { KeyRecord } from '../../keys/key';
import { usdText } from '../../../contract/usd';
import type { MicroUsd } from '../../../contract/usd';
import { BrokerRefusal, brakedBy, invalidKey, parentMissing } from '../../refusal';
import type { Book } from '../book';
import type { Admission, Decision, Hold } from '../records';
import { holdFor } from './amount-to-hold';
import { lineOf } from './ancestry';
import { auditOfCap } from './audit-rows';
import { brakeOn } from './brakes';
import { capRefusal, capsOver, keyCap, remainingAfter } from './caps';
import type { ChargedCap } from './caps';
import { knownObject, rootOf } from './objects';
import { classifyAttempt } from './operation';
import type { Operation } from './operation';
import { reopen } from './settlement';

/** What came of an admission, and the audit row of a refusal, which the ledger may count with others. */
export interface AdmissionResult {
  decision: Decision;
  refusalRow?: AuditRow;
}

/**
 * Decides about a call, in this order: brakes, the key, the keys above it, its operation, its price,
 * its caps. A call that is admitted has a hold and the audit row of its intent.
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
  if (known?.attempt === 'retry') {
    const hold = holdToReopen(book, known.operation);
    if (hold !== undefined) {
      const refusal = reopenRefusal(book, hold);
      if (refusal !== undefined) return refuse(refusal, hold.heldMicros - hold.settledMicros);
      reopen(book, hold, admission.callId);
    }
    const caps = capsOver(book, key);
    return { decision: admitRetry(book, admission, known.operation, caps) };
  }
  const caps = capsOver(book, key);
  const micros = amountToHold(book, admission);
  if (micros instanceof BrokerRefusal) return refuse(micros);
  const refusal = capRefusal(caps, micros);
  if (refusal !== undefined) return refuse(refusal, micros);
  return { decision: admitNew(book, admission, key, caps, micros) };
}

function knownOperation(book: Book, { key, operation }: Admission) {
  if (operation === undefined) return undefined;
  const known = book.operation(key.vendor, operation.keyHash);
  if (known === undefined) return undefined;
  const hold = known.holdId === undefined ? undefined : book.hold(known.holdId);
  const attempt = classifyAttempt(known, operation.fingerprint, hold?.state, book.now);
  return { operation: known, attempt };
}

/**
 * The hold of an operation that is as an operator has settled it: a retry may move all of it. What
 * the vendor has said of it since, by an answer or by giving money back, is newer.
 */
function holdToReopen(book: Book, { holdId, operatorMicros }: Operation): Hold | undefined {
  if (operatorMicros === undefined || holdId === undefined) return undefined;
  const hold = book.hold(holdId);
  const isAsSaid = hold?.state === 'settled' && hold.settledMicros === operatorMicros;
  return isAsSaid && operatorMicros <= hold.heldMicros ? hold : undefined;
}

/** Why a hold has no room any more under the caps that it is charged to. */
function reopenRefusal(book: Book, hold: Hold): BrokerRefusal | undefined {
  const key = book.key(hold.keyId);
  if (key === undefined) return invalidKey(true);
  const isOfToday = dayOf(hold.createdAt) === dayOf(book.now);
  // A day that is over refills nothing.
  const caps = capsOver(book, key, hold.createdAt).map(({ resetsAt, ...cap }) =>
    isOfToday && resetsAt !== undefined ? { ...cap, resetsAt } : cap,
  );
  const micros = hold.heldMicros - hold.settledMicros;
  const need = `An operator has settled the first call of this operation at ${usdText(hold.settledMicros)}, so its retry needs another ${usdText(micros)}`;
  return capRefusal(caps, micros, need);
}

function amountToHold(
  book: Book,
  { key: { vendor }, account, price }: Admission,
): MicroUsd | BrokerRefusal {
  const object =
    'objectId' in price ? knownObject(book, { vendor, account, id: price.objectId }) : undefined;
  try {
    return holdFor(price, object);
  } catch (error) {
    if (error instanceof BrokerRefusal) return error;
    throw error;
  }
}

function admitNew(
  book: Book,
  admission: Admission,
  key: KeyRecord,
  caps: readonly ChargedCap[],
  micros: MicroUsd,
): Decision {
  const { callId, account, price, operation } = admission;
  const { vendor, subject } = key;
  const root =
    'objectId' in price && price.kind !== 'refund'
      ? rootOf(book, { vendor, account, id: price.objectId })
      : undefined;
  const isUncontended = root !== undefined && !book.hasOtherCalls(root, callId);
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
    });
    book.charge(chargedTo, 0, micros);
  }
  if (operation !== undefined) {
    book.putOperation(vendor, operation.keyHash, {
      fingerprint: operation.fingerprint,
      ...(holds ? { holdId: callId } : {}),
      firstSentAt: book.now,
      inFlight: 1,
    });
  }
  return admitted(book, admission, caps, {
    micros,
    holdId: holds ? callId : undefined,
    isUncontended,
  });
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
  return admitted(book, admission, caps, { micros: 0, holdId: known.holdId, isUncontended: false });
}

function admitted(
  book: Book,
  { callId, key, account, price, operation, audit }: Admission,
  caps: readonly ChargedCap[],
  {
    micros,
    holdId,
    isUncontended,
  }: { micros: MicroUsd; holdId: string | undefined; isUncontended: boolean },
): Decision {
  const remainingMicros = remainingAfter(caps, micros);
  const [own] = caps;
  book.log(audit, {
    ...(own === undefined ? {} : auditOfCap({ ...own, balance: book.balance(own.balanceName) })),
    remaining_after_micros: remainingMicros,
    // The day on which the hold counts, however long the call took to arrive.
    at: instantText(book.now),
    event: 'intent',
    verdict: 'forwarded',
    requested_micros: micros,
  });
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
      audit,
    },
    remainingMicros,
  };
}

function idempotencyKeyReused(): BrokerRefusal {
  return new BrokerRefusal(
    'idempotency_key_reused',
    'This Idempotency-Key was used for another call: another subject, method, path or body. Use a new key for a new call, and the same call for a retry.',
  );
}
