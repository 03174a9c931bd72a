import type { CapScope } from '../../../contract/scopes';
import { toUsd, usdText } from '../../../contract/usd';
import type { MicroUsd } from '../../../contract/usd';
import {
  DECISION_MS,
  MAX_PENDING,
  PENDING_MS,
  identityOf,
  pendingName,
  stateOf,
} from '../../approvals/approval';
import type { Approval, PendingApproval } from '../../approvals/approval';
import { instantText } from '../../instant';
import type { Subject } from '../../keys/subject';
import type { Cause } from '../../operators/actor';
import type { Outcome, Price } from '../../pricing/price';
import { BrokerRefusal, invalidFields, notFound } from '../../refusal';
import type { Book } from '../book';
import type { AdmittedCall, Admission } from '../records';
import { auditOfCause } from './audit-rows';
import { costAfter } from './limits';
import type { LimitsOverCall } from './limits';
import { hidesAmount, objectName } from './need';
import type { Need, PricedCall } from './need';

/** A call that its caps let pass. */
export interface AffordableCall {
  admission: Admission;
  limits: readonly LimitsOverCall[];
  priced: PricedCall;
  need: Need;
}

/** What passes unasked, and over whom that is set. */
interface ApproveAbove {
  scope: CapScope;
  micros: MicroUsd;
}

/**
 * Whether a person has to consent to a call, and has. Where none was asked yet, one is from now on.
 *
 * @returns The refusal where the call does not pass; the id of the approval that it uses up, where it
 * passes by one; `undefined` where it needs none.
 */
export function passByApproval(
  book: Book,
  { admission, limits, priced, need }: AffordableCall,
): BrokerRefusal | string | undefined {
  const { key, audit, callId, toApprove } = admission;
  const above = lowestOver(limits);
  if (admission.isRead === true || above === undefined) return undefined;
  const { price, object } = priced;
  const { undoneMicros, countedMicros = 0 } = need;
  const micros = costAfter(price, object, need.micros + undoneMicros + countedMicros);
  if (micros <= above.micros) return undefined;
  if (toApprove === undefined)
    throw new Error('a call that needs an approval does not say what it is');
  const call = toApprove(need.addedAmount);
  const identity = identityOf(call.digest, micros);
  const found = approvalOf(book, identity);
  const hides = hidesAmount(admission);
  switch (found === undefined ? undefined : stateOf(found, book.now)) {
    case 'pending':
      return approvalRequired(found as Approval, hides);
    case 'approved':
      use(book, found as Approval, callId);
      return (found as Approval).id;
    case 'denied':
      if ((found as Approval).expiresAt > book.now) return approvalDenied(found as Approval);
      break;
    case 'expired':
      noteExpired(book, found as Approval);
  }
  const pending = pendingOf(book, key.subject);
  if (pending.length >= MAX_PENDING) return approvalsFull();
  const approval: Approval = {
    ...call,
    id: idFor(callId),
    state: 'pending',
    callId,
    keyId: key.id,
    label: key.label,
    vendor: key.vendor,
    subject: key.subject,
    objectId: objectName(admission)?.id ?? null,
    amount: need.addedAmount ?? audit.amount ?? amountIn(price) ?? null,
    currency: audit.currency ?? object?.currency ?? null,
    micros,
    aboveMicros: above.micros,
    scope: above.scope,
    createdAt: book.now,
    expiresAt: book.now + PENDING_MS,
  };
  put(book, approval);
  book.putNote('approval_of', identity, approval.id);
  book.putNote('approvals_pending', pendingName(key.subject), [
    ...pending,
    { id: approval.id, expiresAt: approval.expiresAt },
  ]);
  logApproval(book, approval, 'asked', `more than ${usdText(above.micros)} of the ${above.scope}`);
  return approvalRequired(approval, hides);
}

/** A person's answer. */
export interface ApprovalDecision {
  id: string;
  isApproved: boolean;
  /** Who answers, and why. */
  cause: Cause;
}

/**
 * Writes a person's answer. What was approved may still be denied until a call has used it.
 *
 * @throws BrokerRefusal 404, and 422 where it was answered or has expired.
 */
export function decide(book: Book, { id, isApproved, cause }: ApprovalDecision): Approval {
  const approval = book.note('approval', id);
  if (approval === undefined) throw notFound('There is no approval of that id.');
  const state = stateOf(approval, book.now);
  if (state !== 'pending' && (state !== 'approved' || isApproved)) {
    const what = state === 'expired' ? 'has expired' : `is ${state} already`;
    const next = state === 'expired' ? '. Have the call asked for again' : '';
    throw invalidFields([{ field: 'id', message: `names an approval that ${what}${next}` }]);
  }
  const decided: Approval = {
    ...approval,
    state: isApproved ? 'approved' : 'denied',
    decidedAt: book.now,
    decidedBy: cause.by.name,
    ...(cause.reason === undefined ? {} : { reason: cause.reason }),
    expiresAt: book.now + DECISION_MS,
  };
  put(book, decided);
  removePending(book, decided);
  logApproval(book, decided, decided.state, cause, state);
  return decided;
}

/**
 * Gives an approval back whose call has not left for the vendor, until when it could be used anyway. A
 * later one of the same call that waits gives way; one that was answered counts, and not this one.
 */
export function restoreUnsent(book: Book, call: AdmittedCall, { isUnsent }: Outcome): void {
  if (call.approvalId === undefined || isUnsent !== true) return;
  const approval = book.note('approval', call.approvalId);
  if (approval?.state !== 'used' || approval.usedBy !== call.callId) return;
  const identity = identityOf(approval.digest, approval.micros);
  const latest = approvalOf(book, identity);
  if (latest !== undefined && latest.id !== approval.id) {
    if (latest.state !== 'pending') return;
    put(book, { ...latest, state: 'expired' });
    removePending(book, latest);
    logApproval(book, latest, 'expired', `${approval.id} may be used again`);
  }
  const { usedAt: _at, usedBy: _by, ...restored } = approval;
  put(book, { ...restored, state: 'approved' });
  book.putNote('approval_of', identity, approval.id);
  logApproval(book, approval, 'restored', `${call.callId} was not sent`);
}

/** Those of a user that wait for an answer. */
export function pendingOf(book: Book, subject: Subject): readonly PendingApproval[] {
  const listed = book.note('approvals_pending', pendingName(subject)) ?? [];
  return listed.filter(({ expiresAt }) => expiresAt > book.now);
}

/** The lowest sum that is set over a call. */
function lowestOver(limits: readonly LimitsOverCall[]): ApproveAbove | undefined {
  let lowest: ApproveAbove | undefined;
  for (const { scope, limits: each } of limits) {
    const { approveAboveMicros: micros } = each;
    if (micros !== undefined && micros < (lowest?.micros ?? Infinity)) lowest = { scope, micros };
  }
  return lowest;
}

function approvalOf(book: Book, identity: string): Approval | undefined {
  const id = book.note('approval_of', identity);
  return id === undefined ? undefined : book.note('approval', id);
}

function put(book: Book, approval: Approval): void {
  book.putNote('approval', approval.id, approval);
}

function use(book: Book, approval: Approval, callId: string): void {
  const used: Approval = { ...approval, state: 'used', usedAt: book.now, usedBy: callId };
  put(book, used);
  logApproval(book, used, 'used', `by ${callId}`);
}

/** A call that was approved comes too late: told once. */
function noteExpired(book: Book, approval: Approval): void {
  if (approval.state !== 'approved') return;
  put(book, { ...approval, state: 'expired' });
  logApproval(book, approval, 'expired', 'the call came more than 15 minutes after its approval');
}

function removePending(book: Book, { id, subject }: Approval): void {
  const others = pendingOf(book, subject).filter((each) => each.id !== id);
  const name = pendingName(subject);
  if (others.length === 0) book.deleteNote('approvals_pending', name);
  else book.putNote('approvals_pending', name, others);
}

/** Of the call that asks: a rule draws nothing at random. */
function idFor(callId: string): string {
  return `apr_${callId.replace(/^call_/, '')}`;
}

function amountIn(price: Price): number | undefined {
  return 'amount' in price ? price.amount : undefined;
}

/**
 * Its `call_id` is that of the call that asked, whatever the row is about.
 *
 * @param cause Who answered, and why; without a person, why.
 * @param before What it was, where a person has answered.
 */
function logApproval(
  book: Book,
  approval: Approval,
  verdict: string,
  cause: Cause | string,
  before?: string,
): void {
  const { id, callId, keyId, label, vendor, subject, method, path, amount, currency } = approval;
  book.log({
    at: instantText(book.now),
    event: 'approval',
    ...(typeof cause === 'string' ? { reason: cause } : auditOfCause(cause)),
    call_id: callId,
    key_id: keyId,
    label,
    vendor,
    ...subject,
    method,
    path,
    amount,
    currency,
    verdict,
    requested_micros: approval.micros,
    ...(before === undefined ? {} : { old_value: `${id} ${before}` }),
    new_value: `${id} ${approval.state}`,
  });
}

/** @param hides Whether the agent may not read what its object may cost. */
function approvalRequired(
  { id, expiresAt, micros, aboveMicros, scope }: Approval,
  hides: boolean,
): BrokerRefusal {
  const until = instantText(expiresAt);
  return new BrokerRefusal(
    'approval_required',
    `After this call its object may cost more than the ${usdText(aboveMicros)} that the ${scope} lets pass unasked. A person must approve this very call (${id}, until ${until}). Repeat it unchanged once they have, and not before.`,
    { approval_id: id, expires_at: until, ...(hides ? {} : { requested_usd: toUsd(micros) }) },
  );
}

function approvalDenied({ id, expiresAt, reason = '' }: Approval): BrokerRefusal {
  return new BrokerRefusal(
    'approval_denied',
    `A person has denied this very call: ${reason} Do not repeat it.`,
    { approval_id: id, reason, expires_at: instantText(expiresAt) },
  );
}

function approvalsFull(): BrokerRefusal {
  return new BrokerRefusal(
    'approvals_full',
    `This call needs an approval, and ${MAX_PENDING} calls of its user wait for theirs already. A person must answer those first.`,
    { pending: MAX_PENDING },
  );
}
